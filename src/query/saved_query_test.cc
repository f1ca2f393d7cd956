#include "query/saved_query.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "query/duckdb_engine.h"
#include "query/query_conformance.h"
#include "query/sql_text.h"

namespace penstock::query {
namespace {

constexpr const char* kText =
    "-- The first line.\n"
    "--   The second line.\n"
    "-- param: day date = last session  The session to look at.\n"
    "-- PARAM: top integer = 10\n"
    "-- param: symbol text\n"
    "select * from bars -- param: not a declaration, :neither\n"
    "where dt = :day and symbol = :symbol limit :top;\n";

LastSession Fixed(const std::string& day) {
  return [day]() -> Result<std::string> { return day; };
}

TEST(SavedQueryTest, ReadsDescriptionAndParameters) {
  const auto query = ParseSavedQuery("mine", kText);
  ASSERT_TRUE(query.ok()) << Describe(query.status());
  EXPECT_EQ(query->description, "The first line. The second line.");
  ASSERT_EQ(query->parameters.size(), 3u);
  EXPECT_EQ(query->parameters[0].name, "day");
  EXPECT_EQ(query->parameters[0].type, ParameterType::kDate);
  EXPECT_EQ(query->parameters[0].fallback, "last session");
  EXPECT_EQ(query->parameters[0].description, "The session to look at.");
  EXPECT_EQ(query->parameters[1].fallback, "10");
  EXPECT_FALSE(query->parameters[2].fallback.has_value());
}

TEST(SavedQueryTest, ResolvesGivenValuesBeforeDefaults) {
  const auto query = ParseSavedQuery("mine", kText);
  ASSERT_TRUE(query.ok());
  const auto values = ResolveParameters(*query, {{"symbol", "AAPL"}, {"top", "3"}}, Fixed("2017-08-11"));
  ASSERT_TRUE(values.ok()) << Describe(values.status());
  const auto sql = BindParameters(query->sql, *values);
  ASSERT_TRUE(sql.ok());
  EXPECT_NE(sql->find("where dt = DATE '2017-08-11' and symbol = 'AAPL' limit 3;"), std::string::npos)
      << *sql;
  EXPECT_NE(sql->find(":neither"), std::string::npos) << "a comment is not touched";
}

TEST(SavedQueryTest, NamesWhatIsMissingOrWrong) {
  const auto query = ParseSavedQuery("mine", kText);
  ASSERT_TRUE(query.ok());
  const auto missing = ResolveParameters(*query, {}, Fixed("2017-08-11"));
  EXPECT_EQ(CodeOf(missing.status()), ErrorCode::kUsage);
  EXPECT_NE(missing.status().message().find("symbol"), std::string::npos);
  EXPECT_EQ(CodeOf(ResolveParameters(*query, {{"symbol", "A"}, {"typo", "1"}}, Fixed("2017-08-11")).status()),
            ErrorCode::kUsage);
  EXPECT_EQ(
      CodeOf(ResolveParameters(*query, {{"symbol", "A"}, {"top", "ten"}}, Fixed("2017-08-11")).status()),
      ErrorCode::kUsage);
  EXPECT_EQ(
      CodeOf(
          ResolveParameters(*query, {{"symbol", "A"}, {"day", "2017-02-30"}}, Fixed("2017-08-11")).status()),
      ErrorCode::kUsage);
}

TEST(SavedQueryTest, RefusesWrongFilesWithTheirLine) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"-- param: day datum\nselect 1", "line 1"},
      {"-- d\n-- param: 1day date\nselect 1", "line 2"},
      {"-- param: day date = 2017-99-99\nselect 1", "line 1"},
      {"-- param: a text\n-- param: a text\nselect :a", "line 2"},
      {"select :nobody", ":nobody"},
      {"select 1; select 2", "found 2"},
      {"-- nothing", "found 0"},
      {"select 'open", "has no end"},
      {"-- param:\nselect 1", "line 1"},
      {"-- d\n-- chart: pie a b\nselect 1", "line 2: 'pie' is no kind of chart"},
      {"-- chart: bar a\nselect 1", "line 1: expected the columns"},
      {"-- chart: bar a, b c\nselect 1", "line 1: expected the columns"},
      {"-- chart: bar a b c\nselect 1", "line 1: expected the columns"},
      {"-- chart: bar a b\n-- chart: line a b\nselect 1", "line 2: there is a chart already"},
  };
  for (const auto& [text, sign] : wrong) {
    const auto query = ParseSavedQuery("bad", text);
    EXPECT_EQ(CodeOf(query.status()), ErrorCode::kConfiguration) << text;
    EXPECT_NE(query.status().message().find(sign), std::string::npos) << query.status().message();
    EXPECT_NE(query.status().message().find("bad.sql"), std::string::npos) << query.status().message();
  }
}

TEST(SavedQueryTest, SaysHowItsResultIsDrawn) {
  const auto query =
      ParseSavedQuery("mine", "-- Spend.\n-- chart: bar country,cpv millions\nselect 1").ValueOrDie();
  ASSERT_TRUE(query.chart.has_value());
  EXPECT_EQ(query.chart->kind, ChartSpec::Kind::kBar);
  EXPECT_EQ(query.chart->labels, (std::vector<std::string>{"country", "cpv"}));
  EXPECT_EQ(query.chart->value, "millions");
  EXPECT_EQ(query.description, "Spend.");
  EXPECT_EQ(ParseSavedQuery("mine", "-- chart: line day close\nselect 1")->chart->kind,
            ChartSpec::Kind::kLine);
  EXPECT_FALSE(ParseSavedQuery("mine", kText)->chart.has_value());
}

TEST(SavedQueryTest, ListsAFolder) {
  TinyLake lake;
  std::ofstream(lake.root() + "/b.sql") << "-- Second.\nselect 2";
  std::ofstream(lake.root() + "/a.sql") << "-- First.\nselect 1";
  std::ofstream(lake.root() + "/notes.txt") << "no query";
  const auto all = ListSavedQueries(lake.root());
  ASSERT_TRUE(all.ok()) << Describe(all.status());
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ((*all)[0].name, "a");
  EXPECT_EQ((*all)[1].description, "Second.");
  const auto none = LoadSavedQuery(lake.root(), "c");
  EXPECT_EQ(CodeOf(none.status()), ErrorCode::kNotFound);
  EXPECT_NE(AdviceOf(none.status()).find("a, b"), std::string::npos);
  EXPECT_EQ(CodeOf(LoadSavedQuery(lake.root(), "../a").status()), ErrorCode::kUsage);
  EXPECT_EQ(ListSavedQueries(lake.root() + "/nowhere")->size(), 0u);
}

TEST(ParameterTest, MakesLiterals) {
  EXPECT_EQ(*ToSqlLiteral({"a", ParameterType::kText, "O'Re;illy -- \\ \""}), "'O''Re;illy -- \\ \"'");
  EXPECT_EQ(*ToSqlLiteral({"a", ParameterType::kInteger, "-5"}), "(-5)");
  EXPECT_EQ(*ToSqlLiteral({"a", ParameterType::kNumber, "1e3"}), "CAST('1e3' AS DOUBLE)");
  EXPECT_EQ(*ToSqlLiteral({"a", ParameterType::kDate, "2017-08-11"}), "DATE '2017-08-11'");
  for (const Parameter& p : std::vector<Parameter>{{"a", ParameterType::kInteger, "1 or 1"},
                                                   {"a", ParameterType::kInteger, "99999999999999999999"},
                                                   {"a", ParameterType::kInteger, ""},
                                                   {"a", ParameterType::kNumber, "nan"},
                                                   {"a", ParameterType::kNumber, "1'"},
                                                   {"a", ParameterType::kDate, "2017-08-11' or '1"},
                                                   {"a", ParameterType::kText, std::string("a\0b", 3)},
                                                   {"a", ParameterType::kText, "\xff"}}) {
    EXPECT_EQ(CodeOf(ToSqlLiteral(p).status()), ErrorCode::kUsage) << p.value;
  }
  EXPECT_EQ(InferParameter("a", "2017-08-11").type, ParameterType::kDate);
  EXPECT_EQ(InferParameter("a", "12").type, ParameterType::kInteger);
  EXPECT_EQ(InferParameter("a", "1.5").type, ParameterType::kNumber);
  EXPECT_EQ(InferParameter("a", "AAPL").type, ParameterType::kText);
}

TEST(SqlTextTest, FindsParametersOnlyWhereTheyAre) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"select :a, (:b), x=:c", {"a", "b", "c"}},
      {"select ':a', \":b\", $$ :c $$, $t$ :d $$ $t$", {}},
      {"-- :a\n/* :b /* :c */ :d */ select e':f\\':g'", {}},
      {"select a::date, l[1:n], {'k':v}, l[:m]", {}},
      {"select :a || :a || :A", {"a", "A"}},
      {"select :größe", {"größe"}},
  };
  for (const auto& [sql, names] : cases) {
    const auto found = ParametersOf(sql);
    ASSERT_TRUE(found.ok()) << sql << Describe(found.status());
    EXPECT_EQ(*found, names) << sql;
  }
}

TEST(SqlTextTest, SplitsStatements) {
  const auto statements =
      SplitStatements(";; select ';' ; -- a;b\n select \";\", $$;$$ /* ; */ ;\n -- end;\n");
  ASSERT_TRUE(statements.ok());
  EXPECT_EQ(*statements, (std::vector<std::string>{"select ';'", "select \";\", $$;$$"}));
  for (const char* open : {"'a", "\"a", "/* a", "$$ a", "$t$ a $$", "e'\\'"}) {
    EXPECT_EQ(CodeOf(SplitStatements(open).status()), ErrorCode::kUsage) << open;
  }
  EXPECT_EQ(CodeOf(SplitStatements("\xff").status()), ErrorCode::kUsage);
  EXPECT_EQ(PointAt("a\n\xc3\xa9\tb", 5), "LINE 2: \xc3\xa9\tb\n         \t^");
}

// FTSE-7: the queries that the pipelines bring.
class ShippedQueriesTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = std::make_unique<TinyLake>();
    TinyLake& lake = *shared_;
    FillTinyLake(lake);
    // 25 sessions of two generated symbols, one of which misses a day; prices rise by 1 a session, one jumps.
    for (int i = 0; i < 25; ++i) {
      const std::string day = "2024-01-" + std::string(i + 1 < 10 ? "0" : "") + std::to_string(i + 1);
      const std::string price = std::to_string(100 + i);
      const std::string open = i == 20 ? "150" : price;
      std::string rows = "('AAA.L'," + open + ",151,99," + price + "," + std::to_string(1000 + i) + ")";
      if (i != 12)
        rows +=
            ",('BBB.L',10,12,9," + std::string(i == 24 ? "8" : "10") + "," + std::to_string(5000 - i) + ")";
      lake.WriteBars("ftse100", day, rows, "yahoo (generated)");
    }
    lake.WriteRejected("ftse100", "2024-01-24", "CCC.L", "not_null");
    lake.WriteRejected("ftse100", "2024-01-26", "CCC.L", "session");
  }
  static void TearDownTestSuite() { shared_.reset(); }
  Result<std::string> RunSaved(const std::string& pipeline, const std::string& name,
                               std::map<std::string, std::string> given = {}) {
    DuckDbOptions options;
    options.default_database = pipeline;
    DuckDbEngine engine(shared_->Views(pipeline), options, clock_);
    ASSIGN_OR_RETURN(
        const auto query,
        LoadSavedQuery(std::string(PENSTOCK_SOURCE_DIR) + "/pipelines/" + pipeline + "/queries", name));
    QueryOptions run;
    ASSIGN_OR_RETURN(run.parameters, ResolveParameters(query, given, LastSessionOf(engine)));
    return RunToCsv(engine, query.sql, run);
  }
  static std::unique_ptr<TinyLake> shared_;  // read only
  SystemClock clock_;
};
std::unique_ptr<TinyLake> ShippedQueriesTest::shared_;

TEST_F(ShippedQueriesTest, BothPipelinesBringTheSameOnesAndAllRun) {
  const std::string folder = std::string(PENSTOCK_SOURCE_DIR) + "/pipelines/";
  const auto sp500 = ListSavedQueries(folder + "sp500/queries");
  const auto ftse100 = ListSavedQueries(folder + "ftse100/queries");
  ASSERT_TRUE(sp500.ok()) << Describe(sp500.status());
  ASSERT_TRUE(ftse100.ok()) << Describe(ftse100.status());
  std::vector<std::string> names;
  for (const auto& query : *sp500) {
    names.push_back(query.name);
    EXPECT_FALSE(query.description.empty()) << query.name;
    EXPECT_TRUE(RunSaved("sp500", query.name).ok())
        << query.name << ": " << Describe(RunSaved("sp500", query.name).status());
    // Generated data is marked wherever it is shown.
    const auto generated = RunSaved("ftse100", query.name);
    ASSERT_TRUE(generated.ok()) << query.name << ": " << Describe(generated.status());
    EXPECT_NE(generated->find("yahoo (generated)"), std::string::npos) << query.name << "\n" << *generated;
  }
  EXPECT_EQ(names, (std::vector<std::string>{"average_20d", "gaps", "movers", "quality_by_day",
                                             "volume_leaders", "week52_high_low"}));
  ASSERT_EQ(sp500->size(), ftse100->size());
  for (size_t i = 0; i < sp500->size(); ++i) EXPECT_EQ((*sp500)[i].sql, (*ftse100)[i].sql) << names[i];
}

TEST_F(ShippedQueriesTest, Movers) {
  const auto csv = RunSaved("sp500", "movers");
  ASSERT_TRUE(csv.ok()) << Describe(csv.status());
  EXPECT_EQ(*csv,
            "direction,place,symbol,change_percent,close,previous_close,previous_dt,currency,source\n"
            "up,1,MSFT,1.53,72.5,71.41,2017-08-10,USD,yahoo\n"
            "up,2,AAPL,1.39,157.48,155.32,2017-08-10,USD,yahoo\n"
            "up,3,TSLA,0.69,357.87,355.4,2017-08-10,USD,yahoo\n");
  const auto fallen = RunSaved("sp500", "movers", {{"day", "2017-08-10"}, {"top", "1"}});
  ASSERT_TRUE(fallen.ok());
  EXPECT_EQ(*fallen,
            "direction,place,symbol,change_percent,close,previous_close,previous_dt,currency,source\n"
            "down,1,AAPL,-3.56,155.32,161.06,2017-08-09,USD,yahoo\n");
}

TEST_F(ShippedQueriesTest, VolumeLeaders) {
  const auto csv = RunSaved("sp500", "volume_leaders", {{"top", "2"}});
  ASSERT_TRUE(csv.ok()) << Describe(csv.status());
  EXPECT_EQ(*csv,
            "place,symbol,volume,average_volume_20,times_average,close,turnover,currency,source\n"
            "1,AAPL,26257096,33467902,0.78,157.48,4134967478,USD,yahoo\n"
            "2,MSFT,21204940,23473800,0.9,72.5,1537358150,USD,yahoo\n");
}

TEST_F(ShippedQueriesTest, Average20Days) {
  const auto csv = RunSaved("ftse100", "average_20d", {{"symbol", "AAA.L"}});
  ASSERT_TRUE(csv.ok()) << Describe(csv.status());
  // closes 105 … 124: the average is 114.5
  EXPECT_EQ(*csv,
            "symbol,dt,close,average_20,above_percent,sessions,currency,source\nAAA.L,2024-01-25,124,114.5,8."
            "3,20,USD,yahoo (generated)\n");
}

TEST_F(ShippedQueriesTest, Week52HighLow) {
  const auto csv = RunSaved("sp500", "week52_high_low", {{"symbol", "TSLA"}});
  ASSERT_TRUE(csv.ok()) << Describe(csv.status());
  EXPECT_EQ(*csv,
            "symbol,dt,close,high_52w,high_dt,low_52w,low_dt,percent_of_range,mark,currency,source\n"
            "TSLA,2017-08-11,357.87,370,2017-08-09,353.62,2017-08-11,25.9,new low,USD,yahoo\n");
}

TEST_F(ShippedQueriesTest, Gaps) {
  const auto csv = RunSaved("ftse100", "gaps");
  ASSERT_TRUE(csv.ok()) << Describe(csv.status());
  EXPECT_EQ(*csv,
            "kind,symbol,dt,previous_close,open,gap_percent,source\n"
            "missing session,BBB.L,2024-01-13,,,,yahoo (generated)\n"
            "price gap,AAA.L,2024-01-21,119,150,26.05,yahoo (generated)\n");
}

TEST_F(ShippedQueriesTest, QualityByDay) {
  const auto csv = RunSaved("ftse100", "quality_by_day", {{"day", "2024-01-26"}, {"days", "3"}});
  ASSERT_TRUE(csv.ok()) << Describe(csv.status());
  EXPECT_EQ(*csv,
            "dt,accepted,rejected,rule,generated,source\n"
            "2024-01-24,2,1,not_null,2,yahoo (generated)\n"
            "2024-01-25,2,0,,2,yahoo (generated)\n"
            "2024-01-26,0,1,session,0,\n");
}

}  // namespace
}  // namespace penstock::query
