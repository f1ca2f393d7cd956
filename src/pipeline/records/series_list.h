// What a run of a pipeline of records asks for.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"
#include "source/record_source.h"

namespace penstock::pipeline {

// Whether the series stand in an object of the bucket, {prefix}definitions.json, that is read at each run
// (kind iex); otherwise they stand in pipeline.yaml.
bool HasDefinitions(const Pipeline& pipeline);

struct WrongSeries {
  std::string key;
  std::string why;
};

struct SeriesList {
  std::vector<source::RecordSeries> series;  // in the order of the document
  std::vector<WrongSeries> wrong;            // left out
};

// The series of now. Where the bucket has no definitions yet, those of the pipeline's folder are copied
// there. InvalidData: definitions that are no such document. Configuration: there are none anywhere.
Result<SeriesList> ReadSeriesList(const Pipeline& pipeline, const Runtime& runtime,
                                  const source::RecordSource& source);

json::object ToJson(const source::RecordSeries& series);
// {"key", "query"}. InvalidData.
Result<source::RecordSeries> ParseSeries(const json::value& value);

// The pipeline's source as this run has it (--demo, --endpoint). `asks`: with the provider behind it;
// without, it only reads what is kept, and needs no secret. Configuration names the setting or the variable
// that is missing or wrong.
enum class SourceUse { kAsk, kRead };
Result<std::unique_ptr<source::RecordSource>> OpenRecordSource(const Pipeline& pipeline,
                                                               const Runtime& runtime, SourceUse use);

}  // namespace penstock::pipeline
