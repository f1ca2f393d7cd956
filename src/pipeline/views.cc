#include "pipeline/views.h"

#include <fmt/format.h>

#include <map>

#include "lake/catalog.h"
#include "lake/hive_type.h"
#include "query/parameter.h"

namespace penstock::pipeline {
namespace {

std::string SqlTypeOf(const lake::HiveType& type) {
  using Kind = lake::HiveType::Kind;
  const auto part = [&](size_t i) { return SqlTypeOf(type.parts[i]); };
  switch (type.kind) {
    case Kind::kBoolean: return "BOOLEAN";
    case Kind::kTinyint: return "TINYINT";
    case Kind::kSmallint: return "SMALLINT";
    case Kind::kInt: return "INTEGER";
    case Kind::kBigint: return "BIGINT";
    case Kind::kFloat: return "REAL";
    case Kind::kDouble: return "DOUBLE";
    case Kind::kDecimal: return fmt::format("DECIMAL({},{})", type.precision, type.scale);
    case Kind::kDate: return "DATE";
    case Kind::kTimestamp: return "TIMESTAMP WITH TIME ZONE";
    case Kind::kBinary: return "BLOB";
    case Kind::kArray: return part(0) + "[]";
    case Kind::kMap: return fmt::format("MAP({}, {})", part(0), part(1));
    case Kind::kStruct: {
      std::string members;
      for (size_t i = 0; i < type.parts.size(); ++i) {
        members += fmt::format("{}{} {}", i == 0 ? "" : ", ", query::QuoteSqlName(type.names[i]), part(i));
      }
      return fmt::format("STRUCT({})", members);
    }
    case Kind::kChar:
    case Kind::kVarchar:
    case Kind::kString:
    case Kind::kVoid: break;  // of void no file has a value yet: any type would do
  }
  return "VARCHAR";
}

Result<std::vector<std::pair<std::string, std::string>>> ColumnsOf(
    const std::vector<lake::CatalogColumn>& columns) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& column : columns) {
    const auto type = lake::ParseHiveType(column.type);
    if (!type.ok()) {
      return MakeError(ErrorCode::kInvalidData,
                       fmt::format("the catalog has a column {} of an unknown type: {}", column.name,
                                   type.status().message()));
    }
    out.emplace_back(column.name, SqlTypeOf(*type));
  }
  return out;
}

}  // namespace

Result<query::ViewSpec> ViewOf(const lake::TableEntry& table, const std::string& bucket_uri) {
  query::ViewSpec view;
  view.database = table.database;
  view.name = table.table;
  view.glob = fmt::format("{}/{}", bucket_uri, table.prefix);
  if (table.files.empty()) {
    for (const auto& partition : table.partition_columns) view.glob += fmt::format("{}=*/", partition.name);
    view.glob += "*.parquet";
  } else {
    view.glob += table.files;
  }
  ASSIGN_OR_RETURN(view.columns, ColumnsOf(table.columns));
  ASSIGN_OR_RETURN(view.partition_columns, ColumnsOf(table.partition_columns));
  view.columns_differ = table.evolving;
  view.format = table.format;
  view.unique = table.unique;
  view.in_default_database = table.unqualified;
  return view;
}

Result<std::vector<query::ViewSpec>> ViewsOf(lake::Catalog& catalog, const std::string& bucket_uri) {
  std::vector<query::ViewSpec> views;
  ASSIGN_OR_RETURN(const auto databases, catalog.ListDatabases());
  for (const auto& database : databases) {
    ASSIGN_OR_RETURN(const auto tables, catalog.ListTables(database));
    for (const auto& table : tables) {
      ASSIGN_OR_RETURN(views.emplace_back(), ViewOf(table, bucket_uri));
    }
  }
  NameAmbiguous(&views);
  return views;
}

void NameAmbiguous(std::vector<query::ViewSpec>* views) {
  std::map<std::string, int> unqualified;
  for (const auto& view : *views) unqualified[view.name] += view.in_default_database ? 1 : 0;
  for (auto& view : *views) {
    view.in_default_database = view.in_default_database && unqualified[view.name] == 1;
  }
}

}  // namespace penstock::pipeline
