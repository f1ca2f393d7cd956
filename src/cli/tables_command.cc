#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/spelling.h"
#include "cli/command.h"
#include "cli/family_verbs.h"
#include "cli/progress_bar.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "lake/catalog.h"
#include "lake/hive_type.h"
#include "lake/table_check.h"
#include "pipeline/pipeline.h"
#include "store/object_store.h"

namespace penstock::cli {
namespace {

struct TablesOptions {
  std::string table;
  std::string pipeline;
  std::vector<std::string> columns;  // NAME=TYPE
  std::string description;
};

// One file a partition; a table that is not partitioned by day has no first and last.
struct TableFiles {
  int64_t partitions = 0, bytes = 0;
  std::string first, last;
  TimePoint newest{};
};

// The files below a table's prefix, by their keys alone.
Result<TableFiles> FilesOf(store::ObjectStore& store, const std::string& prefix) {
  TableFiles files;
  ASSIGN_OR_RETURN(const auto objects, store::ListAll(store, prefix));
  for (const auto& object : objects) {
    const auto day = lake::PartitionOfKey(object.key);
    if (!day.ok() && !object.key.ends_with(".parquet")) continue;
    ++files.partitions;
    files.bytes += object.size;
    if (day.ok()) {
      if (files.first.empty()) files.first = FormatDate(*day);
      files.last = FormatDate(*day);
    }
    files.newest = std::max(files.newest, object.modified);
  }
  return files;
}

Result<std::pair<std::string, std::string>> NameOf(const std::string& name) {
  const auto dot = name.find('.');
  if (dot != std::string::npos) return std::pair(name.substr(0, dot), name.substr(dot + 1));
  return MakeError(ErrorCode::kUsage, fmt::format("expected DATABASE.TABLE, got {}", name),
                   "`penstock tables ls` lists them");
}

Result<lake::TableEntry> FindTable(lake::Catalog& catalog, const std::string& name) {
  ASSIGN_OR_RETURN(const auto parts, NameOf(name));
  const auto found = catalog.GetTable(parts.first, parts.second);
  if (!found.ok() && CodeOf(found.status()) == ErrorCode::kNotFound) {
    std::vector<std::string> known;
    ASSIGN_OR_RETURN(const auto databases, catalog.ListDatabases());
    for (const auto& database : databases) {
      ASSIGN_OR_RETURN(const auto tables, catalog.ListTables(database));
      for (const auto& table : tables) known.push_back(database + "." + table.table);
    }
    return MakeError(ErrorCode::kUsage, fmt::format("no table {}{}", name, DidYouMean(name, known)),
                     "`penstock tables ls` lists them");
  }
  return found;
}

Result<int> List(Session& session, const TablesOptions&) {
  Workspace workspace(session);
  ASSIGN_OR_RETURN(auto* store, workspace.Store());
  ASSIGN_OR_RETURN(auto* catalog, workspace.Catalog());
  Rows rows{{"table", "partitions", "first", "last", "bytes", "newest_put", "description"}, {}};
  ASSIGN_OR_RETURN(const auto databases, catalog->ListDatabases());
  for (const auto& database : databases) {
    ASSIGN_OR_RETURN(const auto tables, catalog->ListTables(database));
    for (const auto& table : tables) {
      ASSIGN_OR_RETURN(const auto files, FilesOf(*store, table.prefix));
      rows.Add({json::value(database + "." + table.table), json::value(files.partitions),
                json::value(files.first), json::value(files.last), json::value(files.bytes),
                files.partitions == 0 ? json::value(nullptr) : json::value(FormatTimestamp(files.newest)),
                json::value(table.description)});
    }
  }
  if (rows.rows.empty() && session.format() == OutputFormat::kTable) {
    session.Remark(fmt::format("No tables in {} yet: `penstock run` makes them.\n", session.bucket()));
    return 0;
  }
  session.PrintRows(rows);
  return 0;
}

Result<int> Show(Session& session, const TablesOptions& options) {
  Workspace workspace(session);
  ASSIGN_OR_RETURN(auto* store, workspace.Store());
  ASSIGN_OR_RETURN(auto* catalog, workspace.Catalog());
  ASSIGN_OR_RETURN(const auto table, FindTable(*catalog, options.table));
  Rows rows{{"column", "type", "nullable", "comment"}, {}};
  for (const auto& column : table.columns) {
    rows.Add({json::value(column.name), json::value(column.type), json::value(column.nullable),
              json::value(column.comment)});
  }
  for (const auto& column : table.partition_columns) {
    rows.Add({json::value(column.name), json::value(column.type), json::value(false),
              json::value("partition, in the path")});
  }
  if (session.format() == OutputFormat::kTable) {
    ASSIGN_OR_RETURN(const auto files, FilesOf(*store, table.prefix));
    session.Print(fmt::format("{}  {}\n{}/{}  {} files{}, {} bytes\n\n", Bold(session.out(), options.table),
                              table.description, store->uri(), table.prefix, Grouped(files.partitions),
                              files.first.empty() ? "" : fmt::format(", {} to {}", files.first, files.last),
                              Grouped(files.bytes)));
  }
  session.PrintRows(rows);
  return 0;
}

// Columns alone: the table lies where the first stream that converts by it delivers to.
Result<int> Create(Session& session, const TablesOptions& options) {
  ASSIGN_OR_RETURN(const auto name, NameOf(options.table));
  lake::TableEntry entry;
  entry.database = name.first;
  entry.table = name.second;
  entry.prefix = fmt::format("{}/{}/", name.first, name.second);
  entry.description = options.description;
  entry.unqualified = true;
  entry.declared = true;
  for (const auto& column : options.columns) {
    const size_t equals = column.find('=');
    if (equals == std::string::npos || equals == 0) {
      return MakeError(ErrorCode::kUsage, fmt::format("expected NAME=TYPE, got {}", column),
                       "such as name=string 'high=decimal(10,2)' 'legs=array<struct<px:double,qty:int>>'");
    }
    const std::string type = column.substr(equals + 1);
    if (const auto read = lake::ParseHiveType(type); !read.ok()) {
      return MakeError(ErrorCode::kUsage,
                       fmt::format("{}: {}", column.substr(0, equals), read.status().message()));
    }
    entry.columns.push_back({column.substr(0, equals), type, true, ""});
  }
  if (const Status sound = lake::CheckEntry(entry); !sound.ok()) {
    return MakeError(ErrorCode::kUsage, sound.message());
  }
  Workspace workspace(session, Workspace::Bucket::kMake);
  ASSIGN_OR_RETURN(auto* catalog, workspace.Catalog());
  const auto known = catalog->GetTable(name.first, name.second);
  if (known.ok() && *known != entry) {
    return MakeError(ErrorCode::kUsage,
                     fmt::format("there is a table {} already, with other columns or files", options.table),
                     fmt::format("`penstock tables show {}` shows it", options.table));
  }
  if (!known.ok() && CodeOf(known.status()) != ErrorCode::kNotFound) return known.status();
  RETURN_IF_ERROR(catalog->RegisterTable(entry));
  session.Remark(fmt::format("{}: {} columns, and no files yet\n", options.table, entry.columns.size()));
  return 0;
}

Result<int> Check(Session& session, const TablesOptions& options) {
  Workspace workspace(session);
  ASSIGN_OR_RETURN(auto* store, workspace.Store());
  ASSIGN_OR_RETURN(auto* catalog, workspace.Catalog());
  ASSIGN_OR_RETURN(const auto table, FindTable(*catalog, options.table));
  std::string name = options.pipeline;
  for (const auto& known : pipeline::KnownPipelines()) {
    if (name.empty() && lake::DatabaseOfPipeline(known) == table.database) name = known;
  }
  ASSIGN_OR_RETURN(const auto pipeline, pipeline::LoadPipeline(name.empty() ? table.database : name));
  RETURN_IF_ERROR(RequireMarket(pipeline, "tables check"));
  const lake::TableSpec* spec = nullptr;
  for (const auto* candidate : {&pipeline.bars, &pipeline.actions}) {
    if (candidate->name == table.table) spec = candidate;
  }
  if (spec == nullptr) {
    return MakeError(ErrorCode::kUsage, fmt::format("{} cannot be checked by itself", options.table),
                     fmt::format("check {}.bars: its rejected rows are checked with it", table.database));
  }
  ProgressBar progress(session.clock(), session.err(), [&](std::string_view text) { session.Remark(text); });
  lake::TableCheckOptions check;
  check.stop = session.stop();
  bool begun = false;
  check.progress = [&](size_t, size_t total) {
    if (!begun) progress.Begin("check", static_cast<int64_t>(total));
    begun = true;
    progress.Advance(1, 0);
  };
  const bool by_symbol =
      spec == &pipeline.bars && pipeline.config.bar_files() == pipeline::TableFiles::kBySymbol;
  ASSIGN_OR_RETURN(const auto report, (by_symbol ? lake::CheckSeriesTable : lake::CheckTable)(
                                          *store, *spec, pipeline.config.prefix, check));
  progress.End();
  if (session.format() == OutputFormat::kTable) {
    session.Print(fmt::format(
        "{}: {} rows in {} files, {} to {}; {} rejected rows in {} files; newest answer {}\n", options.table,
        Grouped(report.rows), Grouped(static_cast<int64_t>(report.files)),
        report.first ? FormatDate(*report.first) : "-", report.last ? FormatDate(*report.last) : "-",
        Grouped(report.rejected_rows), Grouped(static_cast<int64_t>(report.rejected_files)),
        report.newest ? FormatTimestamp(*report.newest) : "-"));
  }
  Rows rows{{"key", "problem"}, {}};
  for (const auto& problem : report.problems) rows.Add({json::value(problem.key), json::value(problem.what)});
  if (!rows.rows.empty() || session.format() != OutputFormat::kTable) session.PrintRows(rows);
  if (report.problems.empty()) return 0;
  return MakeError(
      ErrorCode::kCorrupt, fmt::format("{}: {} problems", options.table, report.problems.size()),
      fmt::format("remove the damaged files, then `penstock process {} --again` makes them from raw",
                  pipeline.name()));
}

}  // namespace

void AddTablesCommand(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<TablesOptions>();
  auto* verb = app.add_subcommand("tables", "what the lake has: list, show, check, create");
  verb->require_subcommand(1);
  verb->footer(
      "Examples:\n  penstock tables ls\n  penstock tables show sp500.bars\n  penstock tables check "
      "sp500.bars\n  penstock tables create market.bars name=string 'high=decimal(10,2)' ts=timestamp");
  const auto add = [&](const char* name, const char* text,
                       Result<int> (*run)(Session&, const TablesOptions&)) {
    auto* sub = verb->add_subcommand(name, text);
    sub->callback([&session, &action, options, run] {
      action = [&session, options, run] { return run(session, *options); };
    });
    return sub;
  };
  add("ls", "tables, days, sizes", &List);
  auto* create = add("create", "columns, for a stream that converts its records by them", &Create);
  create->add_option("table", options->table, "DATABASE.TABLE")->required();
  create->add_option("columns", options->columns, "NAME=TYPE, as Hive has types")->required();
  create->add_option("--description", options->description, "what the table is");
  for (auto* sub : {add("show", "columns of one", &Show),
                    add("check", "read every file: sound, sorted, unique", &Check)}) {
    sub->add_option("table", options->table, "DATABASE.TABLE")->required();
    sub->add_option("--pipeline", options->pipeline, "the pipeline's folder, if it is not found by name");
  }
}

}  // namespace penstock::cli
