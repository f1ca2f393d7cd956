// Writes the files of tables whose columns change over time. The catalog's columns are the union of all
// files' (lake/column_union.h), and the catalog knows them before a file with them can be seen: at every
// moment SQL reads every row of every file, each cast to the union's types and null where it lacks a column.
// The files themselves are as their rows were, so that the same rows give the same bytes whatever the table
// had before.
#pragma once

#include <arrow/type_fwd.h>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/thread_annotations.h"
#include "lake/catalog.h"

namespace penstock::store {
class ObjectStore;
}

namespace penstock::lake {

struct EvolvingTablesOptions {
  int zstd_level = 1;  // of files of 64 rows and more; smaller ones gain nothing
  // Columns with the same value all along a file (ParquetOptions): whole numbers, times, text.
  std::vector<std::string> repeating;
  // Files whose columns the catalog does not know yet wait for one another, so that the catalog is written
  // once for many. So many may wait; or, where that is more, as many as the catalog has tables, and as many
  // bytes as it takes for them: a catalog that is one object is then written no more often than it doubles.
  size_t max_held_files = 512;
  size_t max_held_bytes = size_t{32} << 20;
  int threads = 8;  // that put what waited, and that look for files of tables that the catalog lacks
};

// The tables of one database. Thread-safe; safe among processes (the catalog's entries are merged). The
// catalog is read once, at the first use: one of these is for one piece of work, with all the series it has.
class EvolvingTables {
 public:
  EvolvingTables(store::ObjectStore& store, Catalog& catalog, std::string database,
                 const EvolvingTablesOptions& options = {});
  ~EvolvingTables();

  // The file at `key`, below `table.prefix`: put at once where the catalog knows its columns, else at the
  // latest by Flush. `table`: name, prefix, description; its columns are the files'. InvalidData: a column of
  // a type that tables cannot hold (lists, structs).
  Status Add(const TableEntry& table, std::string key, const arrow::RecordBatch& rows);

  // Everything that was added is durable, and the catalog knows it.
  Status Flush();

  // Brings tables into the catalog that have files and are not in it: somebody removed it. Reads these files.
  Status Recover(const std::vector<TableEntry>& tables);

 private:
  struct HeldFile {
    TableEntry table;  // with the file's columns
    std::string key, bytes;
  };
  using Columns = std::vector<CatalogColumn>;

  Status Load() REQUIRES(mutex_);
  // What files of one schema have in common; few schemas have many files.
  struct Shape;
  Result<std::shared_ptr<const Shape>> ShapeOf(const arrow::Schema& schema);
  // The columns of the files that are there; none where there are no files.
  Result<Columns> ReadColumns(const TableEntry& table);
  // No more is to wait than does now.
  bool HoldsEnough() const REQUIRES(mutex_);
  Status FlushHeld(bool if_enough);
  // Into the catalog, together with the files that a table has there already where the catalog lacks it.
  Status Register(std::map<std::string, TableEntry> tables);

  store::ObjectStore& store_;
  Catalog& catalog_;
  const std::string database_;
  const EvolvingTablesOptions options_;
  std::mutex flush_mutex_;  // one flush after the other, each with all that came meanwhile; before mutex_
  std::mutex mutex_;
  bool loaded_ GUARDED_BY(mutex_) = false;
  // By table: what the catalog had when it was first asked, and what came since.
  std::map<std::string, Columns> known_ GUARDED_BY(mutex_);
  std::vector<HeldFile> held_ GUARDED_BY(mutex_);
  size_t held_bytes_ GUARDED_BY(mutex_) = 0;
  std::mutex shapes_mutex_;
  std::map<std::string, std::shared_ptr<const Shape>> shapes_ GUARDED_BY(shapes_mutex_);  // by fingerprint
};

}  // namespace penstock::lake
