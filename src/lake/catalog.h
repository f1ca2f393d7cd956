// The seam to where tables are registered, so that engines find them: in the store, in memory, in Glue
// (FTSE-2). One conformance suite holds for all (lake/catalog_conformance.h).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "lake/table_spec.h"
#include "store/object_store.h"

namespace penstock::lake {

struct CatalogColumn {
  std::string name;
  std::string type;  // boolean, tinyint, smallint, int, bigint, float, double, date, timestamp, string,
                     // binary, void (Hive's)
  bool nullable = true;
  std::string comment;

  friend bool operator==(const CatalogColumn&, const CatalogColumn&) = default;
};

struct TableEntry {
  std::string database;                          // [a-z][a-z0-9_]*
  std::string table;                             // the same
  std::string prefix;                            // of the keys of its files, with the trailing '/'
  std::vector<CatalogColumn> columns;            // of the files
  std::vector<CatalogColumn> partition_columns;  // of the keys (dt=), not in the files
  std::string format = "parquet";
  std::string rejected_prefix;  // empty: none
  std::string description;
  // The files differ: `columns` is the union of theirs (lake/evolving_table.h), and what a file lacks is
  // null.
  bool evolving = false;
  // Where below `prefix` its files are, as a shell's pattern ("*/*/*.json.gz"). Empty: a folder NAME=value
  // for each partition column, and in it what ends with .parquet.
  std::string files;
  // Columns that tell rows apart: of several with the same values, the one in the file with the greatest name
  // is the row. Empty: every row of the files is one.
  std::vector<std::string> unique;
  bool unqualified = false;  // SQL finds it without its database's name, unless two have that name
  // By hand, and nothing has been delivered to it: columns alone, and whoever delivers first says where it
  // lies.
  bool declared = false;

  friend bool operator==(const TableEntry&, const TableEntry&) = default;
};

// Thread-safe, and safe among processes.
class Catalog {
 public:
  virtual ~Catalog() = default;
  // Adds the table, or replaces the entry of its name. InvalidData: a bad name, no columns, a column twice.
  virtual Status RegisterTable(const TableEntry& entry) = 0;
  // Adds tables, all of them at once; of one that is there already, the columns are united
  // (lake/column_union.h), so that of two processes that do it at once neither loses a column. InvalidData as
  // above, and for tables of several databases.
  virtual Status MergeTables(const std::vector<TableEntry>& entries) = 0;
  // NotFound: no such table.
  virtual Result<TableEntry> GetTable(std::string_view database, std::string_view table) = 0;
  // Ascending by name; empty for an unknown database.
  virtual Result<std::vector<TableEntry>> ListTables(std::string_view database) = 0;
  // Those that have a table, ascending.
  virtual Result<std::vector<std::string>> ListDatabases() = 0;
  // The entry only, never the files. OK when there was none.
  virtual Status Drop(std::string_view database, std::string_view table) = 0;
};

// One object a database: {prefix}catalog/DATABASE.json, compared and swapped. Over a MemoryStore it is the
// one of tests.
class StoreCatalog : public Catalog {
 public:
  explicit StoreCatalog(store::ObjectStore& store, std::string prefix = "")
      : store_(store), prefix_(std::move(prefix)) {}
  Status RegisterTable(const TableEntry& entry) override;
  Status MergeTables(const std::vector<TableEntry>& entries) override;
  Result<TableEntry> GetTable(std::string_view database, std::string_view table) override;
  Result<std::vector<TableEntry>> ListTables(std::string_view database) override;
  Result<std::vector<std::string>> ListDatabases() override;
  Status Drop(std::string_view database, std::string_view table) override;

 private:
  struct Stored;
  std::string KeyOf(std::string_view database) const;
  Result<Stored> Load(std::string_view database);
  template <typename Change>
  Status Update(std::string_view database, const Change& change);

  store::ObjectStore& store_;
  const std::string prefix_;
};

// Columns as a document lists them: [{"name", "type", "nullable", "comment"}].
json::array CatalogColumnsJson(const std::vector<CatalogColumn>& columns);
// Those of the member `key` of an object; `nullable` is true and `comment` empty where absent. InvalidData.
Result<std::vector<CatalogColumn>> ParseCatalogColumns(ObjectView entry, std::string_view key);

// Shared by all implementations: what RegisterTable refuses.
Status CheckEntry(const TableEntry& entry);

// "us-stocks" is us_stocks in SQL.
std::string DatabaseOfPipeline(std::string_view pipeline);

// The entry of a table of the lake, partitioned by dt.
TableEntry EntryOf(const TableSpec& spec, std::string database, const TableLayout& layout,
                   std::string description = "");

}  // namespace penstock::lake
