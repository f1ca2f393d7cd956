#include "serve/status_pages.h"

#include <gtest/gtest.h>

namespace penstock::serve {
namespace {

TEST(MergeMetrics, SamplesOfAMetricStandTogether) {
  const std::string page =
      "# HELP a First.\n# TYPE a gauge\na{p=\"x\"} 1\n"
      "# HELP b Second.\n# TYPE b gauge\nb{p=\"x\",r=\"1\"} 2\nb{p=\"x\",r=\"2\"} 3\n";
  EXPECT_EQ(MergeMetrics({page}), page);
  EXPECT_EQ(MergeMetrics({page, "# a remark\n# HELP a First.\n# TYPE a gauge\na{p=\"y\"} 4", "c 5\n"}),
            "# HELP a First.\n# TYPE a gauge\na{p=\"x\"} 1\na{p=\"y\"} 4\n"
            "# HELP b Second.\n# TYPE b gauge\nb{p=\"x\",r=\"1\"} 2\nb{p=\"x\",r=\"2\"} 3\nc 5\n");
  EXPECT_EQ(MergeMetrics({"", "\n\n"}), "");
}

TEST(StatusOf, WithoutAStoreOnlyTheFutureIsKnown) {
  pipeline::ScheduleConfig config;
  config.name = "daily";
  config.key = "when";
  config.expression = "market-close XNYS";
  const auto schedule = *Schedule::Make("lake", config);
  const auto status = *StatusOf(schedule, nullptr, *ParseTimestamp("2026-11-25T22:00:00Z"), 2);
  ASSERT_EQ(status.next.size(), 2U);
  EXPECT_EQ(status.next[0], *ParseTimestamp("2026-11-27T18:00:00Z"));
  EXPECT_TRUE(ToJson(status).at("last").is_null());
  // The calendar ends: no more occurrences, and no fault.
  EXPECT_TRUE(StatusOf(schedule, nullptr, *ParseTimestamp("2039-01-01T00:00:00Z"), 2)->next.empty());
}

}  // namespace
}  // namespace penstock::serve
