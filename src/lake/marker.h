// What of a raw day was processed: one object a pipeline and raw day, markers/PIPELINE/dt=YYYY-MM-DD.json.
// Deterministic JSON: the same inputs give the same bytes, in whatever order they were processed. Work that
// is done in many batches at once writes a shard a batch, dt=YYYY-MM-DD/SHARD.json, and folds them at its
// end.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/date_set.h"
#include "store/object_store.h"

namespace penstock::lake {

struct MarkerInput {
  std::string key;     // of the raw object
  std::string sha256;  // of its bytes
  int64_t bytes = 0;
  TimePoint fetched_at;
  int64_t rule_version = 0;  // that judged it
  int64_t rows = 0;
  int64_t accepted = 0;
  int64_t rejected = 0;
  std::map<std::string, int64_t> rejected_by_rule, warned_by_rule;
  // Of the sessions that the answer is for: those without a row, and those whose row a rule refused.
  DateSet absent;
  std::map<Date, std::string> rejected_days;

  friend bool operator==(const MarkerInput&, const MarkerInput&) = default;
};

struct Marker {
  std::string pipeline;
  Date dt;
  std::map<std::string, MarkerInput> inputs;  // by key
  std::vector<std::string> outputs;           // keys of the lake's files, ascending
  // What the provider said it does not know, when it was asked: the key that the answer would have had,
  // without its extension, and when. An answer of that key takes it out.
  std::map<std::string, TimePoint> unknown = {};

  // The least of its inputs'; 0 without inputs.
  int64_t rule_version() const;
};

// {prefix}markers/PIPELINE/dt=YYYY-MM-DD.json
std::string MarkerKey(std::string_view prefix, std::string_view pipeline, Date dt);
// {prefix}markers/PIPELINE/dt=YYYY-MM-DD/SHARD.json; `shard`: letters, digits, '-', '.', '%'.
std::string MarkerShardKey(std::string_view prefix, std::string_view pipeline, Date dt,
                           std::string_view shard);
// The day of the key of a marker or a shard of this pipeline; nothing for another object.
std::optional<Date> DayOfMarkerKey(std::string_view prefix, std::string_view pipeline, std::string_view key);

std::string WriteMarker(const Marker& marker);
// InvalidData: not a marker.
Result<Marker> ParseMarker(std::string_view text);

// With its shards. Nothing when there is none. Corrupt: it cannot be read; the message names the key.
Result<std::optional<Marker>> ReadMarker(store::ObjectStore& store, std::string_view prefix,
                                         std::string_view pipeline, Date dt);

// Adds `changes` to the marker of its day: an input replaces the one of its key, outputs are united.
// Compares and swaps, so that two processes on one day lose no entry. Writes nothing when nothing changes.
// Conflict: lost 64 times.
Status UpdateMarker(store::ObjectStore& store, std::string_view prefix, const Marker& changes);
// The same with a shard of that day, which costs the same whatever the day holds already.
Status UpdateMarkerShard(store::ObjectStore& store, std::string_view prefix, const Marker& changes,
                         std::string_view shard);
// Puts the shards of a day into its marker, and removes them. Safe to interrupt and to run twice at once.
Status FoldMarkerShards(store::ObjectStore& store, std::string_view prefix, std::string_view pipeline,
                        Date dt);
// Forgets what was processed of a day.
Status DeleteMarker(store::ObjectStore& store, std::string_view prefix, std::string_view pipeline, Date dt);
// A stored marker or shard, read. Corrupt names it.
Result<Marker> ParseStoredMarker(const store::Object& object);

// Whether the raw object `key` with this content is still to be processed under `rule_version`.
bool NeedsProcessing(const std::optional<Marker>& marker, std::string_view key, std::string_view sha256,
                     int64_t rule_version);

}  // namespace penstock::lake
