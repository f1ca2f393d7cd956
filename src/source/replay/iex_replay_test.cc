// IEX's stand-in: what it answers, and the source against it over loopback (IEX-1 … IEX-3).
#include "source/replay/iex_replay.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "net/curl_client.h"
#include "source/iex/definitions.h"
#include "source/registry.h"
#include "source/replay/replay_server.h"

namespace penstock::source {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kData = std::string(PENSTOCK_SOURCE_DIR) + "/data";

std::string BytesOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

std::unique_ptr<IexReplay> Open(IexReplayOptions options = {}) {
  options.market.data_dir = kData;
  auto opened = IexReplay::Open(std::move(options));
  EXPECT_TRUE(opened.ok()) << Describe(opened.status());
  return *std::move(opened);
}

ReplayAnswer Ask(IexReplay& replay, const std::string& target) {
  net::ServerRequest request;
  EXPECT_TRUE(net::ParseTarget(target, &request).ok()) << target;
  std::string symbol;
  EXPECT_TRUE(replay.Takes(request, &symbol)) << target;
  return replay.Answer(request);
}

std::shared_ptr<arrow::RecordBatch> RowsOf(const ReplayAnswer& answer) {
  const ManualClock clock{TimePoint{}};
  const auto source = MakeRecordSource("iex", {}, {nullptr, &clock});
  EXPECT_EQ(answer.status, 200) << answer.body.substr(0, 200);
  const bool csv = answer.content_type.starts_with("text/csv");
  const auto rows = (*source)->Read(answer.body, csv ? "csv" : "json");
  EXPECT_TRUE(rows.ok()) << Describe(rows.status()) << answer.body.substr(0, 200);
  return rows.ok() ? *rows : nullptr;
}

TEST(IexReplay, RecordedBodiesAreServedAsTheyAre) {
  const auto replay = Open();
  EXPECT_EQ(Ask(*replay, "/v1/stock/MSFT/chart").body, BytesOf(kData + "/iex/stock_MSFT_chart_1m.json"));
  EXPECT_EQ(Ask(*replay, "/stable/stock/msft/chart/1d").body,
            BytesOf(kData + "/iex/stock_MSFT_chart_1d.json"));
  EXPECT_EQ(Ask(*replay, "/stock/aapl/chart/date/20190220").body,
            BytesOf(kData + "/iex/stock_AAPL_chart_date_20190220.json"));
}

TEST(IexReplay, OthersAreMadeUpAndSaySo) {
  const auto replay = Open();
  const auto month = RowsOf(Ask(*replay, "/stable/stock/NFLX/chart/1m"));
  EXPECT_EQ(month->num_rows(), 22);  // sessions from 2025-11-30 to 2025-12-31
  EXPECT_NE(month->GetColumnByName("generated"), nullptr);
  EXPECT_EQ(month->schema()->GetFieldByName("uClose")->type()->id(), arrow::Type::DOUBLE);
  EXPECT_EQ(RowsOf(Ask(*replay, "/stable/stock/NFLX/chart/1d"))->num_rows(), 390);
  EXPECT_EQ(RowsOf(Ask(*replay, "/stable/stock/NFLX/chart/date/20251224"))->num_rows(), 210);  // a half day
  EXPECT_EQ(RowsOf(Ask(*replay, "/stable/stock/NFLX/chart/date/20251225"))->num_rows(), 0);
  EXPECT_EQ(RowsOf(Ask(*replay, "/stable/stock/NFLX/chart/5d"))->num_rows(), 5);
  EXPECT_EQ(RowsOf(Ask(*replay, "/stable/stock/NFLX/chart/5dm"))->num_rows(), 4 * 39 + 21);
  int64_t rows = 0;
  for (const char* range : {"3m", "6m", "ytd", "1y", "2y", "5y", "max"}) {
    const auto more = RowsOf(Ask(*replay, std::string("/stable/stock/NFLX/chart/") + range));
    EXPECT_GE(more->num_rows(), rows) << range;
    rows = more->num_rows();
  }
}

TEST(IexReplay, CsvHasTheSameRecords) {
  const auto replay = Open();
  for (const char* path : {"/stock/MSFT/chart/1m", "/stock/MSFT/chart/1d", "/stock/NFLX/chart/1m"}) {
    const auto json = RowsOf(Ask(*replay, path));
    const auto csv = Ask(*replay, std::string(path) + "?format=csv");
    EXPECT_TRUE(csv.content_type.starts_with("text/csv"));
    EXPECT_TRUE(json->Equals(*RowsOf(csv))) << path;
  }
  EXPECT_EQ(Ask(*replay, "/stock/MSFT/chart/1m?format=csv&chartLast=1&filter=date,close").body,
            "date,close\r\n2019-08-09,137.71\r\n");
}

TEST(IexReplay, Batches) {
  const auto replay = Open();
  const auto answer =
      Ask(*replay, "/v1/stock/market/batch?symbols=msft,NFLX,INVALID&types=quote,chart&range=1m");
  const auto rows = RowsOf(answer);
  EXPECT_EQ(rows->num_rows(), 1 + 23 + 1 + 22);
  EXPECT_EQ(rows->schema()->field(0)->name(), "symbol");
  EXPECT_THAT(answer.body, HasSubstr("\"companyName\":\"Microsoft Corp.\""));
  EXPECT_EQ(Ask(*replay, "/v1/stock/market/batch?symbols=INVALID&types=quote").body, "{}");
  EXPECT_EQ(
      RowsOf(Ask(*replay, "/v1/stock/market/batch?symbols=MSFT,NFLX&types=chart&format=csv"))->num_rows(),
      45);
  EXPECT_EQ(Ask(*replay, "/v1/stock/market/batch?symbols=MSFT&types=chart,quote&format=csv").status, 400);
}

TEST(IexReplay, ErrorsAreThoseOfTheService) {
  IexReplayOptions options;
  options.token = "t0ken";
  const auto replay = Open(options);
  EXPECT_EQ(Ask(*replay, "/v1/stock/MSFT/chart").status, 403);
  EXPECT_EQ(Ask(*replay, "/v1/stock/MSFT/chart?token=other").body + "\n",
            BytesOf(std::string(PENSTOCK_SOURCE_DIR) + "/tests/data/iex/client_access_denied.txt") + "\n");
  EXPECT_EQ(Ask(*replay, "/v1/stock/MSFT/chart?token=t0ken").status, 200);
  const auto unknown = Ask(*replay, "/v1/stock/INVALID/chart?token=t0ken");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body, BytesOf(std::string(PENSTOCK_SOURCE_DIR) + "/tests/data/iex/chart_invalid.txt"));
  const auto odd = Ask(*replay, "/v1/stock/MSFT/chart/1d?badOption=option&token=t0ken");
  EXPECT_EQ(odd.status, 400);
  EXPECT_EQ(odd.body, BytesOf(std::string(PENSTOCK_SOURCE_DIR) + "/tests/data/iex/chart_bad_option.json"));
  EXPECT_EQ(Ask(*replay, "/v1/stock/NFLX/chart/7w?token=t0ken").status, 400);
}

TEST(IexReplay, RecordsChangeWhereTheyAreToldTo) {
  IexReplayOptions options;
  options.changing = true;
  const auto replay = Open(options);
  std::vector<std::string> types;
  for (int i = 0; i < 5; ++i) {
    const auto schema = RowsOf(Ask(*replay, "/stock/MSFT/chart/1m"))->schema();
    const auto type = [&](const char* name) {
      const auto field = schema->GetFieldByName(name);
      return field == nullptr ? std::string("-") : field->type()->ToString();
    };
    types.push_back(type("vwap") + " " + type("volume") + " " + type("label") + " " + type("changePercent"));
  }
  EXPECT_EQ(types, (std::vector<std::string>{"- int64 string double", "double int64 string double",
                                             "double double string double", "double double - double",
                                             "double double - string"}));
}

TEST(IexReplay, TheSourceAgainstItOverLoopback) {
  const ManualClock clock{*ParseTimestamp("2025-12-31T22:00:00Z")};
  ReplayOptions options;
  options.data_dir = kData;
  options.iex_token = "a+token/of=mine";
  const auto server = ReplayServer::Start(options, clock);
  ASSERT_TRUE(server.ok()) << Describe(server.status());
  const auto curl = net::CurlClient::Make({});
  ASSERT_TRUE(curl.ok()) << Describe(curl.status());
  const auto made = MakeRecordSource("iex", {}, {curl->get(), &clock, [&](const char* name) {
                                                   return std::string(name) == "IEX_TOKEN"
                                                              ? options.iex_token
                                                              : (*server)->origin() + "/stable";
                                                 }});
  ASSERT_TRUE(made.ok()) << Describe(made.status());
  const auto definitions = iex::ParseDefinitions(R"({
    "month": {"symbol": "MSFT", "range": "1m"}, "csv": {"symbol": "MSFT", "params": {"format": "csv"}},
    "day": {"symbol": "AAPL", "range": "date/20190220"}, "batch": {"endpoint": "batch", "symbols": ["AAPL", "MSFT"], "types": ["quote"]},
    "none": {"symbol": "INVALID"}})");
  ASSERT_TRUE(definitions.ok());
  std::map<std::string, int64_t> rows;
  for (const RecordSeries& series : definitions->series) {
    const auto fetched = (*made)->Fetch(series, "", [&](RecordAnswer page) -> Status {
      EXPECT_THAT(page.masked_url, Not(HasSubstr("mine")));
      ASSIGN_OR_RETURN(const auto read, (*made)->Read(page.body, page.extension));
      rows[series.key + "." + page.extension] = read->num_rows();
      return Status::OK();
    });
    if (series.key != "none") {
      EXPECT_TRUE(fetched.ok()) << Describe(fetched.status());
      continue;
    }
    EXPECT_EQ(CodeOf(fetched.status()), ErrorCode::kNotFound);
    EXPECT_THAT(Describe(fetched.status()), HasSubstr("Unknown symbol"));
    EXPECT_THAT(Describe(fetched.status()), Not(HasSubstr("mine")));
  }
  EXPECT_EQ(rows, (std::map<std::string, int64_t>{
                      {"month.json", 23}, {"csv.csv", 23}, {"day.json", 390}, {"batch.json", 2}}));
}

}  // namespace
}  // namespace penstock::source
