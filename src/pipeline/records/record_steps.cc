#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>

#include "pipeline/pipeline.h"
#include "pipeline/records/fetch_series.h"
#include "pipeline/records/process_records.h"
#include "pipeline/records/record_layout.h"
#include "pipeline/records/series_list.h"
#include "pipeline/records/steps.h"
#include "pipeline/runtime.h"
#include "pipeline/step.h"
#include "store/object_store.h"

namespace penstock::pipeline {
namespace {

// {prefix}markers/PIPELINE/runs/RUN.WHAT. `series.json`: what this run asks for, so that one that is taken up
// again goes by the same list; `results`: below it, what each series came to.
std::string KeyOfRun(const Pipeline& pipeline, std::string_view run, std::string_view what) {
  return fmt::format("{}markers/{}/runs/{}.{}", pipeline.config.prefix, pipeline.name(), run, what);
}

// The execution's name, or that with -2, -3 …: two machines on one bucket may begin executions of one name,
// in the same second or by the same schedule. Puts the list of its series.
Result<std::string> ClaimRun(const StepContext& context, std::string_view series) {
  for (int n = 1;; ++n) {
    std::string run = n == 1 ? std::string(context.execution) : fmt::format("{}-{}", context.execution, n);
    const Status put = context.runtime.store
                           ->Put(KeyOfRun(context.pipeline, run, "series.json"), series, {.if_absent = true})
                           .status();
    if (put.ok()) return run;
    if (CodeOf(put) != ErrorCode::kAlreadyExists) return put;
  }
}

// A state of a state machine has at most 256 KiB: of wrong keys so many are named there, all of them in the
// log.
constexpr size_t kNamedWrong = 100;

// Those of "keys" in the input of the run; all without it.
Status KeepAsked(const json::value& input, SeriesList& list) {
  const auto* object = input.if_object();
  if (object == nullptr || !object->contains("keys")) return Status::OK();
  ASSIGN_OR_RETURN(const auto* keys, GetArray(input, "keys"));
  std::set<std::string> asked;
  for (const auto& key : *keys) {
    if (key.is_string()) asked.emplace(key.get_string());
  }
  std::set<std::string> missing = asked;
  for (const auto& series : list.series) missing.erase(series.key);
  for (const auto& wrong : list.wrong) missing.erase(wrong.key);
  if (!missing.empty()) {
    return MakeError(ErrorCode::kConfiguration, fmt::format("no series has the key {}", *missing.begin()),
                     "\"keys\" of the input names keys of the definitions");
  }
  std::erase_if(list.series, [&](const auto& series) { return !asked.contains(series.key); });
  std::erase_if(list.wrong, [&](const auto& wrong) { return !asked.contains(wrong.key); });
  return Status::OK();
}

Result<json::value> ReadJson(store::ObjectStore& store, const std::string& key) {
  ASSIGN_OR_RETURN(const auto object, store.Get(key));
  auto value = ParseJson(object.bytes);
  return value.ok() ? value : WithContext(value.status(), key);
}

// What the series' fetches came to: the list itself, or what a Map's ResultWriter says of where it put it.
// Source: AWS Step Functions developer guide, "ResultWriter (Map)", the manifest.
Result<json::array> ResultsOf(store::ObjectStore& store, const json::value& input) {
  const auto* results = FindMember(input, "results");
  if (results == nullptr) return MakeError(ErrorCode::kInvalidData, "\"results\": expected a list");
  if (results->is_array()) return results->get_array();
  const auto* details = FindMember(*results, "ResultWriterDetails");
  if (details == nullptr)
    return MakeError(ErrorCode::kInvalidData, "\"results\": expected a list, or a ResultWriter's answer");
  ASSIGN_OR_RETURN(const std::string key, GetString(*details, "Key"));
  ASSIGN_OR_RETURN(const json::value manifest, ReadJson(store, key));
  const auto* files = FindMember(manifest, "ResultFiles");
  if (files == nullptr) return MakeError(ErrorCode::kInvalidData, key + ": no ResultFiles in the manifest");
  ASSIGN_OR_RETURN(const auto* succeeded, GetArray(*files, "SUCCEEDED"));
  json::array all;
  for (const auto& file : *succeeded) {
    ASSIGN_OR_RETURN(const std::string part, GetString(file, "Key"));
    ASSIGN_OR_RETURN(json::value values, ReadJson(store, part));
    if (!values.is_array()) return MakeError(ErrorCode::kInvalidData, part + ": expected a list");
    for (auto& value : values.get_array()) all.push_back(std::move(value));
  }
  return all;
}

}  // namespace

Result<json::value> RunListSeriesStep(const StepContext& context, const json::value& input) {
  const Runtime& runtime = context.runtime;
  ASSIGN_OR_RETURN(const auto source, OpenRecordSource(context.pipeline, runtime, SourceUse::kAsk));
  ASSIGN_OR_RETURN(SeriesList list, ReadSeriesList(context.pipeline, runtime, *source));
  RETURN_IF_ERROR(KeepAsked(input, list));
  json::array wrong, series;
  for (const auto& one : list.wrong) {
    runtime.log.Warning("wrong_series", {{"key", one.key}, {"why", one.why}});
    if (wrong.size() < kNamedWrong) wrong.push_back(json::object{{"key", one.key}, {"why", one.why}});
  }
  const std::string since = FormatStamp(runtime.clock->Now());
  for (const auto& one : list.series) {
    json::object item = ToJson(one);
    item["since"] = since;
    series.push_back(std::move(item));
  }
  ASSIGN_OR_RETURN(const std::string run, ClaimRun(context, ToPrettyJson(series)));
  const auto count = static_cast<int64_t>(list.series.size());
  runtime.progress->Begin("fetch", count);
  return json::object{{"count", count},
                      {"items", KeyOfRun(context.pipeline, run, "series.json")},
                      {"results", KeyOfRun(context.pipeline, run, "results")},
                      {"wrong", std::move(wrong)},
                      {"wrong_count", static_cast<int64_t>(list.wrong.size())}};
}

Result<json::value> RunFetchSeriesStep(const StepContext& context, const json::value& input) {
  const Runtime& runtime = context.runtime;
  ASSIGN_OR_RETURN(const auto series, ParseSeries(input));
  ASSIGN_OR_RETURN(const std::string since, GetStringOr(input, "since", ""));
  const auto began = since.empty() ? std::optional(TimePoint{}) : ParseStamp(since);
  if (!began) return MakeError(ErrorCode::kInvalidData, fmt::format("\"since\": not a time: {}", since));
  ASSIGN_OR_RETURN(const auto source, OpenRecordSource(context.pipeline, runtime, SourceUse::kAsk));
  ASSIGN_OR_RETURN(const auto left,
                   Unprocessed(RecordLayout(context.pipeline), *runtime.store, series.key, *began));
  const auto fetched = FetchSeries(context.pipeline, runtime, *source, series, context.stop);
  if (!fetched.ok()) {
    runtime.progress->Advance(1, 1);
    runtime.log.Warning("fetch_failed", {{"execution", context.execution},
                                         {"series", series.key},
                                         {"error", NameOf(CodeOf(fetched.status()))},
                                         {"cause", fetched.status().message()}});
    return WithContext(fetched.status(), series.key);
  }
  runtime.progress->Advance(1);
  json::array raw;
  for (const auto& key : left) raw.emplace_back(key);
  for (const auto& key : fetched->keys) raw.emplace_back(key);
  return json::object{{"key", series.key}, {"raw", std::move(raw)}, {"bytes", fetched->bytes}};
}

Result<std::vector<std::string>> RawOf(const json::value& value) {
  ASSIGN_OR_RETURN(const auto* raw, GetArray(value, "raw"));
  auto keys = json::try_value_to<std::vector<std::string>>(*raw);
  if (!keys) return MakeError(ErrorCode::kInvalidData, "\"raw\": expected keys of raw objects");
  return *std::move(keys);
}

Result<json::value> RunProcessSeriesStep(const StepContext& context, const json::value& input) {
  ASSIGN_OR_RETURN(const std::string key, GetString(input, "key"));
  ASSIGN_OR_RETURN(const auto keys, RawOf(input));
  ASSIGN_OR_RETURN(const auto source, OpenRecordSource(context.pipeline, context.runtime, SourceUse::kRead));
  RecordProcessor processor(context.pipeline, context.runtime, *source, context.execution);
  ProcessCount count;
  RETURN_IF_ERROR(processor.ProcessAll(keys, count, context.stop).status());
  return json::object{{"key", key}, {"files", count.files}, {"rows", count.rows}, {"failed", count.failed}};
}

Result<json::value> RunProcessFetchedStep(const StepContext& context, const json::value& input) {
  ASSIGN_OR_RETURN(const json::array results, ResultsOf(*context.runtime.store, input));
  const auto* list = input.get_object().if_contains("list");
  if (list == nullptr) return MakeError(ErrorCode::kInvalidData, "\"list\": expected what list_series gave");
  ASSIGN_OR_RETURN(const auto* wrong, GetArray(*list, "wrong"));
  std::set<std::string> series, incomplete;
  std::vector<std::string> raw;
  int64_t not_fetched = 0;
  for (const auto& result : results) {
    ASSIGN_OR_RETURN(std::string key, GetString(result, "key"));
    if (const int64_t failed = GetIntOr(result, "failed", 0).ValueOr(0); failed > 0) {
      not_fetched += failed;
      incomplete.insert(key);
    } else {
      ASSIGN_OR_RETURN(auto kept, RawOf(result));
      std::move(kept.begin(), kept.end(), std::back_inserter(raw));
    }
    series.insert(std::move(key));
  }
  ASSIGN_OR_RETURN(const auto source, OpenRecordSource(context.pipeline, context.runtime, SourceUse::kRead));
  RecordProcessor processor(context.pipeline, context.runtime, *source, context.execution);
  ProcessCount count;
  ASSIGN_OR_RETURN(const auto buried, processor.ProcessAll(raw, count, context.stop));
  RETURN_IF_ERROR(processor.Register(series));
  const RecordLayout layout(context.pipeline);
  for (const auto& key : buried) {
    if (const auto record = layout.ParseRawKey(key)) incomplete.insert(record->series);
  }
  return json::object{
      {"summary",
       json::object{{"series", static_cast<int64_t>(series.size())},
                    {"answered", static_cast<int64_t>(series.size() - incomplete.size())},
                    {"files", count.files},
                    {"rows", count.rows},
                    {"wrong", GetIntOr(*list, "wrong_count", static_cast<int64_t>(wrong->size())).ValueOr(0)},
                    {"failed", not_fetched + count.failed}}},
      {"wrong", *wrong}};
}

}  // namespace penstock::pipeline
