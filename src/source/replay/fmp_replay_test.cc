// FMP's stand-in: what it answers, and the source against it over loopback (US-1, US-2).
#include "source/replay/fmp_replay.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>

#include "base/json.h"
#include "net/curl_client.h"
#include "source/fmp/body.h"
#include "source/registry.h"
#include "source/replay/replay_server.h"

namespace penstock::source {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<FmpReplay> Open(FmpReplayOptions options = {}) {
  options.market.data_dir = std::string(PENSTOCK_SOURCE_DIR) + "/data";
  auto opened = FmpReplay::Open(std::move(options));
  EXPECT_TRUE(opened.ok()) << Describe(opened.status());
  return *std::move(opened);
}

ReplayAnswer Ask(FmpReplay& replay, const std::string& target) {
  net::ServerRequest request;
  EXPECT_TRUE(net::ParseTarget(target, &request).ok()) << target;
  std::string symbol;
  EXPECT_TRUE(replay.Takes(request, &symbol)) << target;
  return replay.Answer(request);
}

std::shared_ptr<arrow::RecordBatch> BarsOf(const std::string& body, const std::string& symbol) {
  ParseContext context;
  context.symbol = symbol;
  context.currency = "USD";
  context.raw_key = "raw/test";
  const auto parsed = fmp::ParseBody(body, context);
  EXPECT_TRUE(parsed.ok()) << Describe(parsed.status());
  return parsed.ok() ? parsed->bars : nullptr;
}

double Close(const arrow::RecordBatch& bars, int64_t row, const char* column = "close") {
  return std::static_pointer_cast<arrow::DoubleArray>(bars.GetColumnByName(column))->Value(row);
}

TEST(FmpReplay, Us2OneDayIsTheSameInEveryRangeAndShape) {
  const auto replay = Open();
  const std::string full = "/stable/historical-price-eod/full?symbol=MSFT&from=2024-07-01&to=2024-07-31";
  const auto month = BarsOf(Ask(*replay, full).body, "MSFT");
  ASSERT_EQ(month->num_rows(), 22);
  const auto day = BarsOf(
      Ask(*replay, "/stable/historical-price-eod/light?symbol=MSFT&from=2024-07-31&to=2024-07-31").body,
      "MSFT");
  ASSERT_EQ(day->num_rows(), 1);
  EXPECT_EQ(Close(*day, 0), Close(*month, 21));
  const auto legacy =
      BarsOf(Ask(*replay, "/api/v3/historical-price-full/MSFT?from=2024-07-31&to=2024-07-31").body, "MSFT");
  EXPECT_EQ(Close(*legacy, 0), Close(*month, 21));
  EXPECT_EQ(legacy->GetColumnByName("adj_close")->null_count(), 0);
  EXPECT_EQ(Ask(*Open(), full).body, Ask(*replay, full).body);
  // Newest first as sent, and marked.
  const std::string body = Ask(*replay, full).body;
  EXPECT_LT(body.find("2024-07-31"), body.find("2024-07-30"));
  EXPECT_THAT(body, HasSubstr("\"generated\":true"));
}

TEST(FmpReplay, PricesAreSane) {
  const auto replay = Open();
  for (const char* symbol : {"A", "MSFT", "BRK-B", "SPY", "ZYXI"}) {
    const auto bars = BarsOf(
        Ask(*replay,
            std::string("/stable/historical-price-eod/full?from=2010-01-01&to=2024-12-31&symbol=") + symbol)
            .body,
        symbol);
    ASSERT_EQ(bars->num_rows(), 3'774) << symbol;
    double worst = 1;
    for (int64_t i = 0; i < bars->num_rows(); ++i) {
      const double open = Close(*bars, i, "open"), close = Close(*bars, i);
      EXPECT_GE(Close(*bars, i, "high"), std::max(open, close));
      EXPECT_LE(Close(*bars, i, "low"), std::min(open, close));
      EXPECT_GE(Close(*bars, i, "low"), 1.0);
      if (i > 0) worst = std::max({worst, close / Close(*bars, i - 1), Close(*bars, i - 1) / close});
    }
    EXPECT_LT(worst, 1.25) << symbol;
    EXPECT_GT(worst, 1.01) << symbol;
  }
}

TEST(FmpReplay, ASplitChangesTheHistoryBeforeIt) {
  for (int i = 0; i < 200; ++i) {
    const PriceModel model("S" + std::to_string(i), 0);
    const auto split = model.split_session();
    if (!split || *split < 10) continue;
    const GeneratedBar before = model.At(*split - 5, *split - 1), after = model.At(*split - 5, *split);
    EXPECT_EQ(before.close, after.close * model.split_ratio());
    EXPECT_EQ(model.At(*split, *split).close, model.At(*split, *split + 100).close);
    return;
  }
  FAIL() << "no symbol with a split";
}

TEST(FmpReplay, ListedDelistedUnknownAndDead) {
  const auto replay = Open();
  const auto rows = [&](const std::string& symbol, const std::string& range) {
    return Ask(*replay, "/stable/historical-price-eod/full?symbol=" + symbol + range).body;
  };
  EXPECT_EQ(rows("ARM", "&from=2023-09-01&to=2023-09-13"), "[]");
  EXPECT_EQ(BarsOf(rows("ARM", "&from=2023-09-01&to=2023-09-15"), "ARM")->num_rows(), 2);
  EXPECT_EQ(rows("TWTR", "&from=2022-10-28&to=2022-11-30"), "[]");
  EXPECT_EQ(BarsOf(rows("TWTR", "&from=2022-10-27&to=2022-11-30"), "TWTR")->num_rows(), 1);
  EXPECT_EQ(rows("NOSUCH", "&from=2024-07-01&to=2024-07-31"), "[]");
  EXPECT_EQ(rows("AAPL", "&from=2024-07-06&to=2024-07-07"), "[]");  // a weekend
  EXPECT_EQ(Ask(*replay, "/api/v3/historical-price-full/NOSUCH").body, "{}");
  FmpReplayOptions options;
  options.market.dead = 34;
  options.market.dead_among = 1536;
  const auto with_dead = Open(options);
  const auto listed = [](FmpReplay& one) {
    return ParseJson(Ask(one, "/stable/stock-list").body)->as_array().size();
  };
  const size_t all = listed(*replay);
  EXPECT_EQ(all, 11'045u);
  EXPECT_NEAR(static_cast<double>(all - listed(*with_dead)), 11'055.0 * 34 / 1536, 2);
}

TEST(FmpReplay, RecordedBodiesAreServedToTheirOwnRequest) {
  const auto replay = Open();
  const auto body =
      Ask(*replay, "/stable/historical-price-eod/full?to=2024-02-28&from=2024-02-22&symbol=AAPL&apikey=x")
          .body;
  EXPECT_EQ(Close(*BarsOf(body, "AAPL"), 0), 184.37);
  EXPECT_THAT(Ask(*replay, "/stable/quote?symbol=AAPL").body, HasSubstr("240.2278"));
}

TEST(FmpReplay, Us4CompaniesOneByOneInBatchesAndInBulk) {
  const auto replay = Open();
  for (const char* endpoint : {"profile", "quote", "key-metrics-ttm", "ratios-ttm", "income-statement"}) {
    const auto one = ParseJson(Ask(*replay, std::string("/stable/") + endpoint + "?symbol=MSFT").body);
    ASSERT_TRUE(one.ok()) << endpoint;
    ASSERT_EQ(one->as_array().size(), 1u) << endpoint;
    EXPECT_EQ(*GetString(one->as_array()[0], "symbol"), "MSFT");
    EXPECT_EQ(Ask(*replay, std::string("/stable/") + endpoint + "?symbol=NOSUCH").body, "[]");
  }
  EXPECT_EQ(ParseJson(Ask(*replay, "/stable/batch-quote?symbols=A,MSFT,NOSUCH").body)->as_array().size(), 2u);
  EXPECT_EQ(ParseJson(Ask(*replay, "/api/v3/profile/A,MSFT").body)->as_array().size(), 2u);
  const std::string part = Ask(*replay, "/stable/profile-bulk?part=2").body;
  EXPECT_EQ(std::count(part.begin(), part.end(), '\n'), 1 + 11'055 - 10'000);
  EXPECT_EQ(Ask(*replay, "/stable/profile-bulk?part=3").body, "[]");
  EXPECT_THAT(Ask(*replay, "/stable/symbol-change").body,
              HasSubstr(R"("oldSymbol":"FB","newSymbol":"META")"));
  EXPECT_THAT(Ask(*replay, "/stable/delisted-companies").body, HasSubstr("TWTR"));
  EXPECT_EQ(Ask(*replay, "/stable/delisted-companies?page=1").body, "[]");
}

TEST(FmpReplay, OddRequestsHarmNothing) {
  const auto replay = Open();
  for (const char* target :
       {"/stable/historical-price-eod/full", "/stable/historical-price-eod/full?symbol=A&from=x&to=y",
        "/stable/historical-price-eod/full?symbol=A&from=9999-01-01&to=1000-01-01",
        "/stable/historical-price-eod/full?symbol=A&from=1000-01-01&to=9999-12-31", "/stable/nosuch",
        "/api/v3/x/,,,", "/stable/delisted-companies?limit=0&page=-5",
        "/stable/profile-bulk?part=99999999999"}) {
    EXPECT_EQ(Ask(*replay, target).status, 200) << target;
  }
}

TEST(FmpReplay, Us1SourceAgainstServerWithKeyQuotaAndUnknownSymbols) {
  ManualClock clock(*ParseTimestamp("2026-01-05T12:00:00Z"));
  ReplayOptions options;
  options.data_dir = std::string(PENSTOCK_SOURCE_DIR) + "/data";
  options.fmp_key = "right";
  options.quota = "6/60s";
  const auto server = *ReplayServer::Start(options, clock);
  const auto curl = *net::CurlClient::Make();
  const auto make = [&](const std::string& key, const std::string& place) {
    return *MakeSource("fmp", {{"endpoint", server->origin()}, {"key_in", place}},
                       {curl.get(), &clock, [key](const char*) { return key; }});
  };
  const auto fetch = [&](Source& source, const std::string& symbol, Date day) {
    return source.Fetch({symbol, day, day});
  };
  const Date monday = MakeDate(2024, 7, 1), sunday = MakeDate(2024, 6, 30);
  EXPECT_EQ(CodeOf(fetch(*make("wrong", "header"), "A", monday).status()), ErrorCode::kUnauthenticated);  // 1
  const auto source = make("right", "header");
  const auto answer = fetch(*source, "BRK.B", monday);  // 2
  ASSERT_TRUE(answer.ok()) << Describe(answer.status());
  EXPECT_TRUE(answer->generated);
  EXPECT_EQ(answer->fetched_at, *ParseTimestamp("2024-07-01T21:00:00Z"));
  EXPECT_EQ(BarsOf(answer->body, "BRK.B")->num_rows(), 1);
  EXPECT_TRUE(fetch(*source, "A", sunday).ok());                                       // 3, 4: the list
  EXPECT_EQ(CodeOf(fetch(*source, "NOSUCH", monday).status()), ErrorCode::kNotFound);  // 5
  EXPECT_TRUE(fetch(*make("right", "query"), "RDS/A", MakeDate(2020, 7, 1)).ok());     // 6
  EXPECT_EQ(CodeOf(fetch(*source, "A", monday).status()), ErrorCode::kThrottled);      // over the quota
  EXPECT_THAT(server->Stats(), HasSubstr("\"rejected\":1"));
}

TEST(FmpReplay, WrongShareAndDay) {
  ManualClock clock(TimePoint{});
  ReplayOptions options;
  options.data_dir = std::string(PENSTOCK_SOURCE_DIR) + "/data";
  for (const char* dead : {"34", "34/", "/2", "3/2", "1/0", "-1/5", "1/2x"}) {
    options.dead = dead;
    EXPECT_EQ(CodeOf(ReplayServer::Start(options, clock).status()), ErrorCode::kUsage) << dead;
  }
  options.dead = "";
  options.today = "2025-13-01";
  EXPECT_EQ(CodeOf(ReplayServer::Start(options, clock).status()), ErrorCode::kUsage);
}

// One day of the whole market, answers alone. Generous: a build for debugging, a busy machine.
TEST(FmpReplay, Us2OneDayOfTheMarketCostsOneDay) {
  const auto replay = Open();
  const auto list = ParseJson(Ask(*replay, "/stable/stock-list").body);
  const auto begin = std::chrono::steady_clock::now();
  size_t answers = 0;
  for (const auto& row : list->as_array()) {
    const std::string symbol = *GetString(row, "symbol");
    const auto answer =
        Ask(*replay, "/stable/historical-price-eod/full?symbol=" + net::PercentEncode(symbol) +
                         "&from=2024-07-31&to=2024-07-31");
    answers += answer.body.size() > 50;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  RecordProperty("answers_a_second", static_cast<int>(static_cast<double>(answers) / seconds));
  std::printf("%zu answers, %.0f a second\n", answers, static_cast<double>(answers) / seconds);
  EXPECT_EQ(answers, 11'045u);
  EXPECT_LT(seconds, 5);
}

}  // namespace
}  // namespace penstock::source
