#include "pipeline/layout.h"

#include <fmt/format.h>

namespace penstock::pipeline {
std::string RawPrefix(std::string_view prefix) { return fmt::format("{}raw/", prefix); }

std::string RawPrefix(std::string_view prefix, Date day) {
  return fmt::format("{}raw/dt={}/", prefix, FormatDate(day));
}

std::string RawKey::ToKey(std::string_view prefix) const { return ToStem(prefix) + "." + extension; }

std::string RawKey::ToStem(std::string_view prefix) const {
  std::string stem = RawPrefix(prefix, to) + EncodeSymbol(symbol);
  if (from != to) stem += "_" + FormatDate(from);
  return stem;
}

std::optional<RawKey> RawKey::Parse(std::string_view prefix, std::string_view key) {
  const std::string head = RawPrefix(prefix) + "dt=";
  if (!key.starts_with(head)) return std::nullopt;
  key.remove_prefix(head.size());
  const auto day = ParseDate(key.substr(0, 10));
  if (!day.ok() || key.size() < 12 || key[10] != '/') return std::nullopt;
  key.remove_prefix(11);
  const size_t dot = key.rfind('.');
  if (dot == std::string_view::npos || key.find('/') != std::string_view::npos) return std::nullopt;
  RawKey out;
  out.to = out.from = *day;
  out.extension = key.substr(dot + 1);
  if (out.extension != "json" && out.extension != "csv") return std::nullopt;
  std::string_view name = key.substr(0, dot);
  if (const size_t underscore = name.find('_'); underscore != std::string_view::npos) {
    const auto from = ParseDate(name.substr(underscore + 1));
    if (!from.ok() || *from >= out.to) return std::nullopt;
    out.from = *from;
    name = name.substr(0, underscore);
  }
  const auto symbol = DecodeSymbol(name);
  if (!symbol.ok()) return std::nullopt;
  out.symbol = *symbol;
  return out;
}

std::string RunSummaryKey(std::string_view prefix, std::string_view pipeline, std::string_view execution) {
  return fmt::format("{}markers/{}/runs/{}.json", prefix, pipeline, execution);
}

std::string MetricsKey(std::string_view prefix, std::string_view pipeline) {
  return fmt::format("{}markers/{}/metrics.prom", prefix, pipeline);
}

}  // namespace penstock::pipeline
