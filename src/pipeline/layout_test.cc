#include "pipeline/layout.h"

#include <gtest/gtest.h>

namespace penstock::pipeline {
namespace {

TEST(Layout, SymbolsOfEverySpellingComeBackFromTheirKeys) {
  for (const std::string symbol : {"AAPL", "BRK.B", "BF-B", "^GSPC", "RDS/A", "OCDO.L", "EURUSD=X", "a_b",
                                   "..", ".", "0P000071W8.TO", "100%", "\xc3\xa9"}) {
    const std::string segment = EncodeSymbol(symbol);
    EXPECT_EQ(segment.find_first_of("/_^= "), std::string::npos) << segment;
    EXPECT_NE(segment, "..");
    EXPECT_EQ(DecodeSymbol(segment).ValueOr(""), symbol);
    for (const Date from : {MakeDate(2017, 8, 11), MakeDate(2012, 8, 13)}) {
      const RawKey key{symbol, from, MakeDate(2017, 8, 11), "json"};
      const auto parsed = RawKey::Parse("sp500/", key.ToKey("sp500/"));
      ASSERT_TRUE(parsed.has_value()) << key.ToKey("sp500/");
      EXPECT_EQ(parsed->symbol, symbol);
      EXPECT_EQ(parsed->from, from);
    }
  }
}

TEST(Layout, KeysAreThoseOfTheDesign) {
  EXPECT_EQ((RawKey{"^GSPC", MakeDate(2017, 8, 11), MakeDate(2017, 8, 11), "csv"}.ToKey("x/")),
            "x/raw/dt=2017-08-11/%5EGSPC.csv");
  EXPECT_EQ((RawKey{"AAPL", MakeDate(2012, 8, 13), MakeDate(2017, 8, 11), "json"}.ToKey("")),
            "raw/dt=2017-08-11/AAPL_2012-08-13.json");
  EXPECT_EQ(RunSummaryKey("sp500/", "sp500", "n"), "sp500/markers/sp500/runs/n.json");
}

TEST(Layout, OtherKeysAreNotTakenForRawAnswers) {
  for (const char* key :
       {"raw/dt=2017-02-30/A.json", "raw/dt=2017-08-11/A", "raw/dt=2017-08-11/.json",
        "raw/dt=2017-08-11/a/b.json", "raw/dt=2017-08-11/A_2018-01-01.json", "raw/dt=2017-08-11",
        "raw/dt=2017-08-11/A%2.json", "raw/dt=2017-08-11/A.parquet", "clean/dt=2017-08-11/A.json"}) {
    EXPECT_FALSE(RawKey::Parse("", key).has_value()) << key;
  }
}

}  // namespace
}  // namespace penstock::pipeline
