// One query of one series: its pages are kept as received, and only then an incremental series goes on behind
// them.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/status.h"
#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"
#include "source/record_source.h"

namespace penstock::pipeline {

struct FetchedRaw {
  std::vector<std::string> keys;  // of the pages, in their order
  int64_t bytes = 0;
  bool advanced = false;  // the series' cursor
};

// Asks for the series from its cursor on, and keeps each page under the time of the request; where another
// request of the same second has that key already, under the next second that is free. The cursor is an
// object of the bucket, written when all pages are durable, and only over the one that the query began with:
// another process that was faster is not set back. A failure leaves it as it was; pages that came before it
// stay. Failures as of RecordSource::Fetch and of the store. Fault points: records.fetch.stored (a page is),
// records.fetch.advanced.
Result<FetchedRaw> FetchSeries(const Pipeline& pipeline, const Runtime& runtime,
                               const source::RecordSource& source, const source::RecordSeries& series,
                               std::stop_token stop);

}  // namespace penstock::pipeline
