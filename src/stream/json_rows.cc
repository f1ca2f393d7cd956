#include "stream/json_rows.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "lake/hive_type.h"
#include "stream/jq_path.h"
#include "stream/json_cell.h"
#include "stream/json_fields.h"
#include "stream/text_values.h"

namespace penstock::stream {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;
using simdjson::dom::object;

RecordFailure Conversion(std::string_view code, std::string message) {
  return {kConversionFailed, fmt::format("DataFormatConversion.{}", code), std::move(message)};
}
RecordFailure Extraction(std::string message) {
  return {kProcessingFailed, "DynamicPartitioning.MetadataExtractionFailed", std::move(message)};
}

std::string Malformed(simdjson::error_code error) {
  return fmt::format("Encountered malformed JSON. {}", simdjson::error_message(error));
}

std::optional<element> Follow(element at, const JqPath& path) {
  for (const auto& step : path.steps) {
    if (const auto* name = std::get_if<std::string>(&step)) {
      if (at.at_key(*name).get(at) != simdjson::SUCCESS) return std::nullopt;
      continue;
    }
    simdjson::dom::array list;
    if (at.get_array().get(list) != simdjson::SUCCESS) return std::nullopt;
    int64_t index = std::get<int64_t>(step);
    if (index < 0) index += static_cast<int64_t>(list.size());
    if (index < 0 || list.at(static_cast<size_t>(index)).get(at) != simdjson::SUCCESS) return std::nullopt;
  }
  return at;
}

Result<lake::HiveType> TypeOf(const lake::CatalogColumn& column) {
  auto type = lake::ParseHiveType(column.type);
  if (type.ok()) return type;
  return MakeError(ErrorCode::kInvalidData,
                   fmt::format("the column {} has a type that records are not converted to: {}", column.name,
                               type.status().message()));
}

bool HasDecimal(const lake::HiveType& type) {
  return type.kind == lake::HiveType::Kind::kDecimal ||
         std::any_of(type.parts.begin(), type.parts.end(), HasDecimal);
}

class SimdjsonRows : public JsonRows {
 public:
  Status Open(const std::vector<lake::CatalogColumn>& columns, const std::vector<PartitionKey>& keys,
              const JsonInput& input) {
    ASSIGN_OR_RETURN(rules_, RulesOf(input));
    std::vector<std::string> names;
    for (const auto& column : columns) {
      ASSIGN_OR_RETURN(const auto type, TypeOf(column));
      names.push_back(column.name);
      columns_.push_back({column.name, JsonCell(type, rules_), column.nullable});
      quotes_ = quotes_ || HasDecimal(type);
    }
    fields_.emplace(names, rules_);
    for (const auto& key : keys) {
      ASSIGN_OR_RETURN(auto path, ParseJqPath(key.path));
      keys_.emplace_back(key.name, std::move(path));
    }
    return Status::OK();
  }

  void Read(std::string_view record) override {
    if (quotes_) {
      quoted_.clear();
      QuoteLongNumbers(record, &quoted_);
      record = quoted_;
    }
    size_ = record.size();
    if (buffer_.size() < size_ + simdjson::SIMDJSON_PADDING)
      buffer_.resize(size_ * 2 + simdjson::SIMDJSON_PADDING);
    std::memcpy(buffer_.data(), record.data(), size_);
    std::memset(buffer_.data() + size_, ' ', simdjson::SIMDJSON_PADDING);
    error_ = parser_.parse(buffer_.data(), size_, false).get(root_);
  }

  std::optional<RecordFailure> Keys(PartitionValues* values) override {
    values->clear();
    if (error_ != simdjson::SUCCESS) return Extraction(Malformed(error_));
    if (root_.type() != element_type::OBJECT) return Extraction("The record is not a JSON object.");
    for (const auto& [name, path] : keys_) {
      const auto value = Follow(root_, path);
      if (!value || value->is_null()) return Extraction("partitionKeys values must not be null or empty");
      if (value->type() == element_type::ARRAY || value->type() == element_type::OBJECT) {
        return Extraction(fmt::format("the partition key {} is a list or an object", name));
      }
      auto text = ApplyJqCalls(path, TextOf(*value), value->is_number());
      if (!text.ok()) return Extraction(text.status().message());
      if (text->empty()) return Extraction("partitionKeys values must not be null or empty");
      values->emplace_back(name, std::move(*text));
    }
    return std::nullopt;
  }

  std::optional<RecordFailure> Rows(lake::RowColumns* rows) override {
    if (error_ == simdjson::SUCCESS) return Row(root_, rows);
    const std::string_view text(buffer_.data(), size_);
    if (text.find_first_not_of(" \t\r\n") == text.npos) {
      return Conversion("MalformedData", "The record was empty or contained only whitespace.");
    }
    return ManyRows(rows);
  }

 private:
  struct Column {
    std::string name;
    JsonCell cell;
    bool nullable;
  };

  // One that failed is taken back whole by the caller.
  std::optional<RecordFailure> Row(const element& value, lake::RowColumns* rows) {
    object fields;
    if (value.get_object().get(fields) != simdjson::SUCCESS) {
      return Conversion("MalformedData",
                        value.type() == element_type::ARRAY
                            ? "Data does not match the schema. A list of documents is no row."
                            : "The input JSON contained a primitive at the top level. The top level "
                              "must be an object or array.");
    }
    const int64_t before = rows->rows();
    const auto values = fields_->Find(fields);
    for (size_t i = 0; i < columns_.size(); ++i) {
      Column& column = columns_[i];
      lake::RowColumn& to = rows->at(static_cast<int>(i));
      std::string why;
      if (values[i].there && !values[i].value.is_null()) {
        why = column.cell.Add(values[i].value, &to);
      } else if (column.nullable) {
        to.AddNull();
      } else {
        why = fmt::format("Data does not match the schema. The column {} must have a value.", column.name);
      }
      if (!why.empty()) {
        rows->CutTo(before);
        return Conversion("MalformedData", std::move(why));
      }
    }
    return std::nullopt;
  }

  // {"a":1}{"a":2}, or nothing that is JSON.
  std::optional<RecordFailure> ManyRows(lake::RowColumns* rows) {
    const int64_t before = rows->rows();
    const auto fail = [&](RecordFailure failure) {
      rows->CutTo(before);
      return failure;
    };
    simdjson::dom::document_stream documents;
    auto error = many_.parse_many(buffer_.data(), size_, std::max<size_t>(size_, 64)).get(documents);
    if (error != simdjson::SUCCESS) return fail(Conversion("ParseError", Malformed(error)));
    size_t count = 0;
    for (auto each = documents.begin(); each != documents.end(); ++each, ++count) {
      element value;
      if (error = (*each).get(value); error != simdjson::SUCCESS) {
        return fail(Conversion("ParseError", Malformed(error_)));
      }
      if (auto failure = Row(value, rows)) return fail(std::move(*failure));
    }
    if (count < 2 || documents.truncated_bytes() > 0)
      return fail(Conversion("ParseError", Malformed(error_)));
    return std::nullopt;
  }

  JsonRules rules_;  // before what refers to it
  std::vector<Column> columns_;
  std::optional<JsonFields> fields_;
  std::vector<std::pair<std::string, JqPath>> keys_;
  bool quotes_ = false;  // decimals are read from texts
  std::string buffer_, quoted_;
  size_t size_ = 0;
  simdjson::dom::parser parser_, many_;
  element root_;
  simdjson::error_code error_ = simdjson::EMPTY;
};

}  // namespace

Result<std::shared_ptr<arrow::Schema>> SchemaOf(const std::vector<lake::CatalogColumn>& columns) {
  arrow::FieldVector fields;
  for (const auto& column : columns) {
    ASSIGN_OR_RETURN(const auto type, TypeOf(column));
    fields.push_back(arrow::field(column.name, lake::ArrowTypeOf(type), column.nullable));
  }
  return arrow::schema(std::move(fields));
}

Result<std::unique_ptr<JsonRows>> JsonRows::Make(const std::vector<lake::CatalogColumn>& columns,
                                                 const std::vector<PartitionKey>& keys,
                                                 const JsonInput& input) {
  auto rows = std::make_unique<SimdjsonRows>();
  RETURN_IF_ERROR(rows->Open(columns, keys, input));
  return rows;
}

}  // namespace penstock::stream
