// What was asked of the provider for each symbol, and what became of it: all markers of a pipeline, folded.
// Kept beside them as markers/PIPELINE/coverage.jsonl, which is a cache: it names the markers that are in it,
// and is brought up to date with the others whenever it is read.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/date_set.h"
#include "base/status.h"
#include "pipeline/layout.h"
#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"

namespace penstock::lake {
struct Marker;
}

namespace penstock::pipeline {

// Days are sessions of the pipeline's exchange; ranges go over the days between that are none. Whatever the
// order in which markers are folded, the result is the same: a row that passed counts before one that was
// refused, and that before none.
struct SymbolCoverage {
  DateSet answered;                      // asked, and the provider gave an answer for these days
  DateSet present;                       // of these: with a row that passed
  std::map<Date, std::string> rejected;  // of these: with a row that a rule refused; the rule
  std::map<Date, TimePoint> unknown;     // asked up to this day, and the provider knows no such symbol
  DateSet unknown_days;                  // all days asked for so

  // How often in a row, and since when, the provider did not know it: those after its last answer.
  struct UnknownStreak {
    int runs = 0;
    Date first{}, last{};  // the days asked for
    TimePoint last_asked{};
  };
  UnknownStreak Streak() const;
  // When a symbol that the provider did not know for some runs is to be asked for again; nothing for one that
  // is asked for in every run.
  std::optional<TimePoint> QuarantinedUntil(const QuarantineConfig& config) const;
};

struct Coverage {
  int64_t rule_version = 0;
  std::map<std::string, std::string> markers;  // key → etag of those that are folded in
  std::map<std::string, SymbolCoverage, std::less<>> symbols;

  void Fold(const Pipeline& pipeline, const lake::Marker& marker);
};

struct CoverageOptions {
  bool rebuild = false;  // from all markers, whatever is kept
};

// Up to date with the markers. The kept one is written again when it changed; should that fail, the next
// reader does the work once more. Corrupt: a marker that cannot be read (named).
Result<Coverage> ReadCoverage(const Pipeline& pipeline, const Runtime& runtime,
                              const CoverageOptions& options = {});

// Says in the marker of its day that the provider does not know the symbol of this answer. Answers whether it
// was in quarantine already: then this was a probe, and no news.
Result<bool> RecordUnknown(const Pipeline& pipeline, const Runtime& runtime, const RawKey& key);
// The same of many answers of one day (RawKey::ToStem), without a look at the quarantine; `shard` of the
// marker is theirs.
Status MarkUnknown(const Pipeline& pipeline, const Runtime& runtime, Date day,
                   const std::vector<std::string>& stems, const std::string& shard);

// {prefix}markers/PIPELINE/coverage.jsonl
std::string CoverageKey(const Pipeline& pipeline);
// One line of facts, then one a symbol.
std::string WriteCoverage(const Coverage& coverage);
// InvalidData.
Result<Coverage> ParseCoverage(std::string_view text);

}  // namespace penstock::pipeline
