#include "pipeline/views.h"

#include <fmt/format.h>

#include <map>

#include "lake/catalog.h"

namespace penstock::pipeline {
namespace {

Result<std::string> SqlTypeOf(const std::string& hive) {
  static const std::map<std::string, std::string> kTypes{{"boolean", "BOOLEAN"},
                                                         {"tinyint", "TINYINT"},
                                                         {"smallint", "SMALLINT"},
                                                         {"int", "INTEGER"},
                                                         {"bigint", "BIGINT"},
                                                         {"float", "REAL"},
                                                         {"double", "DOUBLE"},
                                                         {"date", "DATE"},
                                                         {"string", "VARCHAR"},
                                                         {"binary", "BLOB"},
                                                         // No file has a value yet: any type would do.
                                                         {"void", "VARCHAR"},
                                                         {"timestamp", "TIMESTAMP WITH TIME ZONE"}};
  const auto found = kTypes.find(hive);
  if (found == kTypes.end()) {
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("the catalog has a column of an unknown type: {}", hive));
  }
  return found->second;
}

Result<std::vector<std::pair<std::string, std::string>>> ColumnsOf(
    const std::vector<lake::CatalogColumn>& columns) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& column : columns) {
    ASSIGN_OR_RETURN(std::string type, SqlTypeOf(column.type));
    out.emplace_back(column.name, std::move(type));
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
