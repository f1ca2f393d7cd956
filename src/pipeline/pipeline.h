// A pipeline folder, loaded: pipeline.yaml, workflow.asl.json, the symbol file, queries/.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "lake/table_spec.h"
#include "pipeline/config.h"
#include "pipeline/stream/renamed_tickers.h"

namespace penstock::calendar {
class ExchangeCalendar;
}

namespace penstock::pipeline {

// What a bucket is called in a state machine that runs embedded: any name means the bucket of the run.
inline constexpr std::string_view kEmbeddedBucket = "lake";

struct Pipeline {
  PipelineConfig config;
  std::string folder;    // absolute
  std::string workflow;  // the text of workflow.asl.json, its ${…} filled in
  // Of the family kMarket; empty otherwise.
  std::vector<std::string> symbols;
  std::map<std::string, Date, std::less<>> delisted;     // those of the symbol file that trade no more
  const calendar::ExchangeCalendar* calendar = nullptr;  // of kStream as well
  RenamedTickers renamed;                                // kStream
  lake::TableSpec bars;
  lake::TableSpec actions;

  const std::string& name() const { return config.name; }
  source::Family family() const { return config.family(); }
  std::string dead_letter_queue() const { return config.name + "-dlq"; }
  // The first day on which the symbol file says that it trades no more.
  std::optional<Date> DelistedOn(std::string_view symbol) const {
    const auto found = delisted.find(symbol);
    return found == delisted.end() ? std::nullopt : std::optional<Date>(found->second);
  }
  std::string queries_folder() const { return folder + "/queries"; }
};

// The folder that `name` means: a path to it (or to its pipeline.yaml), or a name below ./, ./pipelines/, or
// the pipelines that came with the binary. NotFound lists where it was looked for.
Result<std::string> FindPipelineFolder(std::string_view name);

// Configuration names the file and the line of what is wrong; NotFound as above.
Result<Pipeline> LoadPipeline(std::string_view name);

// Folders of pipelines that FindPipelineFolder would find by name.
std::vector<std::string> KnownPipelines();
// Of these, the ones below ./ and ./pipelines/: a user's own.
std::vector<std::string> LocalPipelines();

}  // namespace penstock::pipeline
