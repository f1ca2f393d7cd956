#include "pipeline/step.h"

#include <fmt/format.h>

#include "base/spelling.h"

namespace penstock::pipeline {

std::span<const Step> Steps() {
  static const std::vector<Step> kSteps{
      {"fetch",
       "asks the provider for one symbol and keeps the answer as received",
       {{"s3:PutObject", "raw/"},
        {"s3:ListBucket", "markers/"},
        {"s3:GetObject", "markers/"},
        {"s3:PutObject", "markers/"}},
       &RunFetchStep},
      {"transform",
       "turns raw answers into clean and rejected rows; what cannot be read goes to the dead-letter queue",
       {{"s3:GetObject", "raw/"},
        {"s3:ListBucket", "clean/"},
        {"s3:GetObject", "clean/"},
        {"s3:PutObject", "clean/"},
        {"s3:DeleteObject", "clean/"},
        {"s3:GetObject", "rejected/"},
        {"s3:PutObject", "rejected/"},
        {"s3:DeleteObject", "rejected/"},
        {"s3:GetObject", "markers/"},
        {"s3:PutObject", "markers/"},
        {"s3:ListBucket", "markers/"},
        {"s3:DeleteObject", "markers/"},
        {"sqs:SendMessage", "dlq"}},
       &RunTransformStep},
      {"fetch_file_name",
       "lists the next files of the market that lack days",
       {{"s3:ListBucket", "markers/"}, {"s3:GetObject", "markers/"}, {"s3:PutObject", "markers/"}},
       &RunFetchFileNameStep},
      {"process_file",
       "asks the provider for a batch of symbols and brings their rows into their files",
       {{"s3:PutObject", "raw/"},
        {"s3:GetObject", "raw/"},
        {"s3:GetObject", "clean/"},
        {"s3:PutObject", "clean/"},
        {"s3:DeleteObject", "clean/"},
        {"s3:GetObject", "rejected/"},
        {"s3:PutObject", "rejected/"},
        {"s3:DeleteObject", "rejected/"},
        {"s3:ListBucket", "markers/"},
        {"s3:GetObject", "markers/"},
        {"s3:PutObject", "markers/"},
        {"sqs:SendMessage", "dlq"}},
       &RunProcessFileStep},
      {"fetch_fundamental_data",
       "asks the provider for what it knows of the companies, and keeps it as a table",
       {{"s3:PutObject", "raw/fundamentals/"},
        {"s3:GetObject", "clean/fundamentals/"},
        {"s3:PutObject", "clean/fundamentals/"},
        {"glue:CreateTable", ""},
        {"glue:UpdateTable", ""},
        {"glue:GetTable", ""}},
       &RunFetchFundamentalDataStep},
      {"merge_screener_data",
       "joins the last bar of every symbol with statistics and fundamentals",
       {{"s3:ListBucket", "clean/"},
        {"s3:GetObject", "clean/"},
        {"s3:GetObject", "index/"},
        {"s3:PutObject", "index/"},
        {"s3:GetObject", "query-results/"},
        {"s3:PutObject", "clean/screener/"},
        {"glue:CreateTable", ""},
        {"glue:UpdateTable", ""},
        {"glue:GetTable", ""}},
       &RunMergeScreenerDataStep},
      {"publish",
       "registers the tables in the catalog",
       {{"glue:CreateTable", ""}, {"glue:UpdateTable", ""}, {"glue:GetTable", ""}},
       &RunPublishStep},
  };
  return kSteps;
}

Result<const Step*> FindStep(std::string_view name) {
  std::vector<std::string> known;
  for (const auto& step : Steps()) {
    if (step.name == name) return &step;
    known.emplace_back(step.name);
  }
  return MakeError(ErrorCode::kConfiguration,
                   fmt::format("no step of this name: {}{}", name, DidYouMean(name, known)),
                   fmt::format("steps: {}", fmt::join(known, ", ")));
}

}  // namespace penstock::pipeline
