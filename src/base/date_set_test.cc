#include "base/date_set.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"

namespace penstock {
namespace {

Date Day(int n) { return FromDaysSinceEpoch(n); }
DateRange Days(int from, int to) { return {Day(from), Day(to)}; }

TEST(DateSet, JoinsWhatTouchesAndSplitsWhatIsRemoved) {
  DateSet set(Days(1, 3));
  set.Add(Days(5, 6));
  EXPECT_EQ(set.ranges(), (std::vector{Days(1, 3), Days(5, 6)}));
  set.Add(Days(4, 4));
  EXPECT_EQ(set.ranges(), (std::vector{Days(1, 6)}));
  set.Remove(Days(3, 4));
  EXPECT_EQ(set.ranges(), (std::vector{Days(1, 2), Days(5, 6)}));
  EXPECT_TRUE(set.Contains(Day(2)));
  EXPECT_FALSE(set.Contains(Day(3)));
  EXPECT_FALSE(set.Contains(Day(7)));
}

TEST(DateSet, JoinBridgesDaysOfNothing) {
  DateSet set(Days(1, 2));
  set.Add(Days(5, 6));
  set.Add(Days(9, 9));
  set.Join([](Date first, Date) { return first == Day(3); });
  EXPECT_EQ(set.ranges(), (std::vector{Days(1, 6), Days(9, 9)}));
}

// Against a plain set of days.
TEST(DateSet, IsASet) {
  Random random(7);
  for (int round = 0; round < 200; ++round) {
    DateSet set;
    std::set<int> plain;
    for (int step = 0; step < 30; ++step) {
      const int from = static_cast<int>(random.Uniform(0, 59));
      const int to = from + static_cast<int>(random.Uniform(0, 7));
      const bool add = random.Uniform(0, 2) > 0;
      if (add)
        set.Add(Days(from, to));
      else
        set.Remove(Days(from, to));
      for (int day = from; day <= to; ++day) {
        if (add)
          plain.insert(day);
        else
          plain.erase(day);
      }
    }
    for (int day = -1; day < 70; ++day) ASSERT_EQ(set.Contains(Day(day)), plain.contains(day));
    for (size_t i = 1; i < set.ranges().size(); ++i) {
      ASSERT_GT(set.ranges()[i].from, set.ranges()[i - 1].to + std::chrono::days(1));
    }
  }
}

}  // namespace
}  // namespace penstock
