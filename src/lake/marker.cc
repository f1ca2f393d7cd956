#include "lake/marker.h"

#include <fmt/format.h>

#include <algorithm>

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
  return {{"key", input.key},
          {"sha256", input.sha256},
          {"bytes", input.bytes},
          {"fetched_at", FormatTimestamp(input.fetched_at)},
          {"rule_version", input.rule_version},
          {"rows", input.rows},
          {"accepted", input.accepted},
          {"rejected", input.rejected},
          {"rejected_by_rule", CountsJson(input.rejected_by_rule)},
          {"warned_by_rule", CountsJson(input.warned_by_rule)}};
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
  return input;
}

Result<const json::array*> ArrayOf(const json::value& value, std::string_view key) {
  const auto* object = value.if_object();
  const auto* member = object == nullptr ? nullptr : object->if_contains(key);
  if (member == nullptr || !member->is_array()) {
    return MakeError(ErrorCode::kInvalidData, fmt::format("\"{}\": expected a list", key));
  }
  return &member->get_array();
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
  return ToPrettyJson(
      json::object{{"pipeline", marker.pipeline},
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
                   {"outputs", std::move(outputs)}});
}

Result<Marker> ParseMarker(std::string_view text) {
  ASSIGN_OR_RETURN(const auto value, ParseJson(text));
  Marker marker;
  ASSIGN_OR_RETURN(marker.pipeline, GetString(value, "pipeline"));
  ASSIGN_OR_RETURN(const auto dt, GetString(value, "dt"));
  ASSIGN_OR_RETURN(marker.dt, ParseDate(dt));
  ASSIGN_OR_RETURN(const auto* inputs, ArrayOf(value, "inputs"));
  for (const auto& item : *inputs) {
    ASSIGN_OR_RETURN(auto input, ParseInput(item));
    marker.inputs[input.key] = std::move(input);
  }
  ASSIGN_OR_RETURN(const auto* outputs, ArrayOf(value, "outputs"));
  for (const auto& item : *outputs) {
    if (!item.is_string()) return MakeError(ErrorCode::kInvalidData, "\"outputs\": expected keys");
    marker.outputs.emplace_back(item.get_string());
  }
  std::sort(marker.outputs.begin(), marker.outputs.end());
  return marker;
}

namespace {

Result<Marker> ParseStored(const store::Object& object) {
  auto marker = ParseMarker(object.bytes);
  if (marker.ok()) return marker;
  return MakeError(
      ErrorCode::kCorrupt,
      fmt::format("{} is not a marker of what was processed: {}", object.info.key, marker.status().message()),
      "delete it: its inputs are then processed again, which changes nothing else");
}

}  // namespace

Result<std::optional<Marker>> ReadMarker(store::ObjectStore& store, std::string_view prefix,
                                         std::string_view pipeline, Date dt) {
  const auto object = store.Get(MarkerKey(prefix, pipeline, dt));
  if (!object.ok()) {
    if (CodeOf(object.status()) == ErrorCode::kNotFound) return std::optional<Marker>();
    return object.status();
  }
  ASSIGN_OR_RETURN(auto marker, ParseStored(*object));
  return std::optional<Marker>(std::move(marker));
}

Status UpdateMarker(store::ObjectStore& store, std::string_view prefix, const Marker& changes) {
  const std::string key = MarkerKey(prefix, changes.pipeline, changes.dt);
  for (int attempt = 0; attempt < kMaxTries; ++attempt) {
    Marker marker{changes.pipeline, changes.dt, {}, {}};
    store::PutOptions options{.if_absent = true};
    const auto object = store.Get(key);
    if (object.ok()) {
      ASSIGN_OR_RETURN(marker, ParseStored(*object));
      options = {.if_match = object->info.etag};
    } else if (CodeOf(object.status()) != ErrorCode::kNotFound) {
      return object.status();
    }
    for (const auto& [input_key, input] : changes.inputs) marker.inputs[input_key] = input;
    marker.outputs.insert(marker.outputs.end(), changes.outputs.begin(), changes.outputs.end());
    std::sort(marker.outputs.begin(), marker.outputs.end());
    marker.outputs.erase(std::unique(marker.outputs.begin(), marker.outputs.end()), marker.outputs.end());
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

bool NeedsProcessing(const std::optional<Marker>& marker, std::string_view key, std::string_view sha256,
                     int64_t rule_version) {
  if (!marker) return true;
  const auto it = marker->inputs.find(std::string(key));
  return it == marker->inputs.end() || it->second.sha256 != sha256 || it->second.rule_version != rule_version;
}

}  // namespace penstock::lake
