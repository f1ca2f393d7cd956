// Looks at every file of a table: `penstock tables check`.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "lake/table_spec.h"
#include "store/object_store.h"

namespace penstock::lake {

struct TableProblem {
  std::string key;   // of the file
  std::string what;  // with the row or value where there is one
};

struct TableReport {
  size_t files = 0;
  int64_t rows = 0;
  int64_t bytes = 0;
  size_t rejected_files = 0;
  int64_t rejected_rows = 0;
  std::optional<Date> first, last;     // days of clean
  std::optional<TimePoint> newest;     // version of a clean row, where versions are timestamps
  std::vector<TableProblem> problems;  // ascending by key; empty: sound
};

struct TableCheckOptions {
  int threads = 2;
  std::stop_token stop;
  std::function<void(size_t done, size_t total)> progress;  // by any thread, one call at a time
};

// Each file readable with sound checksums, of the declared columns, sorted and unique by key (clean), its
// rows of its own day, at the key the layout says. Damage is a problem in the report, not a failure; failures
// are those of the store.
Result<TableReport> CheckTable(store::ObjectStore& store, const TableSpec& spec, const std::string& prefix,
                               const TableCheckOptions& options = {});

// The same for a table of series (lake/series_table.h): each row in the file of its series.
Result<TableReport> CheckSeriesTable(store::ObjectStore& store, const TableSpec& spec,
                                     const std::string& prefix, const TableCheckOptions& options = {});

}  // namespace penstock::lake
