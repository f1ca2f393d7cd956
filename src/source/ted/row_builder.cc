#include "source/ted/row_builder.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include <algorithm>
#include <cstring>

#include "source/ted/notice_value.h"

namespace penstock::source::ted {

std::string_view TextArena::Keep(std::string_view text) {
  if (blocks_.empty() || blocks_.back().size() - used_ < text.size()) {
    blocks_.emplace_back(std::max(kBlock, text.size()), '\0');
    used_ = 0;
  }
  char* const at = blocks_.back().data() + used_;
  std::memcpy(at, text.data(), text.size());
  used_ += text.size();
  return {at, text.size()};
}

void TextArena::Clear() {
  used_ = 0;
  if (blocks_.size() > 1) blocks_.resize(1);
}

bool ReadCell(FieldType type, std::string_view text, Cell& cell, TextArena& arena) {
  switch (type) {
    case FieldType::kString: cell.text = text; break;
    case FieldType::kInt64: {
      const auto value = ParseNoticeInteger(text);
      if (!value) return false;
      cell.whole = *value;
      break;
    }
    case FieldType::kDouble: {
      const auto value = ParseNoticeNumber(text);
      if (!value) return false;
      cell.number = *value;
      break;
    }
    case FieldType::kBool: {
      const auto value = ParseNoticeBool(text);
      if (!value) return false;
      cell.whole = *value ? 1 : 0;
      break;
    }
    case FieldType::kDate: {
      const auto value = ParseNoticeDate(text);
      if (!value) return false;
      cell.whole = DaysSinceEpoch(*value);
      break;
    }
    case FieldType::kTime: {
      const auto value = ParseNoticeTime(text);
      if (!value) return false;
      cell.text = arena.Keep(*value);
      break;
    }
  }
  cell.null = false;
  return true;
}

struct TableBuilder::Column {
  arrow::Type::type type;
  std::unique_ptr<arrow::ArrayBuilder> builder;
};

TableBuilder::TableBuilder(std::shared_ptr<arrow::Schema> schema) : schema_(std::move(schema)) {
  for (const auto& field : schema_->fields()) {
    Column& column = columns_.emplace_back();
    column.type = field->type()->id();
    switch (column.type) {
      case arrow::Type::INT64: column.builder = std::make_unique<arrow::Int64Builder>(); break;
      case arrow::Type::DOUBLE: column.builder = std::make_unique<arrow::DoubleBuilder>(); break;
      case arrow::Type::BOOL: column.builder = std::make_unique<arrow::BooleanBuilder>(); break;
      case arrow::Type::DATE32: column.builder = std::make_unique<arrow::Date32Builder>(); break;
      default: column.builder = std::make_unique<arrow::StringBuilder>(); break;
    }
  }
}

TableBuilder::~TableBuilder() = default;

Status TableBuilder::Append(const std::vector<const Cell*>& row) {
  for (size_t i = 0; i < row.size(); ++i) {
    const Cell& cell = *row[i];
    arrow::ArrayBuilder* const builder = columns_[i].builder.get();
    bytes_ += 8;
    if (cell.null) {
      RETURN_IF_ERROR(builder->AppendNull());
      continue;
    }
    switch (columns_[i].type) {
      case arrow::Type::INT64:
        RETURN_IF_ERROR(static_cast<arrow::Int64Builder*>(builder)->Append(cell.whole));
        break;
      case arrow::Type::DOUBLE:
        RETURN_IF_ERROR(static_cast<arrow::DoubleBuilder*>(builder)->Append(cell.number));
        break;
      case arrow::Type::BOOL:
        RETURN_IF_ERROR(static_cast<arrow::BooleanBuilder*>(builder)->Append(cell.whole != 0));
        break;
      case arrow::Type::DATE32:
        RETURN_IF_ERROR(
            static_cast<arrow::Date32Builder*>(builder)->Append(static_cast<int32_t>(cell.whole)));
        break;
      default:
        RETURN_IF_ERROR(static_cast<arrow::StringBuilder*>(builder)->Append(cell.text));
        bytes_ += static_cast<int64_t>(cell.text.size());
        break;
    }
  }
  ++rows_;
  return Status::OK();
}

Result<std::shared_ptr<arrow::Table>> TableBuilder::Finish() {
  arrow::ArrayVector arrays;
  for (Column& column : columns_) {
    ASSIGN_OR_RETURN(auto array, column.builder->Finish());
    arrays.push_back(std::move(array));
  }
  auto table = arrow::Table::Make(schema_, std::move(arrays), rows_);
  rows_ = bytes_ = 0;
  return table;
}

}  // namespace penstock::source::ted
