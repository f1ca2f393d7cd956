#include "lake/row_columns.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
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

}  // namespace

RowColumns::RowColumns(std::shared_ptr<arrow::Schema> schema)
    : schema_(std::move(schema)), columns_(static_cast<size_t>(schema_->num_fields())) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    const auto& type = *schema_->field(static_cast<int>(i))->type();
    const auto id = type.id();
    if (id == arrow::Type::STRING || id == arrow::Type::BINARY) continue;
    columns_[i].width =
        id == arrow::Type::BOOL ? -1 : static_cast<const arrow::FixedWidthType&>(type).bit_width() / 8;
  }
}

void RowColumns::AddNull(int column) {
  auto& to = columns_[static_cast<size_t>(column)];
  to.valid.push_back(0);
  if (to.width == 0) {
    to.ends.push_back(static_cast<int32_t>(to.data.size()));
  } else {
    to.data.append(static_cast<size_t>(std::max(to.width, 1)), '\0');
  }
}

void RowColumns::AddBool(int column, bool value) {
  auto& to = columns_[static_cast<size_t>(column)];
  to.valid.push_back(1);
  to.data += static_cast<char>(value);
}

void RowColumns::AddInteger(int column, int64_t value) { AddFixed(column, &value); }  // little-endian

void RowColumns::AddFixed(int column, const void* value) {
  auto& to = columns_[static_cast<size_t>(column)];
  to.valid.push_back(1);
  to.data.append(static_cast<const char*>(value), static_cast<size_t>(to.width));
}

void RowColumns::AddBytes(int column, std::string_view value) {
  auto& to = columns_[static_cast<size_t>(column)];
  to.valid.push_back(1);
  to.data += value;
  to.ends.push_back(static_cast<int32_t>(to.data.size()));
}

void RowColumns::CutTo(int64_t rows) {
  const auto count = static_cast<size_t>(rows);
  for (auto& column : columns_) {
    if (column.valid.size() <= count) continue;
    column.valid.resize(count);
    if (column.width != 0) {
      column.data.resize(count * static_cast<size_t>(std::max(column.width, 1)));
      continue;
    }
    column.ends.resize(count);
    column.data.resize(count == 0 ? 0 : static_cast<size_t>(column.ends.back()));
  }
}

Result<std::shared_ptr<arrow::RecordBatch>> RowColumns::Finish() {
  const size_t count = columns_.empty() ? 0 : columns_[0].valid.size();
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < columns_.size(); ++i) {
    auto& column = columns_[i];
    const auto& field = *schema_->field(static_cast<int>(i));
    if (column.valid.size() != count) {
      return MakeError(ErrorCode::kInternal, fmt::format("column {} has {} cells, the first one {}",
                                                         field.name(), column.valid.size(), count));
    }
    const auto nulls = std::count(column.valid.begin(), column.valid.end(), 0);
    if (nulls > 0 && !field.nullable()) {
      return MakeError(ErrorCode::kInvalidData,
                       fmt::format("a row without a value for the column {}", field.name()));
    }
    arrow::BufferVector buffers{nulls > 0 ? Bits(column.valid.data(), count) : nullptr};
    if (column.width == 0) {
      std::string offsets((count + 1) * sizeof(int32_t), '\0');
      if (count > 0) {
        std::memcpy(offsets.data() + sizeof(int32_t), column.ends.data(), count * sizeof(int32_t));
      }
      buffers.push_back(arrow::Buffer::FromString(std::move(offsets)));
      buffers.push_back(arrow::Buffer::FromString(std::move(column.data)));
    } else if (column.width < 0) {
      buffers.push_back(Bits(reinterpret_cast<const uint8_t*>(column.data.data()), count));
    } else {
      buffers.push_back(arrow::Buffer::FromString(std::move(column.data)));
    }
    arrays.push_back(arrow::MakeArray(
        arrow::ArrayData::Make(field.type(), static_cast<int64_t>(count), std::move(buffers), nulls)));
  }
  return arrow::RecordBatch::Make(schema_, static_cast<int64_t>(count), std::move(arrays));
}

}  // namespace penstock::lake
