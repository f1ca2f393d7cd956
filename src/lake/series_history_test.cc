#include "lake/series_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lake/partitioned_table.h"
#include "lake/test_bars.h"
#include "store/memory_store.h"

namespace penstock::lake {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(LakeHistory, NewestFirstOfTheSeriesAlone) {
  ManualClock clock{TimePoint(MakeDate(2017, 8, 12))};
  store::MemoryStore store(clock);
  HiveTableFormat format(store);
  const auto table = PartitionedTable::Make(store, format, DailyBarsTable()).ValueOrDie();
  std::vector<TestBar> bars;
  for (int day = 1; day <= 9; ++day) {
    const auto date = MakeDate(2017, 8, static_cast<unsigned>(day));
    bars.push_back({.symbol = "AAPL", .date = date, .close = day});
    if (day != 8)
      bars.push_back({.symbol = "MSFT",
                      .date = date,
                      .close = 100 + day,
                      .volume = day == 7 ? std::nullopt : std::optional<int64_t>(day)});
  }
  ASSERT_TRUE(table->Upsert({BarBatch(bars)}, {}).ok());
  LakeHistory history(*table, 4);
  EXPECT_THAT(*history.Before("AAPL", MakeDate(2017, 8, 10), "close", 2), ElementsAre(9, 8));
  EXPECT_THAT(*history.Before("AAPL", MakeDate(2017, 8, 9), "close", 1), ElementsAre(8));
  EXPECT_THAT(*history.Before("MSFT", MakeDate(2017, 8, 9), "close", 2), ElementsAre(107, 106));
  EXPECT_THAT(*history.Before("MSFT", MakeDate(2017, 8, 9), "volume", 2), ElementsAre(6, 5));
  EXPECT_THAT(*history.Before("MSFT", MakeDate(2017, 8, 10), "close", 99), ElementsAre(109, 107, 106))
      << "4 days back";
  EXPECT_THAT(*history.Before("AAPL", MakeDate(2017, 8, 1), "close", 2), IsEmpty());
  EXPECT_THAT(*history.Before("ZZZ", MakeDate(2017, 8, 10), "close", 2), IsEmpty());
  EXPECT_THAT(*history.Before("A", MakeDate(2017, 8, 10), "close", 2), IsEmpty());
}

}  // namespace
}  // namespace penstock::lake
