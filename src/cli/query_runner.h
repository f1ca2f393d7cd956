// Runs SQL over the bucket and writes the result where it is wanted.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/status.h"

namespace penstock::cli {

class Session;
class Workspace;

struct QueryRequest {
  std::string sql;       // or:
  std::string saved;     // NAME of queries/NAME.sql of `pipeline`
  std::string pipeline;  // whose tables need no database before their name
  std::map<std::string, std::string> parameters;
  std::string format;  // empty: --output, or what the name of `out` ends in
  std::string out;     // a file; empty: standard output
  int64_t memory_limit_mb = 1024;
  int64_t timeout_ms = 0;
  bool live = true;  // with records that streams have accepted and not yet delivered
  int64_t shown_rows = 0;  // of a table; 0: all
};

// Of `--param NAME=VALUE`, given any number of times. Usage.
Result<std::map<std::string, std::string>> ParseParameters(const std::vector<std::string>& given);

Status RunQuery(Session& session, Workspace& workspace, const QueryRequest& request);

}  // namespace penstock::cli
