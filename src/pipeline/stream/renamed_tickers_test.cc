#include "pipeline/stream/renamed_tickers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/temporary_folder.h"

namespace penstock::pipeline {
namespace {

using ::testing::HasSubstr;

RenamedTickers Of(const std::string& lines) {
  return RenamedTickers(*source::ParseSymbolEntries("symbol,renamed_to,delisted\n" + lines, "symbol", "f"));
}

TEST(RenamedTickers, TheNameOfTodayIsThatOfACompanyNotOfAText) {
  const auto renamed = Of("FB,META,2022-06-09\n");
  EXPECT_EQ(renamed.TodaysName("FB", MakeDate(2020, 5, 14)), "META");
  EXPECT_EQ(renamed.TodaysName("FB", MakeDate(2022, 6, 8)), "META");
  // From then on nobody has it, or somebody else.
  EXPECT_EQ(renamed.TodaysName("FB", MakeDate(2022, 6, 9)), std::nullopt);
  EXPECT_EQ(renamed.RenamedBefore("FB", MakeDate(2022, 6, 9)), "FB is META since 2022-06-09");
  EXPECT_EQ(renamed.RenamedBefore("FB", MakeDate(2022, 6, 8)), "");
  EXPECT_EQ(renamed.TodaysName("SHOP", MakeDate(2020, 5, 14)), std::nullopt);
  EXPECT_EQ(RenamedTickers().TodaysName("FB", MakeDate(2020, 5, 14)), std::nullopt);
}

TEST(RenamedTickers, SeveralChangesAreFollowedToTheEnd) {
  const auto renamed = Of("A,B,2020-01-02\nB,C,2022-01-03\n");
  EXPECT_EQ(renamed.TodaysName("A", MakeDate(2019, 5, 14)), "C");
  EXPECT_EQ(renamed.TodaysName("B", MakeDate(2021, 5, 14)), "C");
  EXPECT_EQ(renamed.TodaysName("A", MakeDate(2021, 5, 14)), std::nullopt);
  // A file that leads in a circle ends.
  EXPECT_TRUE(Of("A,B,2020-01-02\nB,A,2022-01-03\n").TodaysName("A", MakeDate(2019, 5, 14)));
}

TEST(RenamedTickers, LinesWithoutNameOrDayAreNamed) {
  TemporaryFolder folder;
  const auto read = [&](const std::string& text) {
    std::ofstream(folder / "renamed.csv") << text;
    return RenamedTickers::Read(folder / "renamed.csv").status();
  };
  EXPECT_TRUE(read("symbol,renamed_to,delisted\nFB,META,2022-06-09\n").ok());
  EXPECT_THAT(read("symbol,renamed_to,delisted\nFB,META,\n").message(),
              HasSubstr("FB: no day of the change"));
  EXPECT_THAT(read("symbol,delisted\nFB,2022-06-09\n").message(), HasSubstr("FB: no name that it has today"));
  EXPECT_EQ(CodeOf(RenamedTickers::Read(folder / "none.csv").status()), ErrorCode::kConfiguration);
}

TEST(RenamedTickers, ThoseThatComeWithThePipelineAreGood) {
  const auto read = RenamedTickers::Read(std::string(PENSTOCK_SOURCE_DIR) + "/pipelines/stream/renamed.csv");
  ASSERT_TRUE(read.ok()) << Describe(read.status());
  EXPECT_EQ(read->TodaysName("SQ", MakeDate(2020, 5, 14)), "XYZ");
}

}  // namespace
}  // namespace penstock::pipeline
