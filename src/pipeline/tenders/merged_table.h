// One table of a year: its clean files, put together.
#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/tenders/notice_versions.h"
#include "store/object_store.h"

namespace penstock::pipeline {

struct MergedTable {
  std::shared_ptr<arrow::Schema> schema;
  int64_t rows = 0;
};

// `which`: the table, in the order of kTenderTables. `keys`: its clean files, ascending, each below
// "dt=DAY/". `notice_files`: of a clean file of notices, without what stands before "dt=", the position in
// `versions`. The bytes of the Parquet file go to `sink` as they come. Columns are those of `schema`, then
// those that only files of another field map have; a file without one has nulls there. Errors as MergeYear.
Result<MergedTable> MergeTable(store::ObjectStore& store, const std::shared_ptr<arrow::Schema>& schema,
                               const std::vector<std::string>& keys, const NoticeVersions& versions,
                               const std::map<std::string, size_t, std::less<>>& notice_files, size_t which,
                               const std::function<Status(std::string_view)>& sink, std::stop_token stop);

// "dt=2019-03-01/2019-03-5f3a9c01.parquet" of a clean file's key.
std::string_view WithinTable(std::string_view key);

}  // namespace penstock::pipeline
