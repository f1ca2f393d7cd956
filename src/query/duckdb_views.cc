#include "query/duckdb_views.h"

#include <algorithm>
#include <set>

#include "base/ascii.h"
#include "query/parameter.h"
#include "query/sql_text.h"

namespace penstock::query {
namespace {

constexpr std::string_view kFileColumn = "penstock_file";
constexpr std::string_view kRowColumn = "file_row_number";  // DuckDB's name

std::string FullName(const ViewSpec& view) {
  return view.database.empty() ? view.name : view.database + "." + view.name;
}

bool Names(const ViewSpec& view, const TableReference& table, const std::string& default_database) {
  if (!EqualsIgnoreCase(view.name, table.name)) return false;
  if (!table.schema.empty()) return EqualsIgnoreCase(view.database, table.schema);
  return view.in_default_database || view.database.empty() ||
         EqualsIgnoreCase(view.database, default_database);
}

// Levenshtein, for short names.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string Suggestion(const std::vector<ViewSpec>& views, const TableReference& table) {
  std::string best;
  size_t best_distance = std::max<size_t>(3, table.name.size() / 2);
  const std::string wanted = AsciiLower(table.schema.empty() ? table.name : table.schema + "." + table.name);
  for (const ViewSpec& view : views) {
    const size_t distance =
        std::min(Distance(wanted, AsciiLower(FullName(view))),
                 table.schema.empty() ? Distance(wanted, AsciiLower(view.name)) : SIZE_MAX);
    if (distance < best_distance) {
      best_distance = distance;
      best = FullName(view);
    }
  }
  if (!best.empty()) return "did you mean " + best + "?";
  if (views.empty()) return "there is no table yet: run a pipeline first";
  std::string all = "the tables are";
  for (size_t i = 0; i < views.size() && i < 12; ++i) all += (i == 0 ? " " : ", ") + FullName(views[i]);
  return all + (views.size() > 12 ? ", …" : "");
}

std::string EmptySelect(const ViewSpec& view) {
  std::string sql = "SELECT ";
  bool first = true;
  for (const auto* columns : {&view.columns, &view.partition_columns}) {
    for (const auto& [name, type] : *columns) {
      sql += std::string(first ? "" : ", ") + "CAST(NULL AS " + type + ") AS " + QuoteSqlName(name);
      first = false;
    }
  }
  return sql + " WHERE false";
}

std::string ListOf(const std::vector<std::string>& texts) {
  std::string sql = "[";
  for (const std::string& text : texts) sql += (&text == &texts.front() ? "" : ", ") + QuoteSqlText(text);
  return sql + "]";
}

std::string ColumnList(const std::vector<std::string>& names) {
  std::string sql;
  for (const std::string& name : names) sql += (sql.empty() ? "" : ", ") + QuoteSqlName(name);
  return sql;
}

// Of the rows of `select`, which say where they stand, one of those that are the same. `live`: the folder of files that come behind all others.
std::string UniqueSelect(const ViewSpec& view, const std::string& select, const std::string& live) {
  std::vector<std::string> shown;
  for (const auto* columns : {&view.columns, &view.partition_columns}) {
    for (const auto& column : *columns) shown.push_back(column.first);
  }
  return "SELECT " + ColumnList(shown) + " FROM (" + select + ") QUALIFY row_number() OVER (PARTITION BY " +
         ColumnList(view.unique) + " ORDER BY " +
         (live.empty() ? "" : "starts_with(" + QuoteSqlName(kFileColumn) + ", " + QuoteSqlText(live) + ") DESC, ") +
         QuoteSqlName(kFileColumn) + " DESC, " +
         QuoteSqlName(kRowColumn) + " DESC) = 1";
}

// How partitions are read off the files' paths.
std::string HiveOptions(const ViewSpec& view) {
  if (view.partition_columns.empty()) return ", hive_partitioning = false";
  std::string sql = ", hive_partitioning = true, hive_types = {";
  for (const auto& column : view.partition_columns) {
    sql += (&column == &view.partition_columns.front() ? "" : ", ") + QuoteSqlText(column.first) + ": " +
           column.second;
  }
  return sql + "}";
}

std::string ParquetSelect(const ViewSpec& view, const std::string& files) {
  // DuckDB takes a schema or partitions, not both: with a schema, partitions are read off the files' names.
  const bool by_name = view.columns_differ && !view.partition_columns.empty();
  std::string sql = "SELECT *";
  if (by_name) {
    sql += " EXCLUDE (" + QuoteSqlName(kFileColumn) + ")";
    for (const auto& [name, type] : view.partition_columns) {
      sql += ", CAST(regexp_extract(" + QuoteSqlName(kFileColumn) + ", " +
             QuoteSqlText("/" + name + "=([^/]+)/") + ", 1) AS " + type + ") AS " + QuoteSqlName(name);
    }
  }
  sql += " FROM read_parquet(" + files;
  sql += by_name ? ", hive_partitioning = false, filename = " + QuoteSqlText(kFileColumn) : HiveOptions(view);
  if (!view.unique.empty()) sql += ", filename = " + QuoteSqlText(kFileColumn) + ", file_row_number = true";
  if (view.columns_differ) {
    // By name, each file's column cast to ours: footers are read with the files, not before.
    sql += ", schema = MAP {";
    for (size_t i = 0; i < view.columns.size(); ++i) {
      const auto& [name, type] = view.columns[i];
      sql += (i == 0 ? "" : ", ") + QuoteSqlText(name) + ": {name: " + QuoteSqlText(name) +
             ", type: " + QuoteSqlText(type) + ", default_value: NULL}";
    }
    sql += "}";
  }
  return sql + ")";
}

// Objects need no newline between them.
std::string JsonSelect(const ViewSpec& view, const std::string& files) {
  const bool unique = !view.unique.empty();
  std::string sql = "SELECT *";
  if (unique) sql += ", 0 AS " + QuoteSqlName(kRowColumn);  // of one file, any
  sql += " FROM read_json(" + files + ", format = 'unstructured', columns = {";
  for (const auto& column : view.columns) {
    sql += (&column == &view.columns.front() ? "" : ", ") + QuoteSqlText(column.first) + ": " +
           QuoteSqlText(column.second);
  }
  return sql + "}" + HiveOptions(view) + (unique ? ", filename = " + QuoteSqlText(kFileColumn) : "") + ")";
}

// `files`: of a table with a snapshot, or in S3; elsewhere DuckDB looks for them itself.
Result<std::string> FilesSelect(const ViewSpec& view, const TableFiles* files) {
  const bool json = view.format == "json";
  if (view.format != "parquet" && !json) {
    return MakeError(ErrorCode::kConfiguration, "table " + FullName(view) + ": its files are " + view.format +
                                                    ", and only parquet and json can be queried");
  }
  if (!view.glob.starts_with('/') && files == nullptr) {
    return MakeError(ErrorCode::kConfiguration,
                     "table " + FullName(view) + ": this engine reads local files and S3, not " + view.glob);
  }
  const std::string list = files == nullptr ? QuoteSqlText(view.glob) : ListOf(files->files);
  const std::string sql = json ? JsonSelect(view, list) : ParquetSelect(view, list);
  return view.unique.empty() ? sql : UniqueSelect(view, sql, files == nullptr ? "" : files->folder);
}

bool NoFiles(const Status& status) {
  return status.message().find("No files found that match the pattern") != std::string::npos;
}

}  // namespace

Result<std::vector<const ViewSpec*>> SelectViews(const std::vector<ViewSpec>& views, const StatementUse& use,
                                                 const std::string& default_database, std::string_view sql) {
  std::vector<const ViewSpec*> selected;
  if (use.lists_tables) {
    for (const ViewSpec& view : views) selected.push_back(&view);
  }
  for (const TableReference& table : use.tables) {
    bool found = false;
    for (const ViewSpec& view : views) {
      if (!Names(view, table, default_database)) continue;
      found = true;
      if (std::find(selected.begin(), selected.end(), &view) == selected.end()) selected.push_back(&view);
    }
    if (found || table.may_be_local) continue;
    std::string text = "there is no table " + (table.schema.empty() ? "" : table.schema + ".") + table.name;
    if (table.offset >= 0) text += "\n" + PointAt(sql, static_cast<size_t>(table.offset));
    return MakeError(ErrorCode::kNotFound, std::move(text), Suggestion(views, table));
  }
  return selected;
}

Status CreateViews(DuckDbSession& session, const std::vector<const ViewSpec*>& views,
                   const FilesOfGlob& files) {
  std::set<std::string> schemas;
  std::string ddl;
  for (const ViewSpec* view : views) {
    const std::string schema = view->database.empty() ? "main" : view->database;
    std::string head;
    if (!view->database.empty() && schemas.insert(schema).second) {
      RETURN_IF_ERROR(session.Run("CREATE SCHEMA IF NOT EXISTS " + QuoteSqlName(schema)));
    }
    const std::string create =
        "CREATE VIEW " + QuoteSqlName(schema) + "." + QuoteSqlName(view->name) + " AS ";
    const auto listed = files.find(view->glob);
    const auto* taken = listed == files.end() ? nullptr : &listed->second;
    bool empty = !view->has_files || (taken != nullptr && taken->files.empty());
    if (!empty) {
      ASSIGN_OR_RETURN(const std::string select, FilesSelect(*view, taken));
      const Status created = session.Run(create + select);
      empty = !created.ok() && NoFiles(created);
      if (!created.ok() && !empty) return WithContext(created, "table " + FullName(*view));
    }
    if (empty)
      RETURN_IF_ERROR(WithContext(session.Run(create + EmptySelect(*view)), "table " + FullName(*view)));
    if (view->in_default_database && schema != "main") {
      RETURN_IF_ERROR(session.Run("CREATE VIEW main." + QuoteSqlName(view->name) + " AS SELECT * FROM " +
                                  QuoteSqlName(schema) + "." + QuoteSqlName(view->name)));
    }
  }
  return Status::OK();
}

std::string FolderOfGlob(std::string_view glob) {
  const size_t wildcard = std::min(glob.find_first_of("*?[{"), glob.size());
  const size_t slash = glob.rfind('/', wildcard);
  return slash == std::string_view::npos ? std::string() : std::string(glob.substr(0, slash + 1));
}

std::string FindDamagedFile(DuckDbSession& session, const std::vector<const ViewSpec*>& views,
                            const FilesOfGlob& files_of_glob) {
  // Footers first, that is quick; then every page.
  struct Probe {
    std::string before, behind;
  };
  for (const Probe& probe : {Probe{"SELECT '' FROM parquet_file_metadata(", ")"},
                             Probe{"SELECT CAST(max(hash(t)) AS VARCHAR) FROM read_parquet(", ") t"}}) {
    for (const ViewSpec* view : views) {
      if (view->format != "parquet") continue;
      const auto listed = files_of_glob.find(view->glob);
      const auto files =
          listed != files_of_glob.end()
              ? Result<std::vector<std::string>>(listed->second.files)
              : session.Texts("SELECT file FROM glob(CAST($1 AS VARCHAR)) ORDER BY file", view->glob);
      if (!files.ok()) continue;
      for (const std::string& file : *files) {
        const auto readable = session.Texts(probe.before + QuoteSqlText(file) + probe.behind);
        if (CodeOf(readable.status()) == ErrorCode::kCancelled) return "";
        if (!readable.ok()) return file;
      }
    }
  }
  return "";
}

}  // namespace penstock::query
