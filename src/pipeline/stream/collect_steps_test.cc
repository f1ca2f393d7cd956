// What a collection is asked for, and what comes onto the stream.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>
#include "aws/scripted_http.h"
#include "base/base64.h"
#include "base/json_text.h"
#include "calendar/exchange_calendar.h"
#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"
#include "pipeline/step.h"
#include "pipeline/stream/bar_record.h"
#include "pipeline/stream/collection.h"
#include "pipeline/stream/steps.h"
#include "source/minute_source.h"
#include "store/memory_store.h"
#include "stream/firehose_client.h"

namespace penstock::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Two bars of each symbol that it knows; the body is the symbol.
class TwoBars : public source::MinuteSource {
 public:
  std::vector<std::string> known, without_bars, asked;
  bool generated = false;

  Result<source::RawAnswer> Fetch(const source::MinuteSpec& spec, std::stop_token) override {
    asked.push_back(spec.symbol);
    if (std::find(known.begin(), known.end(), spec.symbol) == known.end())
      return MakeError(ErrorCode::kNotFound, "the provider has no " + spec.symbol);
    source::RawAnswer answer;
    answer.body = spec.symbol;
    answer.extension = "json";
    return answer;
  }
  Result<source::MinuteAnswer> Parse(std::string_view bytes, const source::MinuteSpec& spec, TimePoint,
                                     std::string_view) const override {
    EXPECT_EQ(bytes, spec.symbol);
    source::MinuteAnswer answer;
    answer.generated = generated;
    answer.outside = 1;
    if (std::find(without_bars.begin(), without_bars.end(), spec.symbol) != without_bars.end()) return answer;
    answer.bars = {{spec.session.open, 205.5, 205.25},
                   {spec.session.close - std::chrono::minutes(1), 207, 206}};
    return answer;
  }
};

// Takes every record, as the service does.
class TakesAll : public net::HttpClient {
 public:
  Result<net::HttpResponse> Send(const net::HttpRequest& request, std::stop_token) override {
    const json::value body = *ParseJson(request.body);
    stream = std::string(body.at("DeliveryStreamName").as_string());
    json::array each;
    for (const auto& record : body.at("Records").as_array()) {
      records.push_back(*Base64Decode(std::string_view(record.at("Data").as_string())));
      each.push_back(json::object{{"RecordId", "x"}});
    }
    net::HttpResponse response =
        aws::Answer(200, ToJson(json::object{{"FailedPutCount", 0}, {"RequestResponses", std::move(each)}}));
    RETURN_IF_ERROR(net::DeliverBody(request, &response));
    return response;
  }
  std::string stream;
  std::vector<std::string> records;
};

struct Fixture {
  Fixture() {
    pipeline.config.name = "stream";
    pipeline.config.prefix = "stream/";
    pipeline.config.collect.tickers = {"FB", "SHOP"};
    pipeline.config.collect.renamed = "renamed.csv";
    pipeline.config.stream.emplace().name = "finance-delivery-stream";
    pipeline.calendar = *calendar::ExchangeCalendar::Find("XNYS");
    pipeline.renamed = RenamedTickers(
        *source::ParseSymbolEntries("symbol,renamed_to,delisted\nFB,META,2022-06-09\n", "symbol", "f"));
    runtime.store = &store;
    runtime.clock = &clock;
    runtime.progress = &progress;
    runtime.minutes = &source;
    runtime.services.firehose = [this]() -> Result<stream::FirehoseClient*> { return &firehose; };
  }
  Result<json::value> Collect(const std::string& ticker, const std::string& date = "2020-05-14") {
    const StepContext context{pipeline, runtime, "e", {}};
    return RunCollectBarsStep(context, json::object{{"ticker", ticker}, {"date", date}});
  }
  Result<Collection> Plan(const std::string& input) {
    return PlanCollection(pipeline, *ParseJson(input), clock.Now());
  }

  ManualClock clock{*ParseTimestamp("2026-11-21T12:00:00Z")};
  Random random{1};
  store::MemoryStore store{clock};
  NoProgress progress;
  TwoBars source;
  TakesAll http;
  aws::StaticCredentials credentials{{"", "", "", {}}};
  aws::AwsClient aws{
      http,     credentials,
      clock,    random,
      Logger(), {.service = "firehose", .region = "us-east-1", .endpoint = "http://127.0.0.1:8181"}};
  stream::FirehoseClient firehose{aws, clock, random, Logger(), {.anonymous = true}};
  Pipeline pipeline;
  Runtime runtime;
};

TEST(BarRecord, TimesAreLocalAndSayTheirOffset) {
  const auto zone = *TimeZone::Find("America/New_York");
  const auto at = [&](const char* text) { return FormatLocalTime(zone, *ParseTimestamp(text)); };
  EXPECT_EQ(at("2020-05-14T13:30:00Z"), "2020-05-14 09:30:00-04:00");
  // The Friday before the clocks change, the Monday behind it; and in autumn.
  EXPECT_EQ(at("2020-03-06T14:30:00Z"), "2020-03-06 09:30:00-05:00");
  EXPECT_EQ(at("2020-03-09T13:30:00Z"), "2020-03-09 09:30:00-04:00");
  EXPECT_EQ(at("2020-11-02T14:30:00Z"), "2020-11-02 09:30:00-05:00");
  EXPECT_EQ(FormatLocalTime(*TimeZone::Find("Asia/Kolkata"), *ParseTimestamp("2020-05-14T00:00:30Z")),
            "2020-05-14 05:30:30+05:30");
  const source::MinuteBar bar{*ParseTimestamp("2020-05-14T13:30:00Z"), 226.11000061035156, 225};
  EXPECT_EQ(BarRecord("FB", bar, zone, false),
            R"({"name":"FB","high":226.11000061035156,"low":225.0,"ts":"2020-05-14 09:30:00-04:00"})");
  EXPECT_THAT(BarRecord("FB", bar, zone, true), HasSubstr(R"(,"generated":true})"));
}

TEST(CollectBars, Stream4EachBarOfTheSessionIsPutOnTheStream) {
  Fixture f;
  f.source.known = {"FB"};
  const auto collected = f.Collect("FB");
  ASSERT_TRUE(collected.ok()) << Describe(collected.status());
  EXPECT_EQ(f.http.stream, "finance-delivery-stream");
  EXPECT_THAT(f.http.records,
              ElementsAre(R"({"name":"FB","high":205.5,"low":205.25,"ts":"2020-05-14 09:30:00-04:00"})",
                          R"({"name":"FB","high":207.0,"low":206.0,"ts":"2020-05-14 15:59:00-04:00"})"));
  EXPECT_EQ(f.store.Get("stream/raw/dt=2020-05-14/FB.json")->bytes, "FB");
  EXPECT_EQ(JsonText(*collected),
            R"({"ticker":"FB","asked_as":"FB","bars":2,"empty":0,"outside":1,"unfinished":0,"repeated":0,)"
            R"("generated":false,"raw":"stream/raw/dt=2020-05-14/FB.json"})");
}

TEST(CollectBars, HalfDaysEndEarlyAndHolidaysAreRefused) {
  Fixture f;
  f.source.known = {"FB"};
  ASSERT_TRUE(f.Collect("FB", "2020-11-27").ok());
  EXPECT_THAT(f.http.records.back(), HasSubstr("2020-11-27 12:59:00-05:00"));
  const Status holiday = f.Collect("FB", "2020-05-25").status();
  EXPECT_EQ(CodeOf(holiday), ErrorCode::kUsage);
  EXPECT_THAT(holiday.message(), HasSubstr("Memorial Day"));
}

TEST(CollectBars, RenamedTickersAreAskedForByTodaysNameAndStoredUnderTheirs) {
  Fixture f;
  f.source.known = {"META"};
  f.source.generated = true;
  const auto collected = f.Collect("FB");
  ASSERT_TRUE(collected.ok()) << Describe(collected.status());
  EXPECT_THAT(f.source.asked, ElementsAre("FB", "META"));
  EXPECT_THAT(f.http.records[0], HasSubstr(R"({"name":"FB",)"));
  EXPECT_THAT(f.http.records[0], HasSubstr(R"("generated":true)"));
  EXPECT_EQ(GetString(*collected, "asked_as").ValueOrDie(), "META");
  EXPECT_EQ(f.store.Get("stream/raw/dt=2020-05-14/FB.json")->bytes, "META");
}

TEST(CollectBars, AnotherCompanysTickerWithoutBarsOfThatDayIsNotTaken) {
  // FB is a fund's today, which had no bars in 2020.
  Fixture f;
  f.source.known = {"FB", "META"};
  f.source.without_bars = {"FB"};
  ASSERT_TRUE(f.Collect("FB").ok());
  EXPECT_THAT(f.source.asked, ElementsAre("FB", "META"));
}

TEST(CollectBars, WhatNobodyKnowsIsAFailureThatSaysWhatToDo) {
  Fixture f;
  const Status unknown = f.Collect("FB").status();
  EXPECT_EQ(CodeOf(unknown), ErrorCode::kNotFound);
  EXPECT_THAT(unknown.message(), HasSubstr("no minute bars of FB, today META, on 2020-05-14"));
  const Status gone = f.Collect("FB", "2022-06-09").status();
  EXPECT_EQ(CodeOf(gone), ErrorCode::kNotFound);
  EXPECT_EQ(AdviceOf(gone), "FB is META since 2022-06-09: ask for that");
  EXPECT_THAT(AdviceOf(f.Collect("TYPO").status()), HasSubstr("renamed.csv"));
  EXPECT_THAT(f.http.records, IsEmpty());
}

TEST(PlanCollection, DaysAndTickersAreParameters) {
  Fixture f;
  const auto both = f.Plan(R"({"pipeline":"stream","date":"2020-05-14","tickers":"fb, SNAP,FB"})");
  ASSERT_TRUE(both.ok()) << Describe(both.status());
  EXPECT_EQ(both->session.open, *ParseTimestamp("2020-05-14T13:30:00Z"));
  EXPECT_EQ(both->session.close, *ParseTimestamp("2020-05-14T20:00:00Z"));
  EXPECT_THAT(both->tickers, ElementsAre("FB", "SNAP"));
  EXPECT_THAT(f.Plan(R"({"tickers":["BRK-B","^GSPC"]})")->tickers, ElementsAre("BRK-B", "^GSPC"));
  // Without: the last session that is over (the Friday before), the pipeline's own.
  const auto neither = f.Plan("{}");
  ASSERT_TRUE(neither.ok());
  EXPECT_EQ(FormatDate(neither->session.date), "2026-11-20");
  EXPECT_THAT(neither->tickers, ElementsAre("FB", "SHOP"));
}

TEST(PlanCollection, WhatCannotBeSaysWhatCould) {
  Fixture f;
  const auto refused = [&](const std::string& input) {
    const Status status = f.Plan(input).status();
    EXPECT_EQ(CodeOf(status), ErrorCode::kUsage) << input;
    return Describe(status);
  };
  EXPECT_THAT(refused(R"({"date":"2020-05-16"})"), HasSubstr("a weekend"));
  EXPECT_THAT(refused(R"({"date":"2020-05-25"})"), HasSubstr("ask for 2020-05-22 or 2020-05-26"));
  EXPECT_THAT(refused(R"({"date":"14.5.2020"})"), HasSubstr("2020-05-14"));
  EXPECT_THAT(refused(R"({"date":20200514})"), HasSubstr("2020-05-14"));
  EXPECT_THAT(refused(R"({"date":"2026-11-23"})"), HasSubstr("opens at 2026-11-23T14:30:00"));
  EXPECT_THAT(refused(R"({"tickers":"FB,,SHOP"})"), HasSubstr("not a ticker"));
  EXPECT_THAT(refused(R"({"tickers":"../../etc"})"), HasSubstr("not a ticker"));
  EXPECT_THAT(refused(R"({"tickers":[]})"), HasSubstr("not empty"));
  EXPECT_THAT(refused(R"({"ticker":"FB"})"), HasSubstr("did you mean tickers?"));
  std::string many;
  for (int i = 0; i < 201; ++i) many += fmt::format("{}T{}", i == 0 ? "" : ",", i);
  EXPECT_THAT(refused(R"({"tickers":")" + many + "\"}"), HasSubstr("at most 200"));
  f.pipeline.config.collect.tickers.clear();
  EXPECT_THAT(refused("{}"), HasSubstr("names none"));
}

TEST(PlanCollection, StepGivesWhatCollectBarsTakes) {
  Fixture f;
  const StepContext context{f.pipeline, f.runtime, "e", {}};
  const auto planned = RunPlanCollectionStep(context, *ParseJson(R"({"date":"2020-11-27","tickers":"FB"})"));
  ASSERT_TRUE(planned.ok()) << Describe(planned.status());
  EXPECT_EQ(planned->at("half_day"), json::value(true));
  EXPECT_EQ(JsonText(planned->at("items")), R"([{"ticker":"FB","date":"2020-11-27"}])");
}

}  // namespace
}  // namespace penstock::pipeline
