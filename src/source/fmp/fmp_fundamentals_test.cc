// Recorded companies through the reader, and the whole market from the stand-in (US-4, US-5).
#include "source/fmp/fmp_fundamentals.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "net/curl_client.h"
#include "source/replay/replay_server.h"
#include "source/symbols.h"

namespace penstock::source::fmp {
namespace {

using ::testing::ElementsAre;

const std::string kRoot = PENSTOCK_SOURCE_DIR;

std::string Recorded(const std::string& name) {
  std::ifstream in(kRoot + "/tests/data/fmp/stable/" + name, std::ios::binary);
  EXPECT_TRUE(in.is_open()) << name;
  return {std::istreambuf_iterator<char>(in), {}};
}

FundamentalContext Context() {
  FundamentalContext context;
  context.raw_key = "raw/test";
  context.fetched_at = *ParseTimestamp("2025-02-05T12:00:00Z");
  return context;
}

std::string Cell(const arrow::RecordBatch& batch, const char* column, int64_t row = 0) {
  const auto cell = *batch.GetColumnByName(column)->GetScalar(row);
  return cell->is_valid ? cell->ToString() : "-";
}

std::shared_ptr<arrow::RecordBatch> Read(const std::string& body) {
  const auto batch = ReadCompanies(body, Context());
  EXPECT_TRUE(batch.ok()) << Describe(batch.status());
  if (!batch.ok()) return nullptr;
  EXPECT_TRUE((*batch)->ValidateFull().ok());
  EXPECT_TRUE((*batch)->schema()->Equals(*FundamentalsSchema()));
  return *batch;
}

TEST(FmpFundamentals, Us4RecordedAnswersBecomeOneRowOfApple) {
  const auto profile = Read(Recorded("profile__symbol=AAPL.json"));
  EXPECT_EQ(Cell(*profile, "name"), "Apple Inc.");
  EXPECT_EQ(Cell(*profile, "sector"), "Technology");
  EXPECT_EQ(Cell(*profile, "ipo_date"), "1980-12-12");
  EXPECT_EQ(Cell(*profile, "is_etf"), "false");
  EXPECT_EQ(Cell(*profile, "pe"), "-");
  const auto income = Read(Recorded("income-statement__symbol=AAPL_period=annual_limit=3.json"));
  EXPECT_EQ(income->num_rows(), 1);  // the newest of three
  const auto one = *MergeFundamentals({profile, Read(Recorded("key-metrics-ttm__symbol=AAPL.json")),
                                       Read(Recorded("ratios-ttm__symbol=AAPL.json")), income,
                                       Read(Recorded("quote__symbol=AAPL.json"))});
  ASSERT_TRUE(one->ValidateFull().ok());
  ASSERT_EQ(one->num_rows(), 1);
  std::vector<std::string> cells;
  for (const char* column : {"symbol", "exchange", "price", "volume_avg", "pe", "pb", "dividend_yield", "roe",
                             "debt_to_equity", "beta", "is_actively_trading"}) {
    cells.push_back(Cell(*one, column));
  }
  EXPECT_THAT(cells,
              ElementsAre("AAPL", "NASDAQ", "232.8", "50542058", "34.76389372219984", "52.42836653106487",
                          "0.00440434", "1.5492287406274625", "1.5448579674920249", "1.24", "true"));
  EXPECT_NE(Cell(*one, "revenue"), "-");
  EXPECT_NE(Cell(*one, "net_income"), "-");
}

TEST(FmpFundamentals, FurtherRecordings) {
  const auto bulk = Read(Recorded("profile-bulk__part=0.csv"));
  ASSERT_EQ(bulk->num_rows(), 1);
  EXPECT_EQ(Cell(*bulk, "industry"), "Insurance - Diversified");
  EXPECT_EQ(Cell(*bulk, "market_cap"), "3.50082312e+12");
  const auto list = Read(Recorded("stock-list_excerpt.json"));
  EXPECT_EQ(Cell(*list, "symbol", 1), "0700.HK");
  EXPECT_EQ(Cell(*list, "name", 1), "Tencent Holdings Limited");
  const auto screener = Read(Recorded("company-screener__sample.json"));
  EXPECT_EQ(Cell(*screener, "beta"), "-");  // null
  EXPECT_EQ(Cell(*screener, "exchange"), "NASDAQ");
  for (const char* name :
       {"income-statement-ttm__symbol=AAPL_limit=2.json", "ratios__symbol=AAPL_period=annual_limit=3.json",
        "key-metrics__symbol=AAPL_period=annual_limit=3.json"}) {
    EXPECT_EQ(Read(Recorded(name))->num_rows(), 1) << name;
  }
}

TEST(FmpFundamentals, TheSymbolFilesSpellingAndOnlyItsSymbols) {
  const std::vector<std::string> ours = {"BRK.B"};
  FundamentalContext context = Context();
  context.symbols = ours;
  const auto batch = ReadCompanies(R"([{"symbol":"BRK-B","mktCap":"5"},{"symbol":"A"}])", context);
  ASSERT_TRUE(batch.ok());
  ASSERT_EQ((*batch)->num_rows(), 1);
  EXPECT_EQ(Cell(**batch, "symbol"), "BRK.B");
  EXPECT_EQ(Cell(**batch, "market_cap"), "5");
}

TEST(FmpFundamentals, MalformedBodiesAndErrors) {
  for (const std::string body :
       {"[{}]", "[1]", "[{\"symbol\":1}]", "[{\"symbol\":\"A\",\"beta\":\"x\"}]",
        "[{\"symbol\":\"A\",\"isEtf\":1}]", "[{\"symbol\":\"A\"}", "{\"a\":1}", "a,b\n1,2\n",
        "symbol,beta\nA,1,2\n", "symbol,beta\nA,x\n", "symbol\n\"A\n", "", "<html>"}) {
    EXPECT_EQ(CodeOf(ReadCompanies(body, Context()).status()), ErrorCode::kInvalidData) << body;
  }
  EXPECT_EQ(Read("[]")->num_rows(), 0);
  EXPECT_EQ(Read("symbol,companyName\nPBH,Premium Brands: your subscription\n")->num_rows(), 1);
  EXPECT_EQ(CodeOf(ReadCompanies("Exclusive Endpoint : not yours", Context()).status()),
            ErrorCode::kRejectedByProvider);
  EXPECT_EQ(CodeOf(ReadCompanies(R"({"Error Message":"Limit Reach ."})", Context()).status()),
            ErrorCode::kThrottled);
}

TEST(FmpFundamentals, Us4TheWholeMarketInAFewRequests) {
  ManualClock clock(*ParseTimestamp("2026-01-05T12:00:00Z"));
  ReplayOptions options;
  options.data_dir = kRoot + "/data";
  const auto server = *ReplayServer::Start(options, clock);
  const auto curl = *net::CurlClient::Make();
  const auto symbols = *ReadSymbols(kRoot + "/data/us-stocks/symbols.csv");
  const SourceParts parts{curl.get(), &clock, [](const char*) { return std::string(); }};
  for (const char* shape : {"full", "legacy"}) {
    const auto source =
        *MakeFundamentalSource("fmp", {{"endpoint", server->origin()}, {"shape", shape}}, parts);
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    int requests = 0;
    std::vector<FundamentalKind> kinds = {FundamentalKind::kSymbols, FundamentalKind::kDelisted,
                                          FundamentalKind::kRenamed, FundamentalKind::kProfile,
                                          FundamentalKind::kQuote};
    if (std::string_view(shape) == "full") {
      kinds.insert(kinds.end(),
                   {FundamentalKind::kKeyMetrics, FundamentalKind::kRatios, FundamentalKind::kIncome});
    }
    for (const FundamentalKind kind : kinds) {
      for (const FundamentalRequest& first : source->Plan(kind, symbols)) {
        std::optional<FundamentalRequest> request = first;
        while (request) {
          ++requests;
          const auto answer = source->Fetch(*request);
          ASSERT_TRUE(answer.ok()) << Describe(answer.status());
          FundamentalContext context = Context();
          context.symbols = symbols;
          const auto batch = source->Parse(answer->body, context);
          ASSERT_TRUE(batch.ok()) << Describe(batch.status());
          batches.push_back(*batch);
          request = source->Next(*request, (*batch)->num_rows());
        }
      }
    }
    EXPECT_LT(requests, 60) << shape;
    const auto merged = *MergeFundamentals(batches);
    EXPECT_EQ(merged->num_rows(), static_cast<int64_t>(symbols.size()));
    EXPECT_EQ(merged->GetColumnByName("price")->null_count(), 0);
    if (std::string_view(shape) == "full") {
      EXPECT_EQ(merged->GetColumnByName("roe")->null_count(), 0);
    }
    EXPECT_EQ(merged->GetColumnByName("renamed_to")->null_count(), merged->num_rows() - 4);
    EXPECT_EQ(merged->GetColumnByName("delisted")->null_count(), merged->num_rows() - 6);
  }
}

}  // namespace
}  // namespace penstock::source::fmp
