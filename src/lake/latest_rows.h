// The last row of every series of a table, straight from the tails of its files.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "lake/series_table.h"

namespace penstock::lake {

struct LatestOptions {
  int threads = 0;  // 0: as many as the machine runs at once
  // Read from the end of each file: the footer and the last row, which stands alone where the table wrote the
  // file (lake/series_table.h). What does not fit is read whole.
  int64_t tail_bytes = 16 * 1024;
  std::stop_token stop;
};

struct SeriesFailure {
  std::string key;
  Status status;
};

struct LatestRows {
  // The table's columns; ascending by key of the file. A series whose file failed is left out.
  std::shared_ptr<arrow::RecordBatch> rows;
  std::vector<store::ObjectInfo> files;  // of each row: the file and the version that it is from
  std::vector<SeriesFailure> failures;   // damaged files, ascending by key
};

// Of all series.
Result<LatestRows> ReadLatestRows(const SeriesTable& table, const LatestOptions& options = {});

// Of these files (of the table, as listed). A file that is gone meanwhile is left out; one that changed is
// read as it is now, and says so in `files`. Fails as the store does; a damaged file is a failure of the
// answer.
Result<LatestRows> ReadTails(const SeriesTable& table, std::span<const store::ObjectInfo> files,
                             const LatestOptions& options = {});

}  // namespace penstock::lake
