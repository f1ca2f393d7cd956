// The replay server's minute bars, asked for by the source that the live site is asked by.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/clock.h"
#include "net/curl_client.h"
#include "source/replay/generated_minutes.h"
#include "source/replay/replay_server.h"
#include "source/yahoo/yahoo_minutes.h"

namespace penstock::source {
namespace {

using ::testing::HasSubstr;

struct Fixture {
  explicit Fixture(bool generate_any = false) : clock(*ParseTimestamp("2026-01-05T12:00:00Z")) {
    ReplayOptions options;
    options.data_dir = std::string(PENSTOCK_SOURCE_DIR) + "/data";
    options.generate_any = generate_any;
    auto started = ReplayServer::Start(options, clock);
    EXPECT_TRUE(started.ok()) << Describe(started.status());
    server = *std::move(started);
    curl = *net::CurlClient::Make();
    source = *yahoo::MakeYahooMinutes({{"endpoint", server->origin()}, {"cookie_endpoint", ""}},
                                      {curl.get(), &clock});
  }

  Result<MinuteAnswer> Minutes(const std::string& symbol, const char* day) {
    const auto* calendar = *calendar::ExchangeCalendar::Find("XNYS");
    const MinuteSpec spec{symbol, *calendar->RequireSession(*ParseDate(day))};
    ASSIGN_OR_RETURN(const RawAnswer raw, source->Fetch(spec));
    body = raw.body;
    EXPECT_EQ(raw.extension, "json");
    return source->Parse(raw.body, spec, raw.fetched_at, symbol);
  }

  ManualClock clock;
  std::unique_ptr<ReplayServer> server;
  std::unique_ptr<net::CurlClient> curl;
  std::unique_ptr<MinuteSource> source;
  std::string body;
};

TEST(MinuteReplay, RecordedSessionsAreServedAsTheyAre) {
  Fixture f;
  const auto whole = f.Minutes("AAPL", "2018-05-29");
  ASSERT_TRUE(whole.ok()) << Describe(whole.status());
  EXPECT_EQ(whole->bars.size(), 390u);
  EXPECT_FALSE(whole->generated);
  const auto gapped = f.Minutes("AAPL", "2024-10-02");
  ASSERT_TRUE(gapped.ok()) << Describe(gapped.status());
  EXPECT_EQ(gapped->bars.size(), 389u);
  EXPECT_EQ(CodeOf(f.Minutes("AAPL", "2024-10-03").status()), ErrorCode::kRejectedByProvider);
}

TEST(MinuteReplay, Stream4TheTenTickersHaveMadeUpMinutesOfTheirDay) {
  Fixture f;
  for (const char* symbol : {"FB", "SHOP", "BYND", "NFLX", "PINS", "SQ", "TTD", "OKTA", "SNAP", "DDOG"}) {
    const auto answer = f.Minutes(symbol, "2020-05-14");
    ASSERT_TRUE(answer.ok()) << symbol << ": " << Describe(answer.status());
    EXPECT_TRUE(answer->generated) << symbol;
    EXPECT_EQ(answer->bars.size() + answer->empty, 390u) << symbol;
    EXPECT_EQ(answer->outside, 1) << symbol;  // the closing quote
    for (const MinuteBar& bar : answer->bars) {
      EXPECT_LE(bar.low, bar.high);
      EXPECT_GT(bar.low, 0);
    }
    const auto again = f.Minutes(symbol, "2020-05-14");
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->bars.size(), answer->bars.size());
    EXPECT_EQ(again->bars.back().high, answer->bars.back().high);
  }
  EXPECT_THAT(f.body, HasSubstr("made up by the replay server"));
  // Of another day it knows as much as the site does after a month.
  EXPECT_EQ(CodeOf(f.Minutes("FB", "2020-05-15").status()), ErrorCode::kRejectedByProvider);
  EXPECT_EQ(CodeOf(f.Minutes("NOBODY", "2020-05-14").status()), ErrorCode::kNotFound);
}

TEST(MinuteReplay, RenamedTickersHaveTheirBarsUnderBothNames) {
  Fixture f;
  for (const auto& [old, today] : {std::pair("FB", "META"), {"SQ", "XYZ"}}) {
    const auto before = f.Minutes(old, "2020-05-14");
    const auto now = f.Minutes(today, "2020-05-14");
    ASSERT_TRUE(before.ok() && now.ok());
    ASSERT_EQ(before->bars.size(), now->bars.size());
    for (size_t i = 0; i < before->bars.size(); ++i) EXPECT_EQ(before->bars[i].high, now->bars[i].high);
  }
}

TEST(MinuteReplay, AnySessionOfAnySymbolIsMadeUpWhereAskedFor) {
  Fixture f(true);
  const auto half_day = f.Minutes("ANY", "2020-11-27");
  ASSERT_TRUE(half_day.ok()) << Describe(half_day.status());
  EXPECT_EQ(half_day->bars.size() + half_day->empty, 210u);
  const auto summer = f.Minutes("ANY", "2020-03-09");
  ASSERT_TRUE(summer.ok()) << Describe(summer.status());
  EXPECT_EQ(summer->bars.front().start, *ParseTimestamp("2020-03-09T13:30:00Z"));
}

TEST(GeneratedMinutes, MakeUpTheDaysBar) {
  const Date day = MakeDate(2020, 5, 14);
  for (const char* symbol : {"FB", "SNAP", "X", "A longer one"}) {
    const PriceModel model(symbol, 7);
    const int64_t number = (day - MakeDate(2010, 1, 1)).count();
    const GeneratedBar whole = model.At(number, number);
    int64_t high = 0, low = INT64_MAX;
    const auto minutes = GenerateMinutes(symbol, day, 390, 7);
    ASSERT_EQ(minutes.size(), 390u);
    for (const auto& bar : minutes) {
      if (!bar) continue;
      EXPECT_LE(bar->low, std::min(bar->open, bar->close));
      EXPECT_GE(bar->high, std::max(bar->open, bar->close));
      high = std::max(high, bar->high);
      low = std::min(low, bar->low);
    }
    EXPECT_EQ(minutes.front()->open, whole.open);
    EXPECT_EQ(minutes.back()->close, whole.close);
    EXPECT_EQ(high, whole.high);
    EXPECT_EQ(low, whole.low);
  }
  EXPECT_TRUE(GenerateMinutes("FB", day, 0, 7).empty());
  EXPECT_EQ(GenerateMinutes("FB", day, 1, 7).size(), 1u);
}

}  // namespace
}  // namespace penstock::source
