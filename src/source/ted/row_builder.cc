#include "source/ted/row_builder.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include "source/ted/notice_value.h"

namespace penstock::source::ted {

bool ReadCell(FieldType type, std::string_view text, Cell& cell) {
  switch (type) {
    case FieldType::kString: cell.text.assign(text); break;
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
      auto value = ParseNoticeTime(text);
      if (!value) return false;
      cell.text = std::move(*value);
      break;
    }
  }
  cell.null = false;
  return true;
}

TableBuilder::TableBuilder(std::shared_ptr<arrow::Schema> schema) : schema_(std::move(schema)) {
  for (const auto& field : schema_->fields()) {
    switch (field->type()->id()) {
      case arrow::Type::INT64: builders_.push_back(std::make_unique<arrow::Int64Builder>()); break;
      case arrow::Type::DOUBLE: builders_.push_back(std::make_unique<arrow::DoubleBuilder>()); break;
      case arrow::Type::BOOL: builders_.push_back(std::make_unique<arrow::BooleanBuilder>()); break;
      case arrow::Type::DATE32: builders_.push_back(std::make_unique<arrow::Date32Builder>()); break;
      default: builders_.push_back(std::make_unique<arrow::StringBuilder>()); break;
    }
  }
}

TableBuilder::~TableBuilder() = default;

Status TableBuilder::Append(const std::vector<const Cell*>& row) {
  for (size_t i = 0; i < row.size(); ++i) {
    const Cell& cell = *row[i];
    arrow::ArrayBuilder& builder = *builders_[i];
    bytes_ += 8;
    if (cell.null) {
      RETURN_IF_ERROR(builder.AppendNull());
      continue;
    }
    switch (builder.type()->id()) {
      case arrow::Type::INT64:
        RETURN_IF_ERROR(static_cast<arrow::Int64Builder&>(builder).Append(cell.whole));
        break;
      case arrow::Type::DOUBLE:
        RETURN_IF_ERROR(static_cast<arrow::DoubleBuilder&>(builder).Append(cell.number));
        break;
      case arrow::Type::BOOL:
        RETURN_IF_ERROR(static_cast<arrow::BooleanBuilder&>(builder).Append(cell.whole != 0));
        break;
      case arrow::Type::DATE32:
        RETURN_IF_ERROR(static_cast<arrow::Date32Builder&>(builder).Append(static_cast<int32_t>(cell.whole)));
        break;
      default:
        RETURN_IF_ERROR(static_cast<arrow::StringBuilder&>(builder).Append(cell.text));
        bytes_ += static_cast<int64_t>(cell.text.size());
        break;
    }
  }
  ++rows_;
  return Status::OK();
}

Result<std::shared_ptr<arrow::Table>> TableBuilder::Finish() {
  arrow::ArrayVector columns;
  for (auto& builder : builders_) {
    ASSIGN_OR_RETURN(auto column, builder->Finish());
    columns.push_back(std::move(column));
  }
  auto table = arrow::Table::Make(schema_, std::move(columns), rows_);
  rows_ = bytes_ = 0;
  return table;
}

}  // namespace penstock::source::ted
