#include <fmt/format.h>

#include "calendar/exchange_calendar.h"
#include "pipeline/layout.h"
#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"
#include "pipeline/step.h"
#include "pipeline/stream/bar_record.h"
#include "pipeline/stream/collection.h"
#include "pipeline/stream/steps.h"
#include "source/minute_source.h"
#include "store/object_store.h"
#include "stream/firehose_client.h"

namespace penstock::pipeline {
namespace {

struct Collected {
  source::MinuteAnswer answer;
  std::string asked_as, raw;
};

// One name's minutes; the answer is kept under `ticker`, before anybody reads it.
Result<Collected> Ask(const StepContext& context, const std::string& ticker, const std::string& name,
                      const calendar::Session& session) {
  const Runtime& runtime = context.runtime;
  const source::MinuteSpec spec{name, session};
  ASSIGN_OR_RETURN(const auto fetched, runtime.minutes->Fetch(spec, context.stop));
  Collected out;
  out.asked_as = name;
  out.raw =
      RawKey{ticker, session.date, session.date, fetched.extension}.ToKey(context.pipeline.config.prefix);
  RETURN_IF_ERROR(runtime.store->Put(out.raw, fetched.body).status());
  runtime.log.Debug("fetched", {{"ticker", ticker}, {"key", out.raw}, {"url", fetched.masked_url}});
  ASSIGN_OR_RETURN(out.answer, runtime.minutes->Parse(fetched.body, spec, fetched.fetched_at, out.raw));
  return out;
}

bool HasNothing(const Result<Collected>& collected) {
  return collected.ok() ? collected->answer.bars.empty() : CodeOf(collected.status()) == ErrorCode::kNotFound;
}

Result<Collected> Collect(const StepContext& context, const std::string& ticker,
                          const calendar::Session& session) {
  auto collected = Ask(context, ticker, ticker, session);
  if (!HasNothing(collected)) return collected;
  const RenamedTickers& renamed = context.pipeline.renamed;
  const auto today = renamed.TodaysName(ticker, session.date);
  if (today) {
    context.runtime.log.Info("ticker_renamed", {{"ticker", ticker}, {"asked_as", *today}});
    collected = Ask(context, ticker, *today, session);
    if (!HasNothing(collected)) return collected;
  }
  const std::string since = renamed.RenamedBefore(ticker, session.date);
  return MakeError(
      ErrorCode::kNotFound,
      fmt::format("no minute bars of {}{} on {}{}", ticker, today ? ", today " + *today + "," : "",
                  FormatDate(session.date),
                  collected.ok() ? std::string() : ": " + collected.status().message()),
      !since.empty()
          ? since + ": ask for that"
          : fmt::format("check the ticker and the day; where a company changed its ticker, add a line to {}",
                        context.pipeline.config.collect.renamed));
}

}  // namespace

Result<json::value> RunPlanCollectionStep(const StepContext& context, const json::value& input) {
  ASSIGN_OR_RETURN(const Collection asked,
                   PlanCollection(context.pipeline, input, context.runtime.clock->Now()));
  const std::string date = FormatDate(asked.session.date);
  json::array items;
  for (const auto& ticker : asked.tickers) items.push_back(json::object{{"ticker", ticker}, {"date", date}});
  context.runtime.progress->Begin("collect", static_cast<int64_t>(items.size()));
  return json::object{{"date", date},
                      {"open", FormatTimestamp(asked.session.open)},
                      {"close", FormatTimestamp(asked.session.close)},
                      {"half_day", asked.session.half_day},
                      {"items", std::move(items)}};
}

Result<json::value> RunCollectBarsStep(const StepContext& context, const json::value& input) {
  ASSIGN_OR_RETURN(const std::string ticker, GetString(input, "ticker"));
  ASSIGN_OR_RETURN(const std::string date, GetString(input, "date"));
  ASSIGN_OR_RETURN(const Date day, ParseDate(date));
  const Runtime& runtime = context.runtime;
  const auto& calendar = *context.pipeline.calendar;
  ASSIGN_OR_RETURN(const calendar::Session session, calendar.RequireSession(day));
  const auto collected = Collect(context, ticker, session);
  if (!collected.ok()) {
    runtime.progress->Advance(1, 1);
    runtime.log.Warning("collect_failed", {{"execution", context.execution},
                                           {"ticker", ticker},
                                           {"error", NameOf(CodeOf(collected.status()))},
                                           {"cause", collected.status().message()}});
    return WithContext(collected.status(), ticker);
  }
  const source::MinuteAnswer& answer = collected->answer;
  std::vector<std::string> records;
  records.reserve(answer.bars.size());
  for (const auto& bar : answer.bars)
    records.push_back(BarRecord(ticker, bar, calendar.zone(), answer.generated));
  ASSIGN_OR_RETURN(stream::FirehoseClient * firehose, runtime.services.firehose());
  ASSIGN_OR_RETURN(const auto put,
                   firehose->PutAll(context.pipeline.config.stream->name, records, context.stop));
  runtime.progress->Advance(1);
  runtime.log.Info("collected", {{"execution", context.execution},
                                 {"ticker", ticker},
                                 {"asked_as", collected->asked_as},
                                 {"bars", put.records},
                                 {"put_again", put.again}});
  return json::object{{"ticker", ticker},
                      {"asked_as", collected->asked_as},
                      {"bars", put.records},
                      {"empty", answer.empty},
                      {"outside", answer.outside},
                      {"unfinished", answer.unfinished},
                      {"repeated", answer.repeated},
                      {"generated", answer.generated},
                      {"raw", collected->raw}};
}

}  // namespace penstock::pipeline
