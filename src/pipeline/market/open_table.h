// A table of the pipeline, open for a transform: rows are judged as they come, and merged batch by batch into
// files by day or by symbol.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>

#include "base/date.h"
#include "base/status.h"
#include "lake/rules.h"
#include "pipeline/pipeline.h"

namespace penstock::store {
class ObjectStore;
}
namespace penstock::lake {
class SeriesHistory;
class TableFormat;
}  // namespace penstock::lake

namespace penstock::pipeline {

struct MergeOptions {
  std::stop_token stop;
  std::string transaction;
  std::function<void(size_t done, size_t total)> progress;
};

struct MergeSummary {
  int64_t files = 0;              // partitions or series that the rows belong to
  int64_t files_changed = 0;      // of these, where a file was written or removed
  std::set<std::string> outputs;  // keys of the clean files
  // Symbols whose own file could not take its rows (damaged, say); of tables by symbol.
  std::map<std::string, Status> failed;
};

class OpenTable {
 public:
  virtual ~OpenTable() = default;
  // Thread-safe.
  virtual lake::SeriesHistory& history() = 0;
  // The rows that were added since the last merge. Fails as the table's Upsert does; what was merged stays.
  virtual Result<MergeSummary> Merge(const MergeOptions& options) = 0;

  const lake::Validator& validator() const { return *validator_; }
  // Rows of one answer. Not thread-safe.
  virtual void Add(const std::string& symbol, const lake::Validated& verdict) = 0;

 protected:
  std::shared_ptr<const lake::Validator> validator_;
};

// Configuration: CheckSpec. `store` and `format` outlive it.
Result<std::unique_ptr<OpenTable>> OpenTableOf(const lake::TableSpec& spec, TableFiles files,
                                               store::ObjectStore& store, lake::TableFormat& format,
                                               const std::string& prefix);

}  // namespace penstock::pipeline
