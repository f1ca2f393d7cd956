#include "lake/row_columns.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <cstring>

namespace penstock::lake {
namespace {

std::shared_ptr<arrow::Buffer> Bits(const uint8_t* flags, size_t count) {
  std::string bits((count + 7) / 8, '\0');
  for (size_t i = 0; i < count; ++i) {
    if (flags[i] != 0) bits[i >> 3] = static_cast<char>(bits[i >> 3] | 1 << (i & 7));
  }
  return arrow::Buffer::FromString(std::move(bits));
}

std::shared_ptr<arrow::Buffer> Offsets(const std::vector<int32_t>& ends) {
  std::string offsets((ends.size() + 1) * sizeof(int32_t), '\0');
  if (!ends.empty())
    std::memcpy(offsets.data() + sizeof(int32_t), ends.data(), ends.size() * sizeof(int32_t));
  return arrow::Buffer::FromString(std::move(offsets));
}

}  // namespace

RowColumn::RowColumn(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY: kind_ = Kind::kBytes; return;
    case arrow::Type::BOOL: kind_ = Kind::kBool; return;
    case arrow::Type::LIST:
      kind_ = Kind::kList;
      parts_.emplace_back(*type.field(0)->type());
      return;
    case arrow::Type::MAP: {
      kind_ = Kind::kMap;
      const auto& map = static_cast<const arrow::MapType&>(type);
      parts_.emplace_back(*map.key_type());
      parts_.emplace_back(*map.item_type());
      return;
    }
    case arrow::Type::STRUCT:
      kind_ = Kind::kStruct;
      for (const auto& field : type.fields()) parts_.emplace_back(*field->type());
      return;
    default: width_ = static_cast<const arrow::FixedWidthType&>(type).bit_width() / 8;
  }
}

void RowColumn::AddNull() {
  valid_.push_back(0);
  switch (kind_) {
    case Kind::kFixed: data_.append(static_cast<size_t>(width_), '\0'); break;
    case Kind::kBool: data_ += '\0'; break;
    case Kind::kBytes: ends_.push_back(static_cast<int32_t>(data_.size())); break;
    case Kind::kList:
    case Kind::kMap: ends_.push_back(static_cast<int32_t>(parts_[0].rows())); break;
    case Kind::kStruct:
      for (auto& part : parts_) part.AddNull();
      break;
  }
}

void RowColumn::EndCell() {
  valid_.push_back(1);
  if (kind_ != Kind::kStruct) ends_.push_back(static_cast<int32_t>(parts_[0].rows()));
}

void RowColumn::CutTo(int64_t rows) {
  const auto count = static_cast<size_t>(rows);
  if (valid_.size() > count) {
    valid_.resize(count);
    if (kind_ == Kind::kFixed) data_.resize(count * static_cast<size_t>(width_));
    if (kind_ == Kind::kBool) data_.resize(count);
    if (!ends_.empty()) ends_.resize(count);
    if (kind_ == Kind::kBytes) data_.resize(count == 0 ? 0 : static_cast<size_t>(ends_.back()));
  }
  if (parts_.empty()) return;
  const int64_t kept = kind_ == Kind::kStruct ? rows : ends_.empty() ? 0 : ends_.back();
  for (auto& part : parts_) part.CutTo(kept);
}

std::shared_ptr<arrow::ArrayData> RowColumn::Finish(const std::shared_ptr<arrow::DataType>& type) {
  const size_t count = valid_.size();
  const int64_t null_count = nulls();
  arrow::BufferVector buffers{null_count > 0 ? Bits(valid_.data(), count) : nullptr};
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  switch (kind_) {
    case Kind::kFixed: buffers.push_back(arrow::Buffer::FromString(std::move(data_))); break;
    case Kind::kBool: buffers.push_back(Bits(reinterpret_cast<const uint8_t*>(data_.data()), count)); break;
    case Kind::kBytes:
      buffers.push_back(Offsets(ends_));
      buffers.push_back(arrow::Buffer::FromString(std::move(data_)));
      break;
    case Kind::kList:
      buffers.push_back(Offsets(ends_));
      children.push_back(parts_[0].Finish(type->field(0)->type()));
      break;
    case Kind::kMap: {
      buffers.push_back(Offsets(ends_));
      const auto& pair = type->field(0)->type();
      const int64_t pairs = parts_[0].rows();
      std::vector<std::shared_ptr<arrow::ArrayData>> members;
      for (int i = 0; i < 2; ++i)
        members.push_back(parts_[static_cast<size_t>(i)].Finish(pair->field(i)->type()));
      children.push_back(
          arrow::ArrayData::Make(pair, pairs, arrow::BufferVector{nullptr}, std::move(members), 0));
      break;
    }
    case Kind::kStruct:
      for (size_t i = 0; i < parts_.size(); ++i) {
        children.push_back(parts_[i].Finish(type->field(static_cast<int>(i))->type()));
      }
      break;
  }
  return arrow::ArrayData::Make(type, static_cast<int64_t>(count), std::move(buffers), std::move(children),
                                null_count);
}

RowColumns::RowColumns(std::shared_ptr<arrow::Schema> schema) : schema_(std::move(schema)) {
  for (const auto& field : schema_->fields()) columns_.emplace_back(*field->type());
}

Result<std::shared_ptr<arrow::RecordBatch>> RowColumns::Finish() {
  const int64_t count = rows();
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < columns_.size(); ++i) {
    auto& column = columns_[i];
    const auto& field = *schema_->field(static_cast<int>(i));
    if (column.rows() != count) {
      return MakeError(ErrorCode::kInternal, fmt::format("column {} has {} cells, the first one {}",
                                                         field.name(), column.rows(), count));
    }
    if (!field.nullable() && column.nulls() > 0) {
      return MakeError(ErrorCode::kInvalidData,
                       fmt::format("a row without a value for the column {}", field.name()));
    }
    arrays.push_back(arrow::MakeArray(column.Finish(field.type())));
  }
  return arrow::RecordBatch::Make(schema_, count, std::move(arrays));
}

}  // namespace penstock::lake
