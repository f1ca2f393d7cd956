#include "pipeline/market/coverage.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/date_json.h"
#include "base/json_text.h"
#include "calendar/exchange_calendar.h"
#include "lake/marker.h"
#include "pipeline/layout.h"
#include "store/object_store.h"

namespace penstock::pipeline {
namespace {

json::object SymbolJson(const std::string& symbol, const SymbolCoverage& coverage) {
  json::object out{{"symbol", symbol}, {"answered", DateSetJson(coverage.answered)}};
  // Mostly all that was answered is there.
  if (!(coverage.present == coverage.answered)) out["present"] = DateSetJson(coverage.present);
  if (!coverage.rejected.empty()) {
    json::object days;
    for (const auto& [day, rule] : coverage.rejected) days[FormatDate(day)] = rule;
    out["rejected"] = std::move(days);
  }
  if (!coverage.unknown.empty()) {
    json::object days;
    for (const auto& [day, at] : coverage.unknown) days[FormatDate(day)] = FormatTimestamp(at);
    out["unknown"] = std::move(days);
    out["unknown_days"] = DateSetJson(coverage.unknown_days);
  }
  return out;
}

Status ParseSymbol(const json::value& value, Coverage& coverage) {
  ASSIGN_OR_RETURN(const std::string symbol, GetString(value, "symbol"));
  const auto& object = value.get_object();
  SymbolCoverage out;
  ASSIGN_OR_RETURN(out.answered, ParseDateSet(object, "answered"));
  ASSIGN_OR_RETURN(out.unknown_days, ParseDateSet(object, "unknown_days"));
  if (object.contains("present")) {
    ASSIGN_OR_RETURN(out.present, ParseDateSet(object, "present"));
  } else {
    out.present = out.answered;
  }
  RETURN_IF_ERROR(ParseDayTexts(object, "rejected", [&](Date day, std::string rule) {
    out.rejected[day] = std::move(rule);
    return Status::OK();
  }));
  RETURN_IF_ERROR(ParseDayTexts(object, "unknown", [&](Date day, const std::string& at) -> Status {
    ASSIGN_OR_RETURN(out.unknown[day], ParseTimestamp(at));
    return Status::OK();
  }));
  coverage.symbols[symbol] = std::move(out);
  return Status::OK();
}

// What is kept; an empty one when there is none, or one that cannot be read: it is only a cache.
Coverage ReadKept(const Pipeline& pipeline, const Runtime& runtime) {
  const auto object = runtime.store->Get(CoverageKey(pipeline));
  if (!object.ok()) {
    if (CodeOf(object.status()) != ErrorCode::kNotFound) {
      runtime.log.Warning("coverage_not_read", {{"cause", object.status().message()}});
    }
    return {};
  }
  auto parsed = ParseCoverage(object->bytes);
  if (parsed.ok() && parsed->rule_version == pipeline.config.rule_version) return *std::move(parsed);
  runtime.log.Info("coverage_rebuilt",
                   {{"cause", parsed.ok() ? "the rules changed" : parsed.status().message()}});
  return {};
}

}  // namespace

SymbolCoverage::UnknownStreak SymbolCoverage::Streak() const {
  UnknownStreak streak;
  auto it = answered.empty() ? unknown.begin() : unknown.upper_bound(answered.ranges().back().to);
  for (; it != unknown.end(); ++it) {
    if (streak.runs++ == 0) streak.first = it->first;
    streak.last = it->first;
    streak.last_asked = std::max(streak.last_asked, it->second);
  }
  return streak;
}

std::optional<TimePoint> SymbolCoverage::QuarantinedUntil(const QuarantineConfig& config) const {
  const UnknownStreak streak = Streak();
  if (streak.runs < config.after_runs) return std::nullopt;
  return streak.last_asked + std::chrono::hours(24 * config.probe_every_days);
}

Result<bool> RecordUnknown(const Pipeline& pipeline, const Runtime& runtime, const RawKey& key) {
  ASSIGN_OR_RETURN(const Coverage coverage, ReadCoverage(pipeline, runtime));
  const auto known = coverage.symbols.find(key.symbol);
  const bool quarantined = known != coverage.symbols.end() &&
                           known->second.QuarantinedUntil(pipeline.config.source.quarantine).has_value();
  RETURN_IF_ERROR(
      MarkUnknown(pipeline, runtime, key.to, {key.ToStem(pipeline.config.prefix)}, EncodeSymbol(key.symbol)));
  return quarantined;
}

Status MarkUnknown(const Pipeline& pipeline, const Runtime& runtime, Date day,
                   const std::vector<std::string>& stems, const std::string& shard) {
  lake::Marker marker{pipeline.name(), day, {}, {}};
  for (const auto& stem : stems) marker.unknown[stem] = runtime.clock->Now();
  return lake::UpdateMarkerShard(*runtime.store, pipeline.config.prefix, marker, shard + ".unknown");
}

void Coverage::Fold(const Pipeline& pipeline, const lake::Marker& marker) {
  const auto no_session = [&](Date first, Date last) {
    return pipeline.calendar->Sessions(first, last).empty();
  };
  for (const auto& [name, input] : marker.inputs) {
    const auto key = RawKey::Parse(pipeline.config.prefix, name);
    if (!key) continue;
    SymbolCoverage& symbol = symbols[key->symbol];
    DateSet present(DateRange{key->from, key->to});
    present.Remove(input.absent);
    for (const auto& [day, rule] : input.rejected_days) {
      present.Remove({day, day});
      if (!symbol.present.Contains(day)) symbol.rejected.emplace(day, rule);
    }
    symbol.answered.Add({key->from, key->to});
    symbol.answered.Join(no_session);
    symbol.present.Add(present);
    symbol.present.Join(no_session);
    std::erase_if(symbol.rejected, [&](const auto& entry) { return symbol.present.Contains(entry.first); });
  }
  for (const auto& [stem, at] : marker.unknown) {
    const auto key = RawKey::Parse(pipeline.config.prefix, stem + ".json");
    if (!key) continue;
    SymbolCoverage& symbol = symbols[key->symbol];
    TimePoint& known = symbol.unknown[key->to];
    known = std::max(known, at);
    symbol.unknown_days.Add({key->from, key->to});
    symbol.unknown_days.Join(no_session);
  }
}

std::string CoverageKey(const Pipeline& pipeline) {
  return fmt::format("{}markers/{}/coverage.jsonl", pipeline.config.prefix, pipeline.name());
}

std::string WriteCoverage(const Coverage& coverage) {
  json::object markers;
  for (const auto& [key, etag] : coverage.markers) markers[key] = etag;
  std::string out =
      JsonText(json::object{{"rule_version", coverage.rule_version}, {"markers", std::move(markers)}});
  out += '\n';
  for (const auto& [symbol, days] : coverage.symbols) {
    AppendJson(SymbolJson(symbol, days), out);
    out += '\n';
  }
  return out;
}

Result<Coverage> ParseCoverage(std::string_view text) {
  Coverage coverage;
  bool first = true;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return MakeError(ErrorCode::kInvalidData, "its last line is cut off");
    ASSIGN_OR_RETURN(const json::value value, ParseJson(text.substr(0, end)));
    text.remove_prefix(end + 1);
    if (!first) {
      RETURN_IF_ERROR(ParseSymbol(value, coverage));
      continue;
    }
    first = false;
    ASSIGN_OR_RETURN(coverage.rule_version, GetInt(value, "rule_version"));
    const auto* markers = value.get_object().if_contains("markers");
    if (markers == nullptr || !markers->is_object()) {
      return MakeError(ErrorCode::kInvalidData, "\"markers\": expected an object");
    }
    for (const auto& entry : markers->get_object()) {
      ASSIGN_OR_RETURN(coverage.markers[std::string(entry.key())], GetString(*markers, entry.key()));
    }
  }
  if (first) return MakeError(ErrorCode::kInvalidData, "it is empty");
  return coverage;
}

Result<Coverage> ReadCoverage(const Pipeline& pipeline, const Runtime& runtime,
                              const CoverageOptions& options) {
  const std::string& prefix = pipeline.config.prefix;
  Coverage coverage = options.rebuild ? Coverage{} : ReadKept(pipeline, runtime);
  coverage.rule_version = pipeline.config.rule_version;
  ASSIGN_OR_RETURN(const auto listed,
                   store::ListAll(*runtime.store, fmt::format("{}markers/{}/dt=", prefix, pipeline.name())));
  bool changed = false;
  std::map<std::string, std::string> present;
  for (const auto& info : listed) {
    if (!lake::DayOfMarkerKey(prefix, pipeline.name(), info.key)) continue;
    present[info.key] = info.etag;
    const auto known = coverage.markers.find(info.key);
    if (known != coverage.markers.end() && known->second == info.etag) continue;
    const auto object = runtime.store->Get(info.key);
    if (CodeOf(object.status()) == ErrorCode::kNotFound) continue;  // a shard that was folded: in its marker
    RETURN_IF_ERROR(object.status());
    ASSIGN_OR_RETURN(const lake::Marker marker, lake::ParseStoredMarker(*object));
    coverage.Fold(pipeline, marker);
    present[info.key] = object->info.etag;
    changed = true;
  }
  // A marker that is gone was deleted to be forgotten, but a shard went into its day's marker.
  const bool forgotten =
      std::any_of(coverage.markers.begin(), coverage.markers.end(), [&](const auto& entry) {
        if (present.contains(entry.first)) return false;
        const auto day = lake::DayOfMarkerKey(prefix, pipeline.name(), entry.first);
        return !day || !present.contains(lake::MarkerKey(prefix, pipeline.name(), *day));
      });
  if (forgotten && !options.rebuild) return ReadCoverage(pipeline, runtime, {.rebuild = true});
  changed = changed || coverage.markers.size() != present.size();
  coverage.markers = std::move(present);
  if (changed || options.rebuild) {
    const auto put = runtime.store->Put(CoverageKey(pipeline), WriteCoverage(coverage));
    if (!put.ok()) runtime.log.Warning("coverage_not_kept", {{"cause", put.status().message()}});
  }
  return coverage;
}

}  // namespace penstock::pipeline
