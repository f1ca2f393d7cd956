#include "source/symbols.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace penstock::source {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

void ExpectRefused(std::string_view text, const std::string& place) {
  const auto symbols = ParseSymbols(text, "symbol", "s.csv");
  EXPECT_EQ(CodeOf(symbols.status()), ErrorCode::kConfiguration) << text;
  EXPECT_THAT(symbols.status().message(), HasSubstr(place)) << text;
}

TEST(Symbols, NamedColumnCommentsQuotesAndCrlf) {
  const auto symbols = ParseSymbols(
      "\xef\xbb\xbf# of today\r\nname,symbol\r\n\"A, \"\"B\"\" Co\", AB.L \r\n\r\nX,^GSPC\r\nY,EURUSD=X",
      "symbol", "s.csv");
  ASSERT_TRUE(symbols.ok()) << Describe(symbols.status());
  EXPECT_THAT(*symbols, ElementsAre("AB.L", "^GSPC", "EURUSD=X"));
}

// US-stocks: what left the market is kept, and marked.
TEST(Symbols, DelistedAndRenamedAreColumns) {
  const auto entries =
      ParseSymbolEntries("symbol,renamed_to,delisted\nFB,META,2022-06-09\nMETA,,\n", "symbol", "s.csv");
  ASSERT_TRUE(entries.ok()) << Describe(entries.status());
  EXPECT_EQ((*entries)[0].delisted, MakeDate(2022, 6, 9));
  EXPECT_EQ((*entries)[0].renamed_to, "META");
  EXPECT_FALSE((*entries)[1].delisted);
  ExpectRefused("symbol,delisted\nFB,2022-6-9\n", "s.csv:2");
}

TEST(Symbols, ShareClassesAndPreferredSharesOfTheUsMarket) {
  const auto symbols = ParseSymbols("symbol\nRDS/A\nBRK.B\nBF-B\nABR$D\n", "symbol", "s.csv");
  ASSERT_TRUE(symbols.ok()) << Describe(symbols.status());
  EXPECT_THAT(*symbols, ElementsAre("RDS/A", "BRK.B", "BF-B", "ABR$D"));
  for (const char* odd : {"symbol\n/A\n", "symbol\nA/\n", "symbol\nA/B/C\n", "symbol\nA/BCD\n"}) {
    ExpectRefused(odd, "s.csv:2");
  }
}

TEST(Symbols, Us2TheUsMarketThatTheReplayServes) {
  const auto entries = ReadSymbolEntries(std::string(PENSTOCK_SOURCE_DIR) + "/data/us-stocks/symbols.csv");
  ASSERT_TRUE(entries.ok()) << Describe(entries.status());
  EXPECT_EQ(entries->size(), 11'055u);
  const auto find = [&](std::string_view symbol) {
    return *std::find_if(entries->begin(), entries->end(), [&](const auto& e) { return e.symbol == symbol; });
  };
  EXPECT_EQ(find("FB").renamed_to, "META");
  EXPECT_EQ(find("TWTR").delisted, MakeDate(2022, 10, 28));
  EXPECT_EQ(find("ARM").listed, MakeDate(2023, 9, 14));
  EXPECT_EQ(find("BRK.B").exchange, "NYSE");
  EXPECT_TRUE(find("SPY").etf);
  EXPECT_EQ(find("RDS/A").name, "Royal Dutch Shell PLC American Depositary Shares Class A");
}

TEST(Symbols, FaultsNameFileAndLine) {
  ExpectRefused("", "s.csv:0");
  ExpectRefused("symbol\n", "s.csv:1");
  ExpectRefused("name\nA\n", "s.csv:1");
  ExpectRefused("symbol\nA\n# x\nA\n", "s.csv:4");
  ExpectRefused("symbol,name\nA,\n,x\n", "s.csv:3");
  ExpectRefused("symbol,name\nA\n", "s.csv:2");
  ExpectRefused("symbol\n\"A\n", "s.csv:2");
  ExpectRefused("symbol\n../A\n", "s.csv:2");
  ExpectRefused("symbol\nA B\n", "s.csv:2");
}

TEST(Symbols, Ftse1ConstituentsAndTheRecordedSet) {
  const std::string root = PENSTOCK_SOURCE_DIR;
  const auto ftse = ReadSymbols(root + "/pipelines/ftse100/symbols.csv");
  ASSERT_TRUE(ftse.ok()) << Describe(ftse.status());
  EXPECT_EQ(ftse->size(), 100u);
  for (const std::string& symbol : *ftse) EXPECT_TRUE(symbol.ends_with(".L")) << symbol;
  const auto sp500 = ReadSymbols(root + "/pipelines/sp500/symbols.csv");
  ASSERT_TRUE(sp500.ok()) << Describe(sp500.status());
  EXPECT_EQ(sp500->size(), 503u);
  EXPECT_EQ(CodeOf(ReadSymbols(root + "/none.csv").status()), ErrorCode::kConfiguration);
}

}  // namespace
}  // namespace penstock::source
