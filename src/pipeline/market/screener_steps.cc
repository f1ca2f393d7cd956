// What follows the prices of a market: fundamentals of its companies, and the screener table (US-4, US-5).
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <fmt/format.h>

#include "lake/catalog.h"
#include "lake/parquet_file.h"
#include "lake/series_table.h"
#include "lake/table_commit.h"
#include "lake/tail_index.h"
#include "pipeline/market/publish.h"
#include "pipeline/market/screener.h"
#include "pipeline/market/steps.h"
#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"
#include "pipeline/step.h"
#include "source/fundamentals.h"
#include "store/object_store.h"

namespace penstock::pipeline {
namespace {

using source::FundamentalKind;

struct NamedKind {
  FundamentalKind kind;
  std::string_view name;
};
// In the order in which they stand over one another: the quote's price is newer than the profile's.
constexpr NamedKind kKinds[] = {{FundamentalKind::kProfile, "profile"},
                                {FundamentalKind::kIncome, "income"},
                                {FundamentalKind::kKeyMetrics, "key_metrics"},
                                {FundamentalKind::kRatios, "ratios"},
                                {FundamentalKind::kQuote, "quote"}};

lake::TableSpec FundamentalsTable() {
  lake::TableSpec spec;
  spec.name = "fundamentals";
  spec.schema = source::FundamentalsSchema();
  spec.key_columns = {"symbol"};
  return spec;
}

// The table is one file, written whole.
std::string KeyOf(const Pipeline& pipeline, const lake::TableSpec& spec) {
  return lake::TableLayout{spec.name, pipeline.config.prefix}.CleanPrefix() + spec.name + ".parquet";
}

Status WriteTable(const StepContext& context, const lake::TableSpec& spec, const arrow::RecordBatch& rows,
                  const std::string& description) {
  lake::ParquetOptions options;
  options.sorted_by = spec.key_columns;
  const lake::ParquetEncoder encoder(spec.schema, options);
  ASSIGN_OR_RETURN(const std::string bytes, encoder.Encode(rows));
  const std::string key = KeyOf(context.pipeline, spec);
  const auto stored = context.runtime.store->Get(key);
  if (!stored.ok() || stored->bytes != bytes) {
    RETURN_IF_ERROR(context.runtime.store->Put(key, bytes).status());
  }
  return RegisterFileTable(context.pipeline, context.runtime, spec, description);
}

// What is known from earlier runs; nullptr when nothing is.
Result<std::shared_ptr<arrow::Table>> ReadFundamentals(const StepContext& context) {
  const std::string key = KeyOf(context.pipeline, FundamentalsTable());
  const auto object = context.runtime.store->Get(key);
  if (CodeOf(object.status()) == ErrorCode::kNotFound) return std::shared_ptr<arrow::Table>();
  RETURN_IF_ERROR(object.status());
  return lake::ReadParquet(object->bytes, key);
}

// The answers of one kind: each kept as received, then read.
class FundamentalFetch {
 public:
  FundamentalFetch(const StepContext& context, std::string day) : context_(context), day_(std::move(day)) {}

  Status Fetch(const NamedKind& kind) {
    auto& source = *context_.runtime.fundamentals;
    int64_t number = 0;
    for (const auto& planned : source.Plan(kind.kind, context_.pipeline.symbols)) {
      for (std::optional<source::FundamentalRequest> request = planned; request;) {
        auto answer = source.Fetch(*request, context_.stop);
        ++number;
        ++requests;
        if (CodeOf(answer.status()) == ErrorCode::kNotFound) {
          ++unknown;
          break;
        }
        if (CodeOf(answer.status()) == ErrorCode::kRejectedByProvider) {
          // The plan does not hold this kind: no other request of it will be answered either.
          context_.runtime.log.Warning("fundamentals_not_in_plan",
                                       {{"kind", kind.name}, {"cause", answer.status().message()}});
          not_in_plan.emplace_back(kind.name);
          return Status::OK();
        }
        RETURN_IF_ERROR(WithContext(answer.status(), fmt::format("fundamentals, {}", kind.name)));
        const std::string key =
            fmt::format("{}raw/fundamentals/dt={}/{}-{:05}.{}", context_.pipeline.config.prefix, day_,
                        kind.name, number, answer->extension);
        RETURN_IF_ERROR(context_.runtime.store->Put(key, answer->body).status());
        ASSIGN_OR_RETURN(auto rows,
                         source.Parse(answer->body, {key, answer->fetched_at, context_.pipeline.symbols}));
        request = source.Next(*request, rows->num_rows());
        batches.push_back(std::move(rows));
      }
    }
    return Status::OK();
  }

  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  json::array not_in_plan;
  int64_t requests = 0, unknown = 0;

 private:
  const StepContext& context_;
  const std::string day_;
};

// The object behind s3://BUCKET/KEY.
Result<std::string> KeyOfLocation(std::string_view location) {
  constexpr std::string_view kScheme = "s3://";
  const size_t slash =
      location.starts_with(kScheme) ? location.find('/', kScheme.size()) : std::string_view::npos;
  if (slash == std::string_view::npos || slash + 1 == location.size()) {
    return MakeError(ErrorCode::kInvalidData, fmt::format("expected s3://BUCKET/KEY, got {}", location));
  }
  return std::string(location.substr(slash + 1));
}

const json::value* Find(const json::value& value, std::initializer_list<std::string_view> path) {
  const json::value* at = &value;
  for (const auto name : path) {
    const auto* object = at->if_object();
    at = object == nullptr ? nullptr : object->if_contains(name);
    if (at == nullptr) return nullptr;
  }
  return at;
}

}  // namespace

Result<json::value> RunFetchFundamentalDataStep(const StepContext& context, const json::value& input) {
  ASSIGN_OR_RETURN(const std::string day, GetString(input, "date"));
  RETURN_IF_ERROR(ParseDate(day).status());
  if (context.runtime.fundamentals == nullptr) {
    return MakeError(
        ErrorCode::kConfiguration,
        fmt::format("a source of kind {} has no fundamentals", context.pipeline.config.source.kind),
        "take the state fetchFundamentalData out of workflow.asl.json, or use `kind: fmp`");
  }
  FundamentalFetch fetch(context, day);
  ASSIGN_OR_RETURN(const auto known, ReadFundamentals(context));
  if (known != nullptr) {
    ASSIGN_OR_RETURN(auto rows, known->CombineChunksToBatch());
    fetch.batches.push_back(rows->ReplaceSchemaMetadata(nullptr));
  }
  for (const auto& kind : kKinds) RETURN_IF_ERROR(fetch.Fetch(kind));
  ASSIGN_OR_RETURN(const auto rows, source::MergeFundamentals(fetch.batches));
  RETURN_IF_ERROR(
      WriteTable(context, FundamentalsTable(), *rows, "Companies: what they are and what they earn"));
  return json::object{{"rows", rows->num_rows()},
                      {"requests", fetch.requests},
                      {"unknown", fetch.unknown},
                      {"not_in_plan", std::move(fetch.not_in_plan)}};
}

Result<json::value> RunMergeScreenerDataStep(const StepContext& context, const json::value& input) {
  const Runtime& runtime = context.runtime;
  const Pipeline& pipeline = context.pipeline;
  const auto* state = Find(input, {"state"});
  if (state == nullptr) {
    return MakeError(ErrorCode::kInvalidData,
                     "merge_screener_data: \"state\": expected the state of the machine");
  }
  lake::HiveTableFormat format(*runtime.store);
  ASSIGN_OR_RETURN(const auto table,
                   lake::SeriesTable::Make(*runtime.store, format, pipeline.bars, pipeline.config.prefix));
  lake::LatestOptions options;
  options.stop = context.stop;
  ASSIGN_OR_RETURN(const auto indexed, lake::TailIndex(*table).Refresh(options));
  ScreenerParts parts;
  parts.latest = indexed.latest.rows;
  ASSIGN_OR_RETURN(parts.fundamentals, ReadFundamentals(context));
  if (const auto* location = Find(*state, {"statistics", "location"});
      location != nullptr && location->is_string()) {
    ASSIGN_OR_RETURN(const std::string key, KeyOfLocation(std::string_view(location->get_string())));
    ASSIGN_OR_RETURN(const auto result, runtime.store->Get(key));
    auto statistics = ParseResultCsv(result.bytes);
    RETURN_IF_ERROR(WithContext(statistics.status(), key));
    parts.statistics = *std::move(statistics);
  }
  ASSIGN_OR_RETURN(const auto rows, MakeScreener(pipeline, parts));
  RETURN_IF_ERROR(
      WriteTable(context, ScreenerTable(), *rows, "The last bar of every symbol, and what it is worth"));

  json::object out;
  const auto* transform = Find(*state, {"published", "transform"});
  out["transform"] =
      transform != nullptr && transform->is_object() ? transform->get_object() : json::object{};
  auto& summary = out["transform"].get_object();
  int64_t failed = Find(*state, {"fundamentals", "failure"}) != nullptr ? 1 : 0;
  for (const auto& failure : indexed.latest.failures) {
    runtime.log.Error("file_not_read", {{"key", failure.key}, {"cause", failure.status.message()}});
    ++failed;
  }
  if (failed > 0) summary["dead_lettered"] = GetIntOr(summary, "dead_lettered", 0).ValueOr(0) + failed;
  out["screener"] = json::object{{"rows", rows->num_rows()},
                                 {"key", KeyOf(pipeline, ScreenerTable())},
                                 {"unreadable_files", indexed.latest.failures.size()}};
  return out;
}

}  // namespace penstock::pipeline
