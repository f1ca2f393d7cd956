#include "lake/marker.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/date_json.h"
#include "base/json.h"

namespace penstock::lake {
namespace {

constexpr int kMaxTries = 64;

using Counts = std::map<std::string, int64_t>;

json::object CountsJson(const Counts& counts) {
  json::object object;
  for (const auto& [rule, count] : counts) object[rule] = count;
  return object;
}

Result<Counts> ParseCounts(const json::value& value, std::string_view key) {
  const auto* member = value.as_object().if_contains(key);
  if (member == nullptr || !member->is_object()) {
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("\"{}\": expected an object of counts by rule", key));
  }
  Counts counts;
  for (const auto& entry : member->get_object()) {
    ASSIGN_OR_RETURN(counts[std::string(entry.key())], GetInt(*member, entry.key()));
  }
  return counts;
}

json::object InputJson(const MarkerInput& input) {
  json::object out{{"key", input.key},
                   {"sha256", input.sha256},
                   {"bytes", input.bytes},
                   {"fetched_at", FormatTimestamp(input.fetched_at)},
                   {"rule_version", input.rule_version},
                   {"rows", input.rows},
                   {"accepted", input.accepted},
                   {"rejected", input.rejected},
                   {"rejected_by_rule", CountsJson(input.rejected_by_rule)},
                   {"warned_by_rule", CountsJson(input.warned_by_rule)}};
  if (!input.absent.empty()) out["absent"] = DateSetJson(input.absent);
  if (!input.rejected_days.empty()) {
    json::object days;
    for (const auto& [day, rule] : input.rejected_days) days[FormatDate(day)] = rule;
    out["rejected_days"] = std::move(days);
  }
  return out;
}

Result<MarkerInput> ParseInput(const json::value& value) {
  MarkerInput input;
  ASSIGN_OR_RETURN(input.key, GetString(value, "key"));
  ASSIGN_OR_RETURN(input.sha256, GetString(value, "sha256"));
  ASSIGN_OR_RETURN(input.bytes, GetInt(value, "bytes"));
  ASSIGN_OR_RETURN(const auto fetched_at, GetString(value, "fetched_at"));
  ASSIGN_OR_RETURN(input.fetched_at, ParseTimestamp(fetched_at));
  ASSIGN_OR_RETURN(input.rule_version, GetInt(value, "rule_version"));
  ASSIGN_OR_RETURN(input.rows, GetInt(value, "rows"));
  ASSIGN_OR_RETURN(input.accepted, GetInt(value, "accepted"));
  ASSIGN_OR_RETURN(input.rejected, GetInt(value, "rejected"));
  ASSIGN_OR_RETURN(input.rejected_by_rule, ParseCounts(value, "rejected_by_rule"));
  ASSIGN_OR_RETURN(input.warned_by_rule, ParseCounts(value, "warned_by_rule"));
  // Both are left out where there are none.
  const json::object& object = value.get_object();
  ASSIGN_OR_RETURN(input.absent, ParseDateSet(object, "absent"));
  RETURN_IF_ERROR(ParseDayTexts(object, "rejected_days", [&](Date day, std::string rule) {
    input.rejected_days[day] = std::move(rule);
    return Status::OK();
  }));
  return input;
}

}  // namespace

int64_t Marker::rule_version() const {
  int64_t least = 0;
  for (const auto& [key, input] : inputs)
    least = least == 0 ? input.rule_version : std::min(least, input.rule_version);
  return least;
}

std::string MarkerKey(std::string_view prefix, std::string_view pipeline, Date dt) {
  return fmt::format("{}markers/{}/dt={}.json", prefix, pipeline, FormatDate(dt));
}

std::string MarkerShardKey(std::string_view prefix, std::string_view pipeline, Date dt,
                           std::string_view shard) {
  return fmt::format("{}markers/{}/dt={}/{}.json", prefix, pipeline, FormatDate(dt), shard);
}

std::optional<Date> DayOfMarkerKey(std::string_view prefix, std::string_view pipeline, std::string_view key) {
  const std::string start = fmt::format("{}markers/{}/dt=", prefix, pipeline);
  if (!key.starts_with(start) || !key.ends_with(".json")) return std::nullopt;
  const auto day = ParseDate(key.substr(start.size(), 10));
  if (!day.ok()) return std::nullopt;
  return *day;
}

std::string WriteMarker(const Marker& marker) {
  json::array inputs;
  MarkerInput total;
  for (const auto& [key, input] : marker.inputs) {
    inputs.push_back(InputJson(input));
    total.bytes += input.bytes;
    total.rows += input.rows;
    total.accepted += input.accepted;
    total.rejected += input.rejected;
    for (const auto& [rule, count] : input.rejected_by_rule) total.rejected_by_rule[rule] += count;
    for (const auto& [rule, count] : input.warned_by_rule) total.warned_by_rule[rule] += count;
  }
  json::array outputs;
  for (const auto& output : marker.outputs) outputs.emplace_back(output);
  json::object document{{"pipeline", marker.pipeline},
                        {"dt", FormatDate(marker.dt)},
                        {"rule_version", marker.rule_version()},
                        {"totals", json::object{{"inputs", marker.inputs.size()},
                                                {"bytes", total.bytes},
                                                {"rows", total.rows},
                                                {"accepted", total.accepted},
                                                {"rejected", total.rejected},
                                                {"rejected_by_rule", CountsJson(total.rejected_by_rule)},
                                                {"warned_by_rule", CountsJson(total.warned_by_rule)}}},
                        {"inputs", std::move(inputs)},
                        {"outputs", std::move(outputs)}};
  if (!marker.unknown.empty()) {
    json::object unknown;
    for (const auto& [key, at] : marker.unknown) unknown[key] = FormatTimestamp(at);
    document["unknown"] = std::move(unknown);
  }
  return ToPrettyJson(document);
}

Result<Marker> ParseMarker(std::string_view text) {
  ASSIGN_OR_RETURN(const auto value, ParseJson(text));
  Marker marker;
  ASSIGN_OR_RETURN(marker.pipeline, GetString(value, "pipeline"));
  ASSIGN_OR_RETURN(const auto dt, GetString(value, "dt"));
  ASSIGN_OR_RETURN(marker.dt, ParseDate(dt));
  ASSIGN_OR_RETURN(const auto* inputs, GetArray(value, "inputs"));
  for (const auto& item : *inputs) {
    ASSIGN_OR_RETURN(auto input, ParseInput(item));
    marker.inputs[input.key] = std::move(input);
  }
  ASSIGN_OR_RETURN(const auto* outputs, GetArray(value, "outputs"));
  for (const auto& item : *outputs) {
    if (!item.is_string()) return MakeError(ErrorCode::kInvalidData, "\"outputs\": expected keys");
    marker.outputs.emplace_back(item.get_string());
  }
  std::sort(marker.outputs.begin(), marker.outputs.end());
  if (const auto* unknown = value.as_object().if_contains("unknown")) {
    if (!unknown->is_object()) return MakeError(ErrorCode::kInvalidData, "\"unknown\": expected an object");
    for (const auto& entry : unknown->get_object()) {
      ASSIGN_OR_RETURN(const auto at, GetString(*unknown, entry.key()));
      ASSIGN_OR_RETURN(marker.unknown[std::string(entry.key())], ParseTimestamp(at));
    }
  }
  return marker;
}

Result<Marker> ParseStoredMarker(const store::Object& object) {
  auto marker = ParseMarker(object.bytes);
  if (marker.ok()) return marker;
  return MakeError(
      ErrorCode::kCorrupt,
      fmt::format("{} is not a marker of what was processed: {}", object.info.key, marker.status().message()),
      "delete it: its inputs are then processed again, which changes nothing else");
}

namespace {

void MergeInto(Marker& marker, const Marker& changes) {
  for (const auto& [key, input] : changes.inputs) marker.inputs[key] = input;
  for (const auto& [key, at] : changes.unknown) {
    TimePoint& known = marker.unknown[key];
    known = std::max(known, at);
  }
  if (!marker.unknown.empty()) {
    for (const auto& [key, input] : marker.inputs) marker.unknown.erase(key.substr(0, key.rfind('.')));
  }
  marker.outputs.insert(marker.outputs.end(), changes.outputs.begin(), changes.outputs.end());
  std::sort(marker.outputs.begin(), marker.outputs.end());
  marker.outputs.erase(std::unique(marker.outputs.begin(), marker.outputs.end()), marker.outputs.end());
}

std::string ShardPrefix(std::string_view prefix, std::string_view pipeline, Date dt) {
  return fmt::format("{}markers/{}/dt={}/", prefix, pipeline, FormatDate(dt));
}

Result<std::vector<store::Object>> ReadShards(store::ObjectStore& store, std::string_view prefix,
                                              std::string_view pipeline, Date dt) {
  ASSIGN_OR_RETURN(const auto listed, store::ListAll(store, ShardPrefix(prefix, pipeline, dt)));
  std::vector<store::Object> shards;
  for (const auto& info : listed) {
    auto object = store.Get(info.key);
    if (CodeOf(object.status()) == ErrorCode::kNotFound) continue;  // folded meanwhile
    RETURN_IF_ERROR(object.status());
    shards.push_back(*std::move(object));
  }
  return shards;
}

Status UpdateObject(store::ObjectStore& store, const std::string& key, const Marker& changes) {
  for (int attempt = 0; attempt < kMaxTries; ++attempt) {
    Marker marker{changes.pipeline, changes.dt, {}, {}};
    store::PutOptions options{.if_absent = true};
    const auto object = store.Get(key);
    if (object.ok()) {
      ASSIGN_OR_RETURN(marker, ParseStoredMarker(*object));
      options = {.if_match = object->info.etag};
    } else if (CodeOf(object.status()) != ErrorCode::kNotFound) {
      return object.status();
    }
    MergeInto(marker, changes);
    const std::string text = WriteMarker(marker);
    if (object.ok() && object->bytes == text) return Status::OK();
    const auto put = store.Put(key, text, options);
    if (put.ok()) return Status::OK();
    const auto code = CodeOf(put.status());
    if (code != ErrorCode::kAlreadyExists && code != ErrorCode::kPreconditionFailed) return put.status();
  }
  return MakeError(ErrorCode::kConflict,
                   fmt::format("{}: other processes wrote it before each of {} tries", key, kMaxTries),
                   "run it again when the others are done");
}

}  // namespace

Result<std::optional<Marker>> ReadMarker(store::ObjectStore& store, std::string_view prefix,
                                         std::string_view pipeline, Date dt) {
  // The shards first: one that is folded in between is in the marker then.
  ASSIGN_OR_RETURN(const auto shards, ReadShards(store, prefix, pipeline, dt));
  std::optional<Marker> marker;
  const auto object = store.Get(MarkerKey(prefix, pipeline, dt));
  if (object.ok()) {
    ASSIGN_OR_RETURN(marker, ParseStoredMarker(*object));
  } else if (CodeOf(object.status()) != ErrorCode::kNotFound) {
    return object.status();
  }
  for (const auto& shard : shards) {
    ASSIGN_OR_RETURN(const Marker part, ParseStoredMarker(shard));
    if (!marker) marker = Marker{std::string(pipeline), dt, {}, {}};
    MergeInto(*marker, part);
  }
  return marker;
}

Status UpdateMarker(store::ObjectStore& store, std::string_view prefix, const Marker& changes) {
  return UpdateObject(store, MarkerKey(prefix, changes.pipeline, changes.dt), changes);
}

Status UpdateMarkerShard(store::ObjectStore& store, std::string_view prefix, const Marker& changes,
                         std::string_view shard) {
  return UpdateObject(store, MarkerShardKey(prefix, changes.pipeline, changes.dt, shard), changes);
}

Status FoldMarkerShards(store::ObjectStore& store, std::string_view prefix, std::string_view pipeline,
                        Date dt) {
  ASSIGN_OR_RETURN(const auto shards, ReadShards(store, prefix, pipeline, dt));
  if (shards.empty()) return Status::OK();
  Marker changes{std::string(pipeline), dt, {}, {}};
  for (const auto& shard : shards) {
    ASSIGN_OR_RETURN(const Marker part, ParseStoredMarker(shard));
    MergeInto(changes, part);
  }
  RETURN_IF_ERROR(UpdateMarker(store, prefix, changes));
  for (const auto& shard : shards) {
    // One that was written again meanwhile stays.
    const Status removed = store.Delete(shard.info.key, shard.info.etag);
    const auto code = CodeOf(removed);
    if (!removed.ok() && code != ErrorCode::kPreconditionFailed && code != ErrorCode::kNotFound)
      return removed;
  }
  return Status::OK();
}

Status DeleteMarker(store::ObjectStore& store, std::string_view prefix, std::string_view pipeline, Date dt) {
  ASSIGN_OR_RETURN(const auto shards, store::ListAll(store, ShardPrefix(prefix, pipeline, dt)));
  for (const auto& shard : shards) RETURN_IF_ERROR(store.Delete(shard.key));
  return store.Delete(MarkerKey(prefix, pipeline, dt));
}

bool NeedsProcessing(const std::optional<Marker>& marker, std::string_view key, std::string_view sha256,
                     int64_t rule_version) {
  if (!marker) return true;
  const auto it = marker->inputs.find(std::string(key));
  return it == marker->inputs.end() || it->second.sha256 != sha256 || it->second.rule_version != rule_version;
}

}  // namespace penstock::lake
