// Where the objects of a pipeline lie in its bucket (DESIGN, "Bucket layout of a pipeline"). Keys are a
// function of what they hold, so doing it again overwrites the same object.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/date.h"
#include "base/status.h"
#include "lake/symbol_key.h"

namespace penstock::pipeline {

using lake::DecodeSymbol;
using lake::EncodeSymbol;

// A raw answer: raw/dt=TO/SYMBOL.json for one session, raw/dt=TO/SYMBOL_FROM.json for a range FROM…TO.
struct RawKey {
  std::string symbol;
  Date from, to;
  std::string extension;  // json, csv

  std::string ToKey(std::string_view prefix) const;
  // The same without the extension.
  std::string ToStem(std::string_view prefix) const;
  // nullopt: not the key of a raw answer below this prefix.
  static std::optional<RawKey> Parse(std::string_view prefix, std::string_view key);
};

std::string RawPrefix(std::string_view prefix);            // {prefix}raw/
std::string RawPrefix(std::string_view prefix, Date day);  // {prefix}raw/dt=YYYY-MM-DD/
// {prefix}markers/PIPELINE/runs/NAME.json: the summary of a run.
std::string RunSummaryKey(std::string_view prefix, std::string_view pipeline, std::string_view execution);
// {prefix}markers/PIPELINE/metrics.prom: of the last run.
std::string MetricsKey(std::string_view prefix, std::string_view pipeline);

}  // namespace penstock::pipeline
