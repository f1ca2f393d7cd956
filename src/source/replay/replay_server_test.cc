// The replay server and the Yahoo source against each other, over loopback.
#include "source/replay/replay_server.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "base/json.h"
#include "base/parallel.h"
#include "calendar/exchange_calendar.h"
#include "net/curl_client.h"
#include "net/retry.h"
#include "source/page_guard.h"
#include "source/registry.h"
#include "source/replay/bulk_file.h"
#include "source/symbols.h"

namespace penstock::source {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kRoot = PENSTOCK_SOURCE_DIR;

// The server, and a client as the pipelines wire it: curl, page guard, retry, source. Retries do not sleep.
struct Fixture {
  explicit Fixture(ReplayOptions options = {}, int attempts = 3, SourceSettings settings = {})
      : clock(*ParseTimestamp("2026-01-05T12:00:00Z")), random(1) {
    options.data_dir = kRoot + "/data";
    auto started = ReplayServer::Start(options, clock);
    EXPECT_TRUE(started.ok()) << Describe(started.status());
    server = *std::move(started);
    curl = *net::CurlClient::Make();
    guard = std::make_unique<PageGuard>(*curl);
    net::RetryPolicy policy;
    policy.max_attempts = attempts;
    retrying = std::make_unique<net::RetryingClient>(*guard, policy, clock, random, Logger());
    settings.emplace("endpoint", server->origin());
    settings.emplace("cookie_endpoint", server->origin());
    source = *MakeSource("yahoo", settings, {retrying.get(), &clock});
  }

  Result<RawAnswer> Fetch(const std::string& symbol, const char* from = "2012-08-13",
                          const char* to = "2017-08-11") {
    return source->Fetch({symbol, *ParseDate(from), *ParseDate(to)});
  }
  Result<ParsedAnswer> Parse(const std::string& symbol, const RawAnswer& raw, std::string currency = "USD",
                             const char* mic = "XNYS") {
    ParseContext context;
    context.symbol = symbol;
    context.fetched_at = raw.fetched_at;
    context.raw_key = "raw/" + symbol;
    context.currency = std::move(currency);
    context.calendar = *calendar::ExchangeCalendar::Find(mic);
    return source->Parse(raw.body, context);
  }
  net::HttpResponse Get(const std::string& path, const std::string& method = "GET") {
    net::HttpRequest request;
    request.method = method;
    request.url = server->origin() + path;
    auto response = curl->Send(request);
    EXPECT_TRUE(response.ok()) << Describe(response.status());
    return response.ok() ? *std::move(response) : net::HttpResponse{};
  }
  json::object Stats() { return ParseJson(Get("/_replay/stats").body)->as_object(); }

  ManualClock clock;
  Random random;
  std::unique_ptr<ReplayServer> server;
  std::unique_ptr<net::CurlClient> curl;
  std::unique_ptr<PageGuard> guard;
  std::unique_ptr<net::RetryingClient> retrying;
  std::unique_ptr<Source> source;
};

ReplayOptions WithFaults(std::vector<std::string> faults) {
  ReplayOptions options;
  options.faults = std::move(faults);
  return options;
}

ReplayOptions Generating() {
  ReplayOptions options;
  options.generate_any = true;
  return options;
}

// Each cell of the recorded CSV against what came out behind serve, fetch and parse.
void ExpectSame(const BarText& recorded, const arrow::RecordBatch& bars, int64_t* rows_with_nulls) {
  ASSERT_EQ(static_cast<size_t>(bars.num_rows()), recorded.size());
  const auto days = std::static_pointer_cast<arrow::Date32Array>(bars.GetColumnByName("date"));
  const auto volumes = std::static_pointer_cast<arrow::Int64Array>(bars.GetColumnByName("volume"));
  const std::pair<BarCell, std::shared_ptr<arrow::DoubleArray>> prices[] = {
      {BarCell::kOpen, std::static_pointer_cast<arrow::DoubleArray>(bars.GetColumnByName("open"))},
      {BarCell::kHigh, std::static_pointer_cast<arrow::DoubleArray>(bars.GetColumnByName("high"))},
      {BarCell::kLow, std::static_pointer_cast<arrow::DoubleArray>(bars.GetColumnByName("low"))},
      {BarCell::kClose, std::static_pointer_cast<arrow::DoubleArray>(bars.GetColumnByName("close"))}};
  int64_t different = 0;
  for (int64_t i = 0; i < bars.num_rows(); ++i) {
    const auto row = static_cast<size_t>(i);
    bool null = volumes->IsNull(i);
    different += days->Value(i) != recorded.day(row);
    for (const auto& [cell, column] : prices) {
      const std::string text(recorded.cell(row, cell));
      null = null || text.empty();
      different +=
          text.empty() != column->IsNull(i) || (!text.empty() && column->Value(i) != std::stod(text));
    }
    const std::string volume(recorded.cell(row, BarCell::kVolume));
    different +=
        volume.empty() != volumes->IsNull(i) || (!volume.empty() && volumes->Value(i) != std::stoll(volume));
    *rows_with_nulls += null;
  }
  EXPECT_EQ(different, 0);
}

TEST(Replay, Ftse1RoundTripOfTheWholeRecordedSet) {
  Fixture f;
  const auto recorded = ReadBulkFile(kRoot + "/data/sp500/sp500_5yr_2012-2017.csv.zst");
  ASSERT_TRUE(recorded.ok()) << Describe(recorded.status());
  const auto symbols = ReadSymbols(kRoot + "/pipelines/sp500/symbols.csv");
  ASSERT_EQ(recorded->size(), symbols->size());
  int64_t rows = 0, nulls = 0;
  for (const std::string& symbol : *symbols) {
    const auto raw = f.Fetch(symbol);
    ASSERT_TRUE(raw.ok()) << symbol << ": " << Describe(raw.status());
    EXPECT_EQ(raw->extension, "json");
    EXPECT_FALSE(raw->generated);
    const auto parsed = f.Parse(symbol, *raw);
    ASSERT_TRUE(parsed.ok()) << symbol << ": " << Describe(parsed.status());
    const auto found = recorded->find(symbol);
    ASSERT_NE(found, recorded->end()) << symbol;
    ExpectSame(found->second, *parsed->bars, &nulls);
    for (int64_t i = 0; i < parsed->bars->num_rows(); ++i) {
      ASSERT_FALSE(std::static_pointer_cast<arrow::BooleanArray>(parsed->bars->GetColumnByName("incomplete"))
                       ->Value(i));
    }
    rows += parsed->bars->num_rows();
  }
  EXPECT_EQ(rows, 606'801);
  EXPECT_EQ(nulls, 790);
}

TEST(Replay, CsvSaysWhatTheChartSays) {
  Fixture json, csv({}, 3, {{"format", "csv"}});
  for (const char* symbol : {"AAPL", "BRK.B", "ABBV"}) {
    const auto one = json.Fetch(symbol), other = csv.Fetch(symbol);
    ASSERT_TRUE(one.ok() && other.ok()) << symbol;
    EXPECT_EQ(other->extension, "csv");
    const auto a = json.Parse(symbol, *one), b = csv.Parse(symbol, *other);
    ASSERT_TRUE(a.ok() && b.ok());
    EXPECT_GT(a->bars->num_rows(), 1000);
    EXPECT_TRUE(a->bars->Equals(*b->bars)) << symbol;
  }
}

TEST(Replay, RangeIsRespectedAndTheClockStandsAtItsEnd) {
  Fixture f;
  const auto raw = f.Fetch("AAPL", "2017-07-31", "2017-08-02");
  ASSERT_TRUE(raw.ok());
  EXPECT_EQ(FormatTimestamp(raw->fetched_at), "2017-08-02T21:00:00.000Z");  // 16:00 in New York, and an hour
  EXPECT_EQ(f.Parse("AAPL", *raw)->bars->num_rows(), 3);
  EXPECT_THAT(raw->masked_url, Not(HasSubstr("period1")));
  EXPECT_EQ(f.Fetch("AAPL", "2017-07-31", "2017-08-02")->body, raw->body);
  const auto weekend = f.Fetch("AAPL", "2017-08-05", "2017-08-06");
  ASSERT_TRUE(weekend.ok());
  EXPECT_EQ(f.Parse("AAPL", *weekend)->bars->num_rows(), 0);
  const auto before = f.Fetch("AAPL", "2005-01-03", "2005-01-07");  // 400, "Data doesn't exist"
  ASSERT_TRUE(before.ok()) << Describe(before.status());
  EXPECT_EQ(before->http_status, 400);
  EXPECT_EQ(f.Parse("AAPL", *before)->bars->num_rows(), 0);
  // 2012-11-23 ended at 13:00 in New York.
  EXPECT_EQ(FormatTimestamp(f.Fetch("AAPL", "2012-11-23", "2012-11-25")->fetched_at),
            "2012-11-23T19:00:00.000Z");
  EXPECT_EQ(CodeOf(f.Fetch("AAPL", "2017-08-02", "2017-07-31").status()), ErrorCode::kUsage);
}

TEST(Replay, UnknownSymbolIsNotFoundAtOnce) {
  Fixture f;
  const auto raw = f.Fetch("NOSUCH");
  EXPECT_EQ(CodeOf(raw.status()), ErrorCode::kNotFound);
  EXPECT_THAT(raw.status().message(), HasSubstr("delisted"));
  EXPECT_EQ(f.Stats()["requests"].as_int64(), 1);
  Fixture csv({}, 3, {{"format", "csv"}});
  EXPECT_EQ(CodeOf(csv.Fetch("NOSUCH").status()), ErrorCode::kNotFound);
}

TEST(Replay, RecordedLondonChartIsServedAsItIs) {
  Fixture f(Generating());
  const auto raw = f.Fetch("OCDO.L", "2020-01-01", "2020-01-03");
  ASSERT_TRUE(raw.ok()) << Describe(raw.status());
  EXPECT_FALSE(raw->generated);
  const auto parsed = f.Parse("OCDO.L", *raw, "GBP", "XLON");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(std::static_pointer_cast<arrow::DoubleArray>(parsed->bars->GetColumnByName("close"))->Value(0),
            12.595);
  const auto none = f.Fetch("OCDO.L", "2021-01-01", "2021-01-03");
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(f.Parse("OCDO.L", *none)->bars->num_rows(), 0);
}

TEST(Replay, GeneratedSymbolsAreMarkedAndTheSameForEveryRange) {
  Fixture f(Generating()), other(Generating());
  const auto years = f.Fetch("SHEL.L", "2019-01-01", "2025-12-19");
  ASSERT_TRUE(years.ok()) << Describe(years.status());
  EXPECT_TRUE(years->generated);
  EXPECT_EQ(other.Fetch("SHEL.L", "2019-01-01", "2025-12-19")->body, years->body);
  const auto all = f.Parse("SHEL.L", *years, "GBP", "XLON");
  ASSERT_TRUE(all.ok()) << Describe(all.status());
  const auto* calendar = *calendar::ExchangeCalendar::Find("XLON");
  EXPECT_EQ(static_cast<size_t>(all->bars->num_rows()),
            calendar->Sessions(MakeDate(2019, 1, 1), MakeDate(2025, 12, 19)).size());
  const auto sources = std::static_pointer_cast<arrow::StringArray>(all->bars->GetColumnByName("source"));
  EXPECT_EQ(sources->GetString(0), "yahoo (generated)");
  const auto currencies =
      std::static_pointer_cast<arrow::StringArray>(all->bars->GetColumnByName("currency"));
  EXPECT_EQ(currencies->GetString(0), "GBP");
  // The last 20 days alone: the same values.
  const auto raw = f.Fetch("SHEL.L", "2025-11-24", "2025-12-19");
  const auto few = f.Parse("SHEL.L", *raw, "GBP", "XLON");
  ASSERT_TRUE(few.ok());
  ASSERT_EQ(few->bars->num_rows(), 20);
  for (const char* column : {"date", "open", "high", "low", "close", "volume"}) {
    EXPECT_TRUE(few->bars->GetColumnByName(column)->Equals(
        all->bars->GetColumnByName(column)->Slice(all->bars->num_rows() - 20)))
        << column;
  }
}

TEST(Replay, GeneratedBarsKeepTheRules) {
  Fixture f(Generating());
  int dividends = 0, splits = 0;
  for (int n = 0; n < 40; ++n) {
    const std::string symbol = "S" + std::to_string(n);
    const auto raw = f.Fetch(symbol, "2010-01-01", "2030-12-31");
    ASSERT_TRUE(raw.ok());
    const auto parsed = f.Parse(symbol, *raw);
    ASSERT_TRUE(parsed.ok());
    const auto column = [&](const char* name) {
      return std::static_pointer_cast<arrow::DoubleArray>(parsed->bars->GetColumnByName(name));
    };
    const auto open = column("open"), high = column("high"), low = column("low"), close = column("close");
    for (int64_t i = 0; i < parsed->bars->num_rows(); ++i) {
      ASSERT_LE(low->Value(i), std::min(open->Value(i), close->Value(i)));
      ASSERT_GE(high->Value(i), std::max(open->Value(i), close->Value(i)));
      ASSERT_GT(low->Value(i), 0);
    }
    const auto kinds = std::static_pointer_cast<arrow::StringArray>(parsed->actions->GetColumnByName("kind"));
    for (int64_t i = 0; i < kinds->length(); ++i) ++(kinds->GetString(i) == "split" ? splits : dividends);
  }
  EXPECT_GT(dividends, 200);
  EXPECT_GT(splits, 2);
}

TEST(Replay, AsManyGeneratedSymbolsAsOrdered) {
  ReplayOptions options;
  options.generate_count = 12;
  Fixture f(options);
  EXPECT_TRUE(f.Fetch("GEN00012", "2020-01-01", "2020-02-01").ok());
  EXPECT_TRUE(f.Fetch("GEN00001.L", "2020-01-01", "2020-02-01").ok());
  EXPECT_EQ(CodeOf(f.Fetch("GEN00013").status()), ErrorCode::kNotFound);
}

TEST(Replay, CookieAndCrumbWhereTheyAreAskedFor) {
  ReplayOptions options;
  options.require_crumb = true;
  Fixture f(options);
  const auto raw = f.Fetch("AAPL");
  ASSERT_TRUE(raw.ok()) << Describe(raw.status());
  EXPECT_THAT(raw->masked_url, Not(HasSubstr("crumb")));  // ALL-4
  EXPECT_EQ(f.Stats()["requests"].as_int64(), 4);         // 401, cookie, crumb, chart
  ASSERT_TRUE(f.Fetch("MSFT").ok());
  EXPECT_EQ(f.Stats()["requests"].as_int64(), 5);  // kept
  Fixture without(options, 3, {{"cookie_endpoint", ""}});
  EXPECT_EQ(CodeOf(without.Fetch("AAPL").status()), ErrorCode::kUnauthenticated);
}

TEST(ReplayFaults, Ftse4WhatIsWorthRetryingIsRetried) {
  for (const char* fault :
       {"500:times=2", "503:times=2", "429:times=2", "reset:times=2", "truncate:times=2", "html:times=2"}) {
    Fixture f(WithFaults({fault}));
    const auto raw = f.Fetch("AAPL", "2017-08-01", "2017-08-11");
    EXPECT_TRUE(raw.ok()) << fault << ": " << Describe(raw.status());
    EXPECT_EQ(f.Stats()["requests"].as_int64(), 3) << fault;
  }
}

TEST(ReplayFaults, Ftse4AtMostThreeAttempts) {
  const std::pair<const char*, ErrorCode> kFaults[] = {{"500", ErrorCode::kUnavailable},
                                                       {"429", ErrorCode::kThrottled},
                                                       {"reset", ErrorCode::kUnavailable},
                                                       {"truncate", ErrorCode::kUnavailable},
                                                       {"html", ErrorCode::kUnavailable}};
  for (const auto& [fault, code] : kFaults) {
    Fixture f(WithFaults({fault}));
    EXPECT_EQ(CodeOf(f.Fetch("AAPL").status()), code) << fault;
    EXPECT_EQ(f.Stats()["requests"].as_int64(), 3) << fault;
  }
}

TEST(ReplayFaults, WhatOnlyTheParserCanSeeIsInvalidData) {
  for (const char* fault : {"garbage", "cut"}) {
    Fixture f(WithFaults({fault}));
    const auto raw = f.Fetch("AAPL");
    ASSERT_TRUE(raw.ok()) << fault << Describe(raw.status());
    EXPECT_EQ(CodeOf(f.Parse("AAPL", *raw).status()), ErrorCode::kInvalidData) << fault;
  }
  Fixture f(WithFaults({"gzip"}));
  const auto raw = f.Fetch("AAPL");
  ASSERT_TRUE(raw.ok());
  EXPECT_EQ(raw->body.substr(0, 2), "\x1f\x8b");
  EXPECT_EQ(f.Parse("AAPL", *raw)->bars->num_rows(), 1258);
}

TEST(ReplayFaults, SlowAnswersArriveWhole) {
  Fixture f(WithFaults({"latency=5ms", "drip=1ms"}));
  const auto raw = f.Fetch("AAPL", "2017-08-01", "2017-08-03");
  ASSERT_TRUE(raw.ok()) << Describe(raw.status());
  EXPECT_EQ(f.Parse("AAPL", *raw)->bars->num_rows(), 3);
}

TEST(ReplayFaults, BySymbolAndByRate) {
  Fixture f(WithFaults({"500:symbol=A*L", "503:rate=0.5,seed=7"}), 1);
  EXPECT_EQ(CodeOf(f.Fetch("AAPL").status()), ErrorCode::kUnavailable);
  const auto symbols = *ReadSymbols(kRoot + "/pipelines/sp500/symbols.csv");
  const auto pattern = [&](Fixture& fixture) {
    std::string hits;
    for (size_t i = 0; i < 60; ++i)
      hits += fixture.Fetch(symbols[i], "2017-08-01", "2017-08-03").ok() ? '.' : 'x';
    return hits;
  };
  Fixture one(WithFaults({"503:rate=0.5,seed=7"}), 1), same(WithFaults({"503:rate=0.5,seed=7"}), 1),
      other(WithFaults({"503:rate=0.5,seed=8"}), 1);
  const std::string hits = pattern(one);
  EXPECT_EQ(pattern(same), hits);
  EXPECT_NE(pattern(other), hits);
  EXPECT_GT(std::count(hits.begin(), hits.end(), 'x'), 15);
  EXPECT_LT(std::count(hits.begin(), hits.end(), 'x'), 45);
  // From the beginning again.
  one.Get("/_replay/reset", "POST");
  EXPECT_EQ(pattern(one), hits);
}

TEST(ReplayQuota, Us1OverTheQuotaIs429WithRetryAfter) {
  ReplayOptions options;
  options.quota = "3/60s";
  Fixture f(options, 1);
  f.clock.Set(*ParseTimestamp("2026-01-05T12:00:00Z"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(f.Fetch("AAPL").ok());
    f.clock.Advance(std::chrono::seconds(10));
  }
  const auto refused = f.Fetch("AAPL");  // 30 s after the first
  EXPECT_EQ(CodeOf(refused.status()), ErrorCode::kThrottled);
  ASSERT_NE(DetailOf(refused.status()), nullptr);
  EXPECT_EQ(DetailOf(refused.status())->retry_after, std::chrono::seconds(30));
  f.clock.Advance(std::chrono::seconds(30));
  EXPECT_TRUE(f.Fetch("AAPL").ok());
  const json::object stats = f.Stats();
  EXPECT_EQ(stats.at("requests").as_int64(), 5);
  EXPECT_EQ(stats.at("rejected").as_int64(), 1);
  EXPECT_EQ(stats.at("by_status").as_object().at("200").as_int64(), 4);
  EXPECT_EQ(stats.at("by_status").as_object().at("429").as_int64(), 1);
  EXPECT_EQ(stats.at("max_in_window").as_int64(), 4);
  EXPECT_EQ(stats.at("window_ms").as_int64(), 60'000);
  EXPECT_EQ(stats.at("first").as_string(), "2026-01-05T12:00:00.000Z");
  EXPECT_EQ(stats.at("last").as_string(), "2026-01-05T12:01:00.000Z");
  EXPECT_GE(stats.at("connections").as_int64(), 1);
}

TEST(ReplayQuota, ALimiterOfTheSameQuotaIsNeverRefused) {
  ReplayOptions options;
  options.quota = "5/60s";
  Fixture f(options, 1);
  net::MemoryRateLimiter limiter({5, std::chrono::seconds(60)}, f.clock);
  const auto limited = *net::CurlClient::Make({.limiter = &limiter});
  const auto source = *MakeSource("yahoo", {{"endpoint", f.server->origin()}}, {limited.get(), &f.clock});
  for (int i = 0; i < 17; ++i) {
    EXPECT_TRUE(source->Fetch({"AAPL", MakeDate(2017, 8, 1), MakeDate(2017, 8, 3)}).ok()) << i;
  }
  EXPECT_EQ(f.Stats().at("max_in_window").as_int64(), 5);
  EXPECT_EQ(f.Stats().at("rejected").as_int64(), 0);
}

TEST(Replay, ManyThreadsAtOnce) {
  Fixture f(Generating());
  const auto symbols = *ReadSymbols(kRoot + "/pipelines/ftse100/symbols.csv");
  std::vector<std::string> bodies(symbols.size() * 2);
  const Status done = ParallelFor(bodies.size(), 8, [&](size_t i) -> Status {
    ASSIGN_OR_RETURN(auto raw, f.Fetch(symbols[i % symbols.size()], "2025-11-01", "2025-12-19"));
    ASSIGN_OR_RETURN(auto parsed, f.Parse(symbols[i % symbols.size()], raw, "GBP", "XLON"));
    bodies[i] = raw.body;
    return parsed.bars->num_rows() == 35 ? Status::OK()
                                         : MakeError(ErrorCode::kInternal, parsed.bars->ToString());
  });
  ASSERT_TRUE(done.ok()) << Describe(done);
  for (size_t i = 0; i < symbols.size(); ++i) EXPECT_EQ(bodies[i], bodies[i + symbols.size()]);
}

TEST(Replay, GzipForWhoAcceptsIt) {
  ReplayOptions options;
  options.gzip = true;
  Fixture f(options), plain;
  const auto raw = f.Fetch("AAPL");
  ASSERT_TRUE(raw.ok()) << Describe(raw.status());
  EXPECT_EQ(raw->body, plain.Fetch("AAPL")->body);
}

TEST(Replay, WrongOptionsAreUsage) {
  ManualClock clock{TimePoint{}};
  for (const char* fault : {"", "nosuch", "200", "600", "latency", "latency=5", "500=5ms", "500:rate=2",
                            "500:x=1", "500:times=-1", "500:seed"}) {
    ReplayOptions options = WithFaults({fault});
    options.data_dir = kRoot + "/data";
    EXPECT_EQ(CodeOf(ReplayServer::Start(options, clock).status()), ErrorCode::kUsage) << fault;
  }
  for (const char* quota : {"300", "300/", "0/60s", "x/60s", "300/0s", "300/60", "-1/60s"}) {
    ReplayOptions options;
    options.data_dir = kRoot + "/data";
    options.quota = quota;
    EXPECT_EQ(CodeOf(ReplayServer::Start(options, clock).status()), ErrorCode::kUsage) << quota;
  }
  ReplayOptions nowhere;
  nowhere.data_dir = kRoot + "/nosuch";
  EXPECT_EQ(CodeOf(ReplayServer::Start(nowhere, clock).status()), ErrorCode::kNotFound);
}

TEST(Replay, ListsWhatIsRecorded) {
  Fixture f;
  const json::value symbols = *ParseJson(f.Get("/_replay/symbols").body);
  EXPECT_EQ(symbols.as_array().size(), 504u);
  EXPECT_EQ(f.Get("/_replay/nosuch").status, 404);
  EXPECT_EQ(f.Get("/nosuch").status, 404);
}

}  // namespace
}  // namespace penstock::source
