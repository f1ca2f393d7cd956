// Kept answers into Parquet, each into a file of the same time (IEX-3, IEX-6).
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "lake/evolving_table.h"
#include "pipeline/pipeline.h"
#include "pipeline/records/record_layout.h"
#include "pipeline/runtime.h"
#include "source/record_source.h"

namespace penstock::pipeline {

// The first column of every processed file: when its answer was asked for. (A field of the provider's with
// this name is requested_at_2.)
inline constexpr const char* kRequestedAtColumn = "requested_at";

struct ProcessCount {
  int64_t files = 0;    // written
  int64_t rows = 0;     // in them
  int64_t already = 0;  // answers that had their file before
  int64_t failed = 0;   // in the dead-letter queue
  int64_t unknown = 0;  // objects below raw/ that are no answers: left alone, and logged

  json::object ToJson() const;
};

// Turns answers into files, many of them with one reading of the catalog, and a writing where it learns of
// new tables or columns. Thread-safe.
class RecordProcessor {
 public:
  // What it is given outlives it.
  RecordProcessor(const Pipeline& pipeline, const Runtime& runtime, const source::RecordSource& source,
                  std::string_view execution);

  // The files of all of these, on several threads, counted, and durable at the end. An answer that cannot be
  // read goes to the dead-letter queue; one that is gone meanwhile is passed over. The keys of what was
  // buried. Any other failure ends it; so does `stop`, with Cancelled: what was read until then is durable.
  Result<std::vector<std::string>> ProcessAll(const std::vector<std::string>& raw_keys, ProcessCount& count,
                                              std::stop_token stop);
  // The tables of these series are in the catalog where they have files.
  Status Register(const std::set<std::string>& series);

 private:
  // The file of one kept answer; how many rows it has. It is visible at the latest when the tables are
  // flushed. InvalidData: the answer cannot be read.
  Result<int64_t> Process(std::string_view raw_key);
  Status Bury(std::string_view raw_key, const Status& why);

  const Pipeline& pipeline_;
  const Runtime& runtime_;
  const source::RecordSource& source_;
  const RecordLayout layout_;
  const std::string execution_;
  lake::EvolvingTables tables_;
};

// The kept answers of a series, asked for at `since` or later, that have no file, in the order of their keys:
// what a run that was killed left behind.
Result<std::vector<std::string>> Unprocessed(const RecordLayout& layout, store::ObjectStore& store,
                                             std::string_view series, TimePoint since);

struct ProcessRecordsOptions {
  bool again = false;        // also what has its file
  std::optional<Date> only;  // asked for on this day
  std::stop_token stop;
};

// Every kept answer without its file. Safe to repeat, to interrupt and to do twice at once: the same answer
// gives the same file.
Result<ProcessCount> ProcessRecords(const Pipeline& pipeline, const Runtime& runtime,
                                    const source::RecordSource& source, const ProcessRecordsOptions& options);

}  // namespace penstock::pipeline
