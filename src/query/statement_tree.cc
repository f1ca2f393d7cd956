#include "query/statement_tree.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/ascii.h"
#include "base/json.h"
#include "query/sql_text.h"

namespace penstock::query {
namespace {

// Table functions that compute or look at the catalog. All others of DuckDB 1.5.5 read files (read_*,
// parquet_*, glob, sniff_csv, read_duckdb), run SQL that this check does not see (query, query_table,
// json_execute_serialized_sql), take raw addresses (arrow_scan), or change state (enable_logging, checkpoint
// …).
constexpr std::array kTableFunctions = {
    "range",
    "generate_series",
    "unnest",
    "repeat",
    "repeat_row",
    "json_each",
    "json_tree",
    "summary",
    "histogram",
    "histogram_values",
    "duckdb_columns",
    "duckdb_tables",
    "duckdb_views",
    "duckdb_schemas",
    "duckdb_functions",
    "duckdb_types",
    "duckdb_keywords",
    "duckdb_databases",
    "duckdb_settings",
    "pragma_table_info",
    "pragma_version",
    "pragma_platform",
    "pg_timezone_names",
};
constexpr std::array kForbiddenFunctions = {
    "write_log",
    "sleep_ms",
    "pg_sleep",
    "getenv",
    "json_serialize_plan",
    "json_execute_serialized_sql",
    "enable_profile",
    "disable_profile",
};
constexpr std::array kCatalogSchemas = {"information_schema", "pg_catalog"};
constexpr std::array kCatalogTables = {"duckdb_columns", "duckdb_tables", "duckdb_views", "duckdb_schemas",
                                       "sqlite_master"};

template <size_t N>
bool Contains(const std::array<const char*, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string_view Text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return {};
  return std::string_view(value->get_string().data(), value->get_string().size());
}

int64_t Offset(const json::object& object, std::string_view sql) {
  const json::value* value = object.if_contains("query_location");
  if (value == nullptr || !value->is_int64()) return -1;  // "unknown" is 2^64-1
  const int64_t offset = value->get_int64();
  return offset < static_cast<int64_t>(sql.size()) ? offset : -1;
}

Status Refuse(std::string what, int64_t offset, std::string_view sql, std::string advice) {
  if (offset >= 0) what += "\n" + PointAt(sql, static_cast<size_t>(offset));
  return MakeError(ErrorCode::kUsage, std::move(what), std::move(advice));
}

Status OfSyntax(const json::object& answer, std::string_view sql) {
  if (Text(answer, "error_type") == "not implemented") {
    return MakeError(
        ErrorCode::kUsage,
        "only statements that read are run: SELECT, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE, EXPLAIN",
        "the lake is changed by pipelines only; to keep an answer use --out FILE");
  }
  std::string text(Text(answer, "error_message"));
  if (text.empty()) text = "the parser refused the statement";
  const std::string_view position = Text(answer, "position");
  size_t offset = 0;
  const auto parsed = std::from_chars(position.data(), position.data() + position.size(), offset);
  if (!position.empty() && parsed.ec == std::errc()) text += "\n" + PointAt(sql, offset);
  return MakeError(ErrorCode::kUsage, std::move(text));
}

class Inspector {
 public:
  explicit Inspector(std::string_view sql) : sql_(sql) {}

  Result<StatementUse> Run(const json::value& root) {
    // No recursion: a long chain of operators is as deep as it is long.
    std::vector<const json::value*> open = {&root};
    while (!open.empty()) {
      const json::value& value = *open.back();
      open.pop_back();
      if (value.is_array()) {
        for (const json::value& item : value.get_array()) open.push_back(&item);
      } else if (value.is_object()) {
        RETURN_IF_ERROR(Visit(value.get_object()));
        for (const auto& member : value.get_object()) open.push_back(&member.value());
      }
    }
    StatementUse use;
    use.lists_tables = lists_tables_;
    std::set<std::pair<std::string, std::string>> seen;
    for (TableReference& table : tables_) {
      table.may_be_local = table.schema.empty() && with_names_.contains(AsciiLower(table.name));
      if (seen.emplace(AsciiLower(table.schema), AsciiLower(table.name)).second)
        use.tables.push_back(std::move(table));
    }
    return use;
  }

 private:
  Status Visit(const json::object& object) {
    const std::string_view type = Text(object, "type");
    if (type == "BASE_TABLE") {
      VisitTable(object);
    } else if (type == "SHOW_REF") {
      lists_tables_ = true;
    } else if (type == "TABLE_FUNCTION") {
      const json::value* function = object.if_contains("function");
      const std::string name = function != nullptr && function->is_object()
                                   ? AsciiLower(Text(function->get_object(), "function_name"))
                                   : "";
      if (!Contains(kTableFunctions, name)) {
        return Refuse("the function " + name +
                          "() is not allowed in a query: it reads or changes what is outside of the tables",
                      Offset(object, sql_), sql_, "read a table of the catalog; SHOW ALL TABLES lists them");
      }
      if (name.starts_with("duckdb_") || name.starts_with("pragma_")) lists_tables_ = true;
    } else if (Text(object, "class") == "FUNCTION") {
      const std::string name = AsciiLower(Text(object, "function_name"));
      if (Contains(kForbiddenFunctions, name)) {
        return Refuse("the function " + name + "() is not allowed in a query", Offset(object, sql_), sql_,
                      "leave it out");
      }
    }
    if (const json::value* with = object.if_contains("cte_map"); with != nullptr && with->is_object()) {
      if (const json::value* map = with->get_object().if_contains("map"); map != nullptr && map->is_array()) {
        for (const json::value& entry : map->get_array()) {
          if (entry.is_object()) with_names_.insert(AsciiLower(Text(entry.get_object(), "key")));
        }
      }
    }
    return Status::OK();
  }

  void VisitTable(const json::object& object) {
    TableReference table{std::string(Text(object, "schema_name")), std::string(Text(object, "table_name")),
                         Offset(object, sql_)};
    const std::string schema = AsciiLower(table.schema);
    if (Contains(kCatalogSchemas, schema) ||
        (schema.empty() && Contains(kCatalogTables, AsciiLower(table.name)))) {
      lists_tables_ = true;
    } else {
      tables_.push_back(std::move(table));
    }
  }

  const std::string_view sql_;
  std::vector<TableReference> tables_;
  std::set<std::string> with_names_;
  bool lists_tables_ = false;
};

}  // namespace

Result<StatementUse> InspectStatement(std::string_view tree, std::string_view sql) {
  json::parse_options options;
  options.max_depth = 20'000;  // DuckDB's own bound, 1,000 nested expressions, is some 4,000 here
  json::error_code error;
  json::monotonic_resource memory;
  const json::value root = json::parse(json::string_view(tree.data(), tree.size()), error, &memory, options);
  if (error || !root.is_object()) {
    return MakeError(ErrorCode::kUsage, "the statement is too deep to be checked",
                     "write it with fewer nested parts");
  }
  const json::object& answer = root.get_object();
  const json::value* failed = answer.if_contains("error");
  if (failed == nullptr || !failed->is_bool() || failed->get_bool()) return OfSyntax(answer, sql);
  const json::value* statements = answer.if_contains("statements");
  if (statements == nullptr || !statements->is_array() || statements->get_array().size() != 1) {
    return MakeError(ErrorCode::kUsage, "expected one statement", "run them one by one");
  }
  return Inspector(sql).Run(*statements);
}

}  // namespace penstock::query
