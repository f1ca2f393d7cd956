#include "pipeline/step.h"

#include <fmt/format.h>

#include "base/spelling.h"
#include "pipeline/market/steps.h"
#include "pipeline/records/steps.h"
#include "pipeline/stream/steps.h"
#include "pipeline/tenders/steps.h"

namespace penstock::pipeline {
namespace {

using Permissions = std::vector<Permission>;

Permissions operator+(Permissions all, const Permissions& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

const Permissions& RegisterTables() {
  static const Permissions kAll{{"glue:CreateTable", ""}, {"glue:UpdateTable", ""}, {"glue:GetTable", ""}};
  return kAll;
}

// What brings raw answers into clean and rejected rows.
const Permissions& WriteRows() {
  static const Permissions kAll{
      {"s3:GetObject", "raw/"},         {"s3:GetObject", "clean/"},    {"s3:PutObject", "clean/"},
      {"s3:DeleteObject", "clean/"},    {"s3:GetObject", "rejected/"}, {"s3:PutObject", "rejected/"},
      {"s3:DeleteObject", "rejected/"}, {"s3:GetObject", "markers/"},  {"s3:PutObject", "markers/"},
      {"s3:ListBucket", "markers/"},    {"sqs:SendMessage", "dlq"}};
  return kAll;
}

// What brings kept answers into the tables of their series.
const Permissions& WriteRecords() {
  static const Permissions kAll = RegisterTables() + Permissions{{"s3:GetObject", "raw/"},
                                                                 {"s3:ListBucket", "processed/"},
                                                                 {"s3:GetObject", "processed/"},
                                                                 {"s3:PutObject", "processed/"},
                                                                 {"sqs:SendMessage", "dlq"}};
  return kAll;
}

}  // namespace

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
       WriteRows() + Permissions{{"s3:ListBucket", "clean/"}, {"s3:DeleteObject", "markers/"}},
       &RunTransformStep},
      {"fetch_file_name",
       "lists the next files of the market that lack days",
       {{"s3:ListBucket", "markers/"}, {"s3:GetObject", "markers/"}, {"s3:PutObject", "markers/"}},
       &RunFetchFileNameStep},
      {"process_file", "asks the provider for a batch of symbols and brings their rows into their files",
       WriteRows() + Permissions{{"s3:PutObject", "raw/"}}, &RunProcessFileStep},
      {"fetch_fundamental_data",
       "asks the provider for what it knows of the companies, and keeps it as a table",
       RegisterTables() + Permissions{{"s3:PutObject", "raw/fundamentals/"},
                                      {"s3:GetObject", "clean/fundamentals/"},
                                      {"s3:PutObject", "clean/fundamentals/"}},
       &RunFetchFundamentalDataStep},
      {"merge_screener_data", "joins the last bar of every symbol with statistics and fundamentals",
       RegisterTables() + Permissions{{"s3:ListBucket", "clean/"},
                                      {"s3:GetObject", "clean/"},
                                      {"s3:GetObject", "index/"},
                                      {"s3:PutObject", "index/"},
                                      {"s3:GetObject", "query-results/"},
                                      {"s3:PutObject", "clean/screener/"}},
       &RunMergeScreenerDataStep},
      {"publish", "registers the tables in the catalog", RegisterTables(), &RunPublishStep},
      {"start_transfer_job",
       "brings a month's archives of tender notices from TED, and queues them for extraction",
       {{"s3:ListBucket", "transfers/"},
        {"s3:GetObject", "transfers/"},
        {"s3:PutObject", "transfers/"},
        {"s3:DeleteObject", "transfers/"},
        {"s3:GetObject", "raw/"},
        {"s3:PutObject", "raw/"},
        {"s3:GetObject", "markers/transfers/"},
        {"s3:PutObject", "markers/transfers/"},
        {"sqs:SendMessage", "archives"}},
       &RunStartTransferJobStep},
      {"start_extract_job",
       "turns the notices in archives into rows, by day; what cannot be read goes to the dead-letter queue",
       {{"sqs:ReceiveMessage", "archives"},
        {"sqs:DeleteMessage", "archives"},
        {"sqs:ChangeMessageVisibility", "archives"},
        {"sqs:GetQueueAttributes", "archives"},
        {"s3:GetObject", "raw/"},
        {"s3:PutObject", "clean/"},
        {"s3:DeleteObject", "clean/"},
        {"s3:GetObject", "rejected/"},
        {"s3:PutObject", "rejected/"},
        {"s3:DeleteObject", "rejected/"},
        {"s3:GetObject", "markers/extract/"},
        {"s3:PutObject", "markers/extract/"},
        {"sqs:SendMessage", "dlq"}},
       &RunStartExtractJobStep},
      {"merge_year",
       "puts all that was extracted of a year into one file a table, each notice once, and registers the "
       "tables",
       RegisterTables() + Permissions{{"s3:ListBucket", "clean/"},
                                      {"s3:GetObject", "clean/"},
                                      {"s3:PutObject", "merged/"},
                                      {"s3:GetObject", "merged/"},
                                      {"s3:GetObject", "markers/merge/"},
                                      {"s3:PutObject", "markers/merge/"}},
       &RunMergeYearStep},
      {"list_series",
       "lists what is asked for, from definitions.json in the bucket or from pipeline.yaml",
       {{"s3:GetObject", "definitions.json"},
        {"s3:PutObject", "definitions.json"},
        {"s3:PutObject", "markers/"}},
       &RunListSeriesStep},
      {"fetch_series",
       "asks the provider for one series and keeps each page of the answer as received",
       {{"s3:PutObject", "raw/"},
        {"s3:ListBucket", "raw/"},
        {"s3:ListBucket", "processed/"},
        {"s3:GetObject", "state/"},
        {"s3:PutObject", "state/"}},
       &RunFetchSeriesStep},
      {"process_series",
       "turns kept answers of a series into Parquet; what cannot be read goes to the dead-letter queue",
       WriteRecords(), &RunProcessSeriesStep},
      {"process_fetched",
       "turns all that a run fetched into Parquet, registers the tables, and counts; what cannot be read "
       "goes "
       "to the dead-letter queue",
       WriteRecords() + Permissions{{"s3:GetObject", "markers/"}}, &RunProcessFetchedStep},
      {"plan_collection",
       "finds the exchange's session of a day, and the tickers to collect",
       {},
       &RunPlanCollectionStep},
      {"collect_bars",
       "asks the provider for a session's minute bars of one ticker, keeps the answer as received, and puts "
       "each bar on the stream",
       {{"s3:PutObject", "raw/"}, {"firehose:PutRecordBatch", "stream"}},
       &RunCollectBarsStep},
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
