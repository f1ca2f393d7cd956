#include "pipeline/tenders/extract_marker.h"

#include <fmt/format.h>

#include <charconv>
#include <set>

#include "base/json.h"

namespace penstock::pipeline {

std::vector<int> ExtractMarker::Years() const {
  std::set<int> years;
  constexpr std::string_view kDay = "/dt=";
  for (const auto& output : outputs) {
    const size_t at = output.find(kDay);
    int year = 0;
    if (at == std::string::npos || output.size() < at + kDay.size() + 4) continue;
    const char* first = output.data() + at + kDay.size();
    if (std::from_chars(first, first + 4, year).ec == std::errc()) years.insert(year);
  }
  return {years.begin(), years.end()};
}

std::string WriteExtractMarker(const ExtractMarker& marker) {
  json::array outputs;
  for (const auto& output : marker.outputs) outputs.emplace_back(output);
  return ToPrettyJson(json::object{{"archive", marker.archive},
                                   {"etag", marker.etag},
                                   {"sha256", marker.sha256},
                                   {"bytes", marker.bytes},
                                   {"reader", marker.reader},
                                   {"notices", marker.notices},
                                   {"lots", marker.lots},
                                   {"awards", marker.awards},
                                   {"refused", marker.refused},
                                   {"passed_over", marker.passed_over},
                                   {"outputs", std::move(outputs)}});
}

Result<ExtractMarker> ParseExtractMarker(std::string_view text) {
  ASSIGN_OR_RETURN(const json::value value, ParseJson(text));
  ExtractMarker marker;
  ASSIGN_OR_RETURN(marker.archive, GetString(value, "archive"));
  ASSIGN_OR_RETURN(marker.etag, GetString(value, "etag"));
  ASSIGN_OR_RETURN(marker.sha256, GetString(value, "sha256"));
  ASSIGN_OR_RETURN(marker.bytes, GetInt(value, "bytes"));
  ASSIGN_OR_RETURN(marker.reader, GetString(value, "reader"));
  ASSIGN_OR_RETURN(marker.notices, GetInt(value, "notices"));
  ASSIGN_OR_RETURN(marker.lots, GetInt(value, "lots"));
  ASSIGN_OR_RETURN(marker.awards, GetInt(value, "awards"));
  ASSIGN_OR_RETURN(marker.refused, GetInt(value, "refused"));
  ASSIGN_OR_RETURN(marker.passed_over, GetInt(value, "passed_over"));
  ASSIGN_OR_RETURN(const auto* outputs, GetArray(value, "outputs"));
  for (const auto& output : *outputs) {
    if (!output.is_string()) return MakeError(ErrorCode::kInvalidData, "\"outputs\": expected keys");
    marker.outputs.emplace_back(output.get_string());
  }
  return marker;
}

Result<std::optional<ExtractMarker>> ReadExtractMarker(store::ObjectStore& store, const std::string& key) {
  const auto object = store.Get(key);
  if (!object.ok() && CodeOf(object.status()) == ErrorCode::kNotFound) return std::nullopt;
  RETURN_IF_ERROR(object.status());
  auto marker = ParseExtractMarker(object->bytes);
  if (marker.ok()) return *std::move(marker);
  return MakeError(ErrorCode::kCorrupt,
                   fmt::format("{} is no marker of an extraction: {}", key, marker.status().message()),
                   "delete it; the archive is then extracted again");
}

}  // namespace penstock::pipeline
