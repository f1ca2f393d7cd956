#include "serve/dashboard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "query/duckdb_engine.h"
#include "serve/chart_svg.h"

namespace penstock::serve {
namespace {

using query::ChartSpec;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class DashboardTest : public ::testing::Test {
 protected:
  void Add(const std::string& name, const std::string& text) {
    spec_.queries.push_back(query::ParseSavedQuery(name, text).ValueOrDie());
  }
  std::string Render() {
    auto page = RenderDashboard(spec_, engine_);
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? *page : "";
  }

  SystemClock clock_;
  query::DuckDbEngine engine_{{}, {}, clock_};
  DashboardSpec spec_{.title = "ted",
                      .description = "Notices <of> Europe.",
                      .now = ParseTimestamp("2026-11-21T10:00:00Z").ValueOrDie()};
};

TEST_F(DashboardTest, HasChartTableAndMoment) {
  Add("spend",
      "-- Spend & more.\n-- chart: bar country,cpv millions\n"
      "select * from (values ('DE', '45', 12.5), ('FR', '33', 3.0)) as t(country, cpv, millions)");
  const std::string page = Render();
  EXPECT_THAT(page, HasSubstr("<h1>ted</h1>"));
  EXPECT_THAT(page,
              HasSubstr("Notices &lt;of&gt; Europe.</p>\n<p class=\"more\">As of 2026-11-21T10:00:00Z</p>"));
  EXPECT_THAT(page, HasSubstr("<section id=\"spend\">\n<h2>Spend</h2>\n<p>Spend &amp; more.</p>"));
  EXPECT_THAT(page, HasSubstr("<title>DE · 45: 12.5 millions</title>"));
  EXPECT_THAT(page, HasSubstr("<td>FR</td><td>33</td><td class=\"number\">3.0</td>"));
  EXPECT_THAT(page, Not(HasSubstr("<form")));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
}

TEST_F(DashboardTest, AQueryThatFailsLeavesTheOthers) {
  Add("bad", "select * from nothing_here");
  Add("chart", "-- chart: bar a c\nselect 1 as a, 2 as b");
  Add("empty", "-- chart: bar a b\nselect 1 as a, 2 as b where false");
  Add("good", "select 42 as answer");
  const std::string page = Render();
  EXPECT_THAT(page, HasSubstr("nothing_here"));
  EXPECT_THAT(page, HasSubstr("chart: the result has no column c"));
  EXPECT_THAT(page, HasSubstr("No rows."));
  EXPECT_THAT(page, HasSubstr("<td class=\"number\">42</td>"));
}

TEST_F(DashboardTest, ParametersReachTheQueriesThatHaveThem) {
  Add("one", "-- param: top integer = 3  How many.\nselect :top as rows_asked");
  Add("two", "-- param: word text = none\nselect :word as word");
  spec_.with_form = true;
  spec_.parameters = {{"top", "7"}};
  const std::string page = Render();
  EXPECT_THAT(page, HasSubstr("<td class=\"number\">7</td>"));
  EXPECT_THAT(page, HasSubstr("<td>none</td>"));
  EXPECT_THAT(page, HasSubstr("<input name=\"top\" value=\"7\" placeholder=\"3\">"));
  spec_.parameters = {{"word", "<b>\"x\"</b>"}};
  EXPECT_THAT(Render(), HasSubstr("<td>&lt;b&gt;&quot;x&quot;&lt;/b&gt;</td>"));
  EXPECT_THAT(Render(), Not(HasSubstr("<b>")));
  spec_.parameters = {{"top", "many"}};
  EXPECT_THAT(Render(), HasSubstr("class=\"error\"")) << "a wrong value is the query's error";
  spec_.parameters = {{"typo", "1"}};
  EXPECT_EQ(CodeOf(RenderDashboard(spec_, engine_).status()), ErrorCode::kUsage);
}

TEST_F(DashboardTest, RowsThatAreNotShownAreCounted) {
  Add("many", "select * from range(100)");
  EXPECT_THAT(Render(), HasSubstr("20 of 100 rows"));
}

TEST(ChartSvg, MarksCoverTheRangeInRoundSteps) {
  EXPECT_THAT(AxisMarks(0, 100, 5), ElementsAre(0, 20, 40, 60, 80, 100));
  EXPECT_THAT(AxisMarks(-3, 12, 5), ElementsAre(-5, 0, 5, 10, 15));
  EXPECT_THAT(AxisMarks(7, 7, 5).size(), testing::Ge(2U));
  EXPECT_THAT(AxisMarks(0, 0, 5).size(), testing::Ge(2U));
}

TEST(ChartSvg, GapsStayGaps) {
  const std::vector<ChartPoint> points{{"a", 1}, {"b", 2}, {"c", std::nullopt}, {"d", 4}};
  const std::string line = RenderChart(ChartSpec::Kind::kLine, points, "close");
  EXPECT_EQ(line.find("<circle"), line.find("<circle class=\"point\""));
  const auto path = line.substr(line.find("d=\""), line.find("\"/>", line.find("d=\"")) - line.find("d=\""));
  EXPECT_EQ(std::count(path.begin(), path.end(), 'M'), 2) << path;
  EXPECT_EQ(std::count(path.begin(), path.end(), 'L'), 1) << path;
  EXPECT_EQ(RenderChart(ChartSpec::Kind::kBar, {{"a", std::nullopt}}, "x"), "");
}

TEST(ChartSvg, BarsBelowNoughtGoTheOtherWay) {
  const std::string bars = RenderChart(ChartSpec::Kind::kBar, {{"up", 10}, {"down", -10}}, "percent");
  EXPECT_THAT(bars, HasSubstr("<title>down: -10 percent</title>"));
  // 410 wide, nought in its middle: 220 + 205.
  EXPECT_THAT(bars, HasSubstr("x=\"425.0\" y=\"4\" width=\"205.0\""));
  EXPECT_THAT(bars, HasSubstr("x=\"220.0\" y=\"28\" width=\"205.0\""));
}

}  // namespace
}  // namespace penstock::serve
