// What one execution has to fetch of a market that is taken file by file: an object that the first step
// writes, so that every round, and a run that is taken up again, goes by the same list.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/date_set.h"
#include "base/json.h"
#include "base/status.h"
#include "pipeline/market/coverage.h"
#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"

namespace penstock::pipeline {

struct FileWork {
  std::string symbol;
  DateRange days;
  bool probe = false;  // in quarantine: that the provider still does not know it is no failure

  json::object ToJson() const;
  static Result<FileWork> Parse(const json::value& value);
  friend bool operator==(const FileWork&, const FileWork&) = default;
};

struct WorkListOptions {
  DateRange days;
  std::span<const std::string> symbols;  // empty: all of the pipeline
  bool again = false;                    // all days, also those with an answer
};

// What is missing of these days, in the order of the symbol file, a symbol's ranges together. A symbol
// without any row is asked for from batch.history_from on; one that was delisted, up to then; one in
// quarantine when its probe is due. `quarantined` counts those left alone.
std::vector<FileWork> FindWork(const Pipeline& pipeline, const Coverage& coverage,
                               const WorkListOptions& options, TimePoint now, int64_t* quarantined = nullptr);

// {prefix}markers/PIPELINE/runs/EXECUTION.files.jsonl
std::string WorkListKey(const Pipeline& pipeline, std::string_view execution);
std::string WriteWorkList(const std::vector<FileWork>& work);
// InvalidData.
Result<std::vector<FileWork>> ParseWorkList(std::string_view text);
// NotFound: the execution has none.
Result<std::vector<FileWork>> ReadWorkList(const Pipeline& pipeline, const Runtime& runtime,
                                           std::string_view execution);

}  // namespace penstock::pipeline
