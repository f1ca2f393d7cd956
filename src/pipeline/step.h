// A step: a C++ function with a name, a JSON input, a JSON output and the permissions it needs (DESIGN, idea
// 2). A Task of workflow.asl.json names it as the FunctionName of arn:aws:states:::lambda:invoke, so that the
// same file runs on AWS.
#pragma once

#include <span>
#include <stop_token>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"

namespace penstock::pipeline {

struct Pipeline;
struct Runtime;

// What a step may do, in AWS's words; the least it needs (FTSE-5). `prefix` is below the pipeline's own.
struct Permission {
  std::string_view action;  // s3:PutObject, sqs:SendMessage, …
  std::string_view prefix;  // "raw/", "clean/"; a queue: "dlq"
};

struct StepContext {
  const Pipeline& pipeline;
  const Runtime& runtime;
  std::string_view execution;
  std::stop_token stop;
};

struct Step {
  std::string_view name;
  std::string_view description;
  std::vector<Permission> permissions;
  // Fails with what Retry and Catch see: the code's ASL error name and the text as cause.
  Result<json::value> (*run)(const StepContext& context, const json::value& input);
};

// All of them, as a plain list.
std::span<const Step> Steps();
// Configuration: no such step; names the nearest.
Result<const Step*> FindStep(std::string_view name);

// {"symbol","from","to"} → {"symbol","key","bytes","fetched_at"}: asks the source once, keeps the answer as
// received. {"symbol","unknown":true} for one in quarantine that the provider still does not know.
Result<json::value> RunFetchStep(const StepContext& context, const json::value& input);
// {"date","raw":[{"key","fetched_at"}…]} → the summary of pipeline/transform.h as JSON. Entries without a key
// (not fetched) are counted and passed over.
Result<json::value> RunTransformStep(const StepContext& context, const json::value& input);
// {"execution","state":{"from","to","list"?}} →
// {"files":[{"symbol","from","to"}…],"offset","total","remaining", "wait_seconds"}: the next files that lack
// days, from a list that is made once an execution (pipeline/work_list.h). `list` is the answer of the round
// before.
Result<json::value> RunFetchFileNameStep(const StepContext& context, const json::value& input);
// {"Items":[{"symbol","from","to"}…],"BatchInput":{"execution"}} → counts: asks the provider for each, keeps
// the answers, and brings their rows into the symbols' files. What fails is in the dead-letter queue.
Result<json::value> RunProcessFileStep(const StepContext& context, const json::value& input);
// {"date"} → {"rows","requests",…}: what the provider knows of the companies, into the table `fundamentals`.
Result<json::value> RunFetchFundamentalDataStep(const StepContext& context, const json::value& input);
// {"state":{"statistics":{"location"},"published":{"transform"},…}} →
// {"transform","screener":{"rows","key"}}: the last bar of every symbol, joined with the statistics and the
// fundamentals, into the table `screener`.
Result<json::value> RunMergeScreenerDataStep(const StepContext& context, const json::value& input);
// {"date","transform":{…}} → {"tables":[…],"transform":{…}}: registers the tables in the catalog. With
// "execution" instead of "transform": closes what process_file did in that execution, and sums it up.
Result<json::value> RunPublishStep(const StepContext& context, const json::value& input);

}  // namespace penstock::pipeline
