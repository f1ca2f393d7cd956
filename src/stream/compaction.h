// Makes of the small objects of past days few large ones, in the background: a table's folder (dt=…) that
// gets no more of them has one object for each `most_bytes` after a while.
//
// Readers are not disturbed. An object goes through these steps, each of which is done again when the process
// died in it (compaction.json of the stream's folder says where it is):
//   1. it is put under its hidden name, with '_' before it. Our SQL reads it in place of the small ones from
//   then on
//      (stream/current_objects.h): a listing has both or the small ones alone, and gives each row once.
//   2. after `grace`, which is longer than a query that began before 1: it is put under its own name, and the
//   small ones are
//      deleted.
//   3. after `grace` again, the hidden one is deleted: who read it is done.
// What other tools see: Athena, Hive and Spark pass over names with '_', so they read the small ones until 2
// and the large one after it; a query of theirs that lists while 2 is at work (a moment) can see rows twice
// or, for deleted objects that it listed before, fail and be asked again. Tools that know no such names (a
// glob of DuckDB's own) see rows twice between 1 and 3.
//
// Only objects of the stream's version of now: UpdateDestination may have changed what they are made of, and
// a format is not put behind another.
//
// Parquet is decoded and written anew. Other objects are put end to end, which gzip, zstd and Snappy's frames
// allow; those of ZIP and Hadoop's Snappy stay as they are. The age that retention goes by (lake/lifecycle.h)
// begins anew with 2.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "store/object_store.h"
#include "stream/prefix_expression.h"
#include "stream/stream_spec.h"

namespace penstock::stream {

struct CompactionOptions {
  Duration grace{std::chrono::hours(1)};
  Duration every{std::chrono::hours(1)};  // looks for work
  int64_t most_bytes = 128 << 20;         // of a large object, before it is compacted
};

struct CompactionMetrics {
  uint64_t made = 0, replaced = 0;  // large ones; small ones that are deleted
};

// One a stream; by one thread, beside the delivery's. Everything it is given outlives it.
class Compaction {
 public:
  Compaction(const StreamSpec& spec, std::string stream_folder, store::ObjectStore& store, Clock& clock,
             Logger logger, const CompactionOptions& options = {});

  // Does what is due, and answers when to call again. A store that fails is told to the logger and asked
  // again a minute later. Cancelled: `stop`. Fault points: stream.compaction.planned, .hidden, .visible,
  // .replaced.
  Result<TimePoint> Step(std::stop_token stop);

  const CompactionMetrics& metrics() const { return metrics_; }

 private:
  enum class Phase { kPlanned, kHidden, kVisible };
  struct Job {
    std::string key;  // of the large object
    std::vector<std::string> inputs;
    Phase phase = Phase::kPlanned;
    TimePoint since{};
  };
  Status Load();
  Status Save();
  Status Work(std::stop_token stop);
  // The next jobs of folders that are past.
  Status Plan(std::stop_token stop);
  void PlanFolder(const std::vector<store::ObjectInfo>& objects, std::string_view today);
  // False: not yet.
  Result<bool> Advance(Job* job, std::stop_token stop);
  Status Make(const Job& job, std::stop_token stop);
  // Nothing: it is gone.
  Result<std::optional<std::string>> Input(const std::string& key, std::stop_token stop);
  bool IsOfThisVersion(std::string_view key) const;
  // The hidden object under its own name. NotFound: neither is there.
  Status Show(const std::string& key);
  Status MakeParquet(const Job& job, std::stop_token stop);

  const StreamSpec spec_;
  const std::string stream_folder_;
  store::ObjectStore& store_;
  Clock& clock_;
  const Logger logger_;
  const CompactionOptions options_;
  bool loaded_ = false;
  std::string table_prefix_;  // empty: there is no table, and nothing to do
  std::optional<StreamPrefixes> prefixes_;
  std::vector<Job> jobs_;
  TimePoint next_look_{};
  CompactionMetrics metrics_;
};

}  // namespace penstock::stream
