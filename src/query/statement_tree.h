// What a SELECT reads, from the tree that DuckDB's parser makes of it, and whether it may run: the sandbox's
// first wall. The second one is DuckDB's own (allowed_directories, enable_external_access).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace penstock::query {

struct TableReference {
  std::string schema;  // empty when it was not said
  std::string name;
  int64_t offset = -1;        // in the SQL, bytes; -1: unknown
  bool may_be_local = false;  // a WITH clause of the statement has this name
};

struct StatementUse {
  // Each once.
  std::vector<TableReference> tables;
  // It looks at the list of tables (SHOW TABLES, information_schema): all of them must be there.
  bool lists_tables = false;
};

// `tree` is the answer of DuckDB's json_serialize_sql, of one statement; `sql` is for messages. Usage: a
// syntax error; something else than a SELECT; a table function that is not on the list of those that touch
// nothing outside (read_csv, glob, query …); a scalar function that writes or waits.
Result<StatementUse> InspectStatement(std::string_view tree, std::string_view sql);

}  // namespace penstock::query
