#include "lake/table_spec.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <set>

#include "base/spelling.h"
#include "lake/columns.h"

namespace penstock::lake {
namespace {

Status CheckColumn(const TableSpec& spec, const std::string& column, std::string_view role) {
  if (ColumnIndex(*spec.schema, column) >= 0) return Status::OK();
  return MakeError(ErrorCode::kConfiguration,
                   fmt::format("table {}: the {} is not one of its columns{}: {}", spec.name, role,
                               DidYouMean(column, spec.schema->field_names()), column));
}

bool IsName(std::string_view name) {
  if (name.empty() || name[0] < 'a' || name[0] > 'z') return false;
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == name.npos;
}

}  // namespace

Status CheckSpec(const TableSpec& spec) {
  if (!IsName(spec.name)) {
    return MakeError(
        ErrorCode::kConfiguration,
        fmt::format("a table's name is lower-case letters, digits and '_', got '{}'", spec.name));
  }
  if (spec.schema == nullptr || spec.schema->num_fields() == 0) {
    return MakeError(ErrorCode::kConfiguration, fmt::format("table {} has no columns", spec.name));
  }
  std::set<std::string> seen{kRuleColumn, kReasonColumn, kRawKeyColumn};
  for (const auto& field : spec.schema->fields()) {
    if (!seen.insert(field->name()).second) {
      return MakeError(
          ErrorCode::kConfiguration,
          fmt::format("table {}: a column's name is taken twice or reserved: {}", spec.name, field->name()));
    }
    if (!IsCellType(*field->type())) {
      return MakeError(ErrorCode::kConfiguration,
                       fmt::format("table {}: column {} cannot be of type {}", spec.name, field->name(),
                                   field->type()->ToString()));
    }
  }
  if (spec.key_columns.empty()) {
    return MakeError(ErrorCode::kConfiguration, fmt::format("table {} has no key columns", spec.name));
  }
  for (const auto& column : spec.key_columns) RETURN_IF_ERROR(CheckColumn(spec, column, "key column"));
  RETURN_IF_ERROR(CheckColumn(spec, spec.partition_column, "partition column"));
  const auto& partition = spec.schema->GetFieldByName(spec.partition_column)->type();
  if (partition->id() != arrow::Type::DATE32) {
    return MakeError(ErrorCode::kConfiguration,
                     fmt::format("table {}: the partition column {} must be a date32, got {}", spec.name,
                                 spec.partition_column, partition->ToString()));
  }
  if (spec.version_column.empty()) return Status::OK();
  RETURN_IF_ERROR(CheckColumn(spec, spec.version_column, "version column"));
  const auto& version = spec.schema->GetFieldByName(spec.version_column)->type();
  if (version->id() != arrow::Type::TIMESTAMP && version->id() != arrow::Type::INT64) {
    return MakeError(ErrorCode::kConfiguration,
                     fmt::format("table {}: the version column {} must be a timestamp or an int64, got {}",
                                 spec.name, spec.version_column, version->ToString()));
  }
  return Status::OK();
}

std::shared_ptr<arrow::Schema> RejectedSchema(const TableSpec& spec) {
  arrow::FieldVector fields;
  for (const auto& field : spec.schema->fields()) fields.push_back(field->WithNullable(true));
  for (const char* name : {kRuleColumn, kReasonColumn, kRawKeyColumn}) {
    fields.push_back(arrow::field(name, arrow::utf8()));
  }
  return arrow::schema(std::move(fields));
}

int ColumnIndex(const arrow::Schema& schema, const std::string& name) { return schema.GetFieldIndex(name); }

std::vector<int> KeyIndexes(const TableSpec& spec) {
  std::vector<int> indexes;
  for (const auto& column : spec.key_columns) indexes.push_back(ColumnIndex(*spec.schema, column));
  return indexes;
}

Result<Date> PartitionOfKey(std::string_view key) {
  const auto at = key.find("/dt=");
  if (at != key.npos && key.size() > at + 14 && key[at + 14] == '/') return ParseDate(key.substr(at + 4, 10));
  return MakeError(ErrorCode::kInvalidData, fmt::format("expected a key with /dt=YYYY-MM-DD/, got {}", key));
}

}  // namespace penstock::lake
