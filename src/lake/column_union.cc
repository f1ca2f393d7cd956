#include "lake/column_union.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/ascii.h"
#include "base/json_text.h"

namespace penstock::lake {
namespace {

// 1 to 4 for whole numbers by their width, 0 for other types.
int WholeWidth(std::string_view type) {
  constexpr std::string_view kWhole[] = {"tinyint", "smallint", "int", "bigint"};
  const auto* found = std::find(std::begin(kWhole), std::end(kWhole), type);
  return found == std::end(kWhole) ? 0 : static_cast<int>(found - std::begin(kWhole)) + 1;
}

bool IsNumber(std::string_view type) { return WholeWidth(type) > 0 || type == "float" || type == "double"; }

bool IsTime(std::string_view type) { return type == "date" || type == "timestamp"; }

}  // namespace

std::string_view HiveTypeOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA: return "void";
    case arrow::Type::BOOL: return "boolean";
    case arrow::Type::INT8: return "tinyint";
    case arrow::Type::UINT8:
    case arrow::Type::INT16: return "smallint";
    case arrow::Type::UINT16:
    case arrow::Type::INT32: return "int";
    case arrow::Type::UINT32:
    case arrow::Type::UINT64:
    case arrow::Type::INT64: return "bigint";
    case arrow::Type::FLOAT: return "float";
    case arrow::Type::DOUBLE: return "double";
    case arrow::Type::DATE32: return "date";
    case arrow::Type::TIMESTAMP: return "timestamp";
    case arrow::Type::BINARY: return "binary";
    default: return "string";
  }
}

std::string UnitedType(std::string_view a, std::string_view b) {
  if (a == b || b == "void") return std::string(a);
  if (a == "void") return std::string(b);
  const int width_a = WholeWidth(a);
  const int width_b = WholeWidth(b);
  if (width_a > 0 && width_b > 0) return std::string(width_a > width_b ? a : b);
  if (IsNumber(a) && IsNumber(b)) return "double";
  if (IsTime(a) && IsTime(b)) return "timestamp";
  return "string";
}

std::vector<CatalogColumn> ColumnsOf(const arrow::Schema& schema) {
  std::vector<CatalogColumn> columns;
  for (const auto& field : schema.fields()) {
    columns.push_back({field->name(), std::string(HiveTypeOf(*field->type())), field->nullable(), ""});
  }
  return columns;
}

std::vector<CatalogColumn> UniteColumns(const std::vector<CatalogColumn>& known,
                                        const std::vector<CatalogColumn>& more) {
  std::vector<CatalogColumn> united = known;
  std::map<std::string, size_t> places;
  for (size_t i = 0; i < united.size(); ++i) places.emplace(AsciiLower(united[i].name), i);
  for (const auto& column : more) {
    const auto [place, is_new] = places.emplace(AsciiLower(column.name), united.size());
    if (is_new) {
      united.push_back(column);
      continue;
    }
    CatalogColumn& both = united[place->second];
    both.type = UnitedType(both.type, column.type);
    both.nullable = both.nullable || column.nullable;
  }
  return united;
}

std::shared_ptr<arrow::Schema> WithDistinctNames(const arrow::Schema& schema) {
  std::set<std::string> taken;
  // A name that is there anyway is not given to another column.
  for (const auto& field : schema.fields()) taken.insert(AsciiLower(field->name()));
  std::set<std::string> seen;
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    std::string name = ToValidUtf8(field->name());
    std::erase(name, '\0');
    if (name.empty()) name = fmt::format("column_{}", fields.size() + 1);
    const std::string base = name;
    for (int n = 2;
         seen.contains(AsciiLower(name)) || (name != field->name() && taken.contains(AsciiLower(name)));
         ++n) {
      name = fmt::format("{}_{}", base, n);
    }
    seen.insert(AsciiLower(name));
    fields.push_back(field->WithName(name));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace penstock::lake
