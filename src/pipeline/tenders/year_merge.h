// All clean files of a year in one file a table (TED-4).
#pragma once

#include <array>
#include <cstdint>
#include <stop_token>
#include <string>

#include "base/json.h"
#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"
#include "pipeline/tenders/tender_tables.h"

namespace penstock::pipeline {

struct MergeOptions {
  bool again = false;  // also when the merged files are of exactly these clean files already
  std::stop_token stop;
};

struct YearMerge {
  int year = 0;
  bool already_done = false;
  int64_t files = 0;              // clean files of all tables
  std::array<int64_t, 3> rows{};  // in the order of kTenderTables
  int64_t superseded =
      0;  // rows of notices that another version, or the same notice of another archive, stands for

  json::object ToJson() const;
};

// Rewrites the merged files of a year: sorted by date of publication, id and version; of each notice the
// latest version alone (notice_versions.h), with its lots and awards. The same clean files give the same
// bytes. Each table's file is replaced by one put, `notices` last: a reader sees a table as it was or as it
// is, and for each notice that it sees anew, its lots and awards; who joins by id and version never pairs two
// versions. The tables are registered in the catalog. Memory: the columns of notice_versions.h, some days of
// rows and a row group a table: for a million notices below 1 GiB. `schemas`: of the field map of now, which
// all tables have at the least. NotFound: no clean file of this year; merged files are left alone.
// Configuration: clean files of field maps that give a column different types. Corrupt: a clean file is
// damaged. Cancelled. Fault points: tenders.merge.before, tenders.merge.between (before notices),
// tenders.merge.after.
Result<YearMerge> MergeYear(const Pipeline& pipeline, const Runtime& runtime, const TenderSchemas& schemas,
                            int year, const MergeOptions& options = {});

}  // namespace penstock::pipeline
