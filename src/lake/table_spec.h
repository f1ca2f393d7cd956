// What a table is: columns, key, partitions, rules. Nothing here knows where rows come from.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "base/date.h"
#include "base/json.h"
#include "base/status.h"

namespace penstock::lake {

enum class Severity { kReject, kWarn };

// One rule of a table as pipeline.yaml writes it. The kinds and their parameters: lake/rules.h.
struct RuleSpec {
  std::string name;  // unique within the table; what rejected/ and markers call it
  std::string kind;
  json::object params;
  Severity severity = Severity::kReject;
};

struct TableSpec {
  std::string name;  // [a-z][a-z0-9_]*; also the name of the folder and of its files
  std::shared_ptr<arrow::Schema> schema;
  std::vector<std::string> key_columns;  // what makes a row the same row; also the order within a file
  std::string partition_column;          // a date32 column; its value is dt=
  // Integer or timestamp; of two rows of a key the greater one is the newer. Empty (tables of series only):
  // rows have no versions, and what is said last holds.
  std::string version_column;
  // Columns of texts, days or times with few different values in a file; they are stored smaller and sooner.
  std::vector<std::string> repeating_columns;
  std::vector<RuleSpec> rules;
  int rule_version = 1;  // raising it judges every raw answer again
};

// Columns that rejected rows carry behind those of the table.
inline constexpr const char* kRuleColumn = "rule";
inline constexpr const char* kReasonColumn = "reason";
inline constexpr const char* kRawKeyColumn = "raw_key";

// Configuration: a column that is not there, of a type that tables cannot hold (lists, structs), or a bad
// name.
Status CheckSpec(const TableSpec& spec);

// The table's columns, all nullable, then rule, reason, raw_key.
std::shared_ptr<arrow::Schema> RejectedSchema(const TableSpec& spec);

// Positions in the schema; -1 when absent.
int ColumnIndex(const arrow::Schema& schema, const std::string& name);
std::vector<int> KeyIndexes(const TableSpec& spec);

// Where the files of a table lie: {prefix}clean/TABLE/dt=YYYY-MM-DD/TABLE.parquet and the same below
// rejected/.
struct TableLayout {
  std::string table;
  std::string prefix;  // of the pipeline within the store; empty, or with its trailing '/'

  std::string CleanPrefix() const { return prefix + "clean/" + table + "/"; }
  std::string RejectedPrefix() const { return prefix + "rejected/" + table + "/"; }
  std::string CleanKey(Date dt) const { return CleanPrefix() + FileOf(dt); }
  std::string RejectedKey(Date dt) const { return RejectedPrefix() + FileOf(dt); }
  // Where retention moves a file (lake/lifecycle.h).
  std::string ArchivedKey(std::string_view key) const {
    return prefix + "archive/" + std::string(key.substr(prefix.size()));
  }

 private:
  std::string FileOf(Date dt) const { return "dt=" + FormatDate(dt) + "/" + table + ".parquet"; }
};

// The D of "…/dt=D/…"; InvalidData when the key has no such segment.
Result<Date> PartitionOfKey(std::string_view key);

}  // namespace penstock::lake
