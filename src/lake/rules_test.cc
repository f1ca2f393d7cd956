#include "lake/rules.h"

#include <arrow/array.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <tuple>

#include "calendar/exchange_calendar.h"
#include "lake/test_bars.h"

namespace penstock::lake {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const double kNan = std::nan("");
const double kInfinity = std::numeric_limits<double>::infinity();

TableSpec WithRules(std::vector<RuleSpec> rules) {
  auto spec = DailyBarsTable();
  spec.rules = std::move(rules);
  return spec;
}

ValidationContext Context() {
  ValidationContext context;
  context.calendar = calendar::ExchangeCalendar::Find("XNYS").ValueOrDie();
  context.raw_key = "raw/dt=2017-08-12/AAPL.json";
  return context;
}

Validated Judge(std::vector<RuleSpec> rules, const std::vector<TestBar>& bars,
                const ValidationContext& context = Context(), bool incomplete = false) {
  const auto validator = Validator::Make(WithRules(std::move(rules))).ValueOrDie();
  return validator->Validate(BarBatch(bars, false, incomplete), context).ValueOrDie();
}

std::string Text(const arrow::RecordBatch& batch, const char* column, int64_t row) {
  return std::static_pointer_cast<arrow::StringArray>(batch.GetColumnByName(column))->GetString(row);
}

// The close of each row.
std::vector<double> Closes(const arrow::RecordBatch& batch) {
  std::vector<double> closes;
  const auto column = std::static_pointer_cast<arrow::DoubleArray>(batch.GetColumnByName("close"));
  for (int64_t i = 0; i < batch.num_rows(); ++i) closes.push_back(column->IsNull(i) ? -1 : column->Value(i));
  return closes;
}

int64_t Rejected(std::vector<RuleSpec> rules, const TestBar& bar) {
  return Judge(std::move(rules), {bar}).rejected->num_rows();
}

TEST(Rules, WithoutRulesEverythingPassesAsItIs) {
  const auto batch = BarBatch({{}, {.symbol = "B", .close = std::nullopt}});
  const auto result = Validator::Make(DailyBarsTable()).ValueOrDie()->Validate(batch, {}).ValueOrDie();
  EXPECT_TRUE(result.accepted->Equals(*batch));
  EXPECT_EQ(result.rejected->num_rows(), 0);
  EXPECT_TRUE(result.rejected->schema()->Equals(*RejectedSchema(DailyBarsTable())));
}

// FTSE-2: a rejected row is written whole, with the first rule that failed and the reason.
TEST(Rules, ARejectedRowIsWholeWithRuleReasonAndRawKey) {
  const auto result =
      Judge({{"prices there", "not_null", {{"columns", {"open", "close"}}}}, {"bounds", "bounds", {}}},
            {{},
             {.symbol = "B", .open = std::nullopt, .high = 1, .close = std::nullopt},
             {.symbol = "C", .high = 8}});
  EXPECT_EQ(result.accepted->num_rows(), 1);
  ASSERT_EQ(result.rejected->num_rows(), 2);
  EXPECT_EQ(Text(*result.rejected, "symbol", 0), "B");
  EXPECT_EQ(Text(*result.rejected, "rule", 0), "prices there");
  EXPECT_EQ(Text(*result.rejected, "reason", 0), "no value for open, close");
  EXPECT_EQ(Text(*result.rejected, "raw_key", 0), "raw/dt=2017-08-12/AAPL.json");
  EXPECT_EQ(Text(*result.rejected, "rule", 1), "bounds");
  EXPECT_TRUE(result.rejected->ValidateFull().ok());
  EXPECT_TRUE(result.accepted->ValidateFull().ok());
  ASSERT_EQ(result.counts.size(), 2U);
  EXPECT_EQ(result.counts[0].rejected, 1);
  EXPECT_EQ(result.counts[1].rejected, 1);
}

TEST(Rules, Bounds) {
  const std::vector<RuleSpec> rules{{"bounds", "bounds", {}}};
  EXPECT_EQ(Rejected(rules, {}), 0);
  EXPECT_EQ(Rejected(rules, {.open = 9, .high = 9, .low = 9, .close = 9}), 0);
  EXPECT_EQ(Rejected(rules, {.open = std::nullopt, .high = std::nullopt}), 0) << "nulls are for not_null";
  EXPECT_EQ(Rejected(rules, {.high = 12, .close = 12.000001}), 0) << "within 32-bit rounding";
  EXPECT_EQ(Rejected(rules, {.high = 12, .close = 12.01}), 1);
  EXPECT_EQ(Rejected(rules, {.open = 12.01}), 1);
  EXPECT_EQ(Rejected(rules, {.low = 10.5}), 1);
  EXPECT_EQ(Rejected(rules, {.high = 8, .low = 9}), 1);
  EXPECT_EQ(Rejected(rules, {.low = 0}), 1);
  EXPECT_EQ(Rejected(rules, {.low = -1}), 1);
  EXPECT_EQ(Rejected(rules, {.high = kInfinity}), 1);
  EXPECT_EQ(Rejected(rules, {.close = kNan}), 1);
  EXPECT_EQ(Rejected({{"exact", "bounds", {{"tolerance", 0}}}}, {.high = 12, .close = 12.000001}), 1);
  // Real rows of the S&P 500 set: AAPL 2015-04-30, BIIB 2015-07-22.
  EXPECT_EQ(Rejected(rules, {.open = 128.64, .high = 127.88, .low = 124.58, .close = 125.15}), 1);
  EXPECT_EQ(Rejected(rules, {.open = 39.0, .high = 401.11, .low = 389.61, .close = 391.74}), 1);
}

TEST(Rules, NonNegative) {
  const std::vector<RuleSpec> rules{{"volume", "non_negative", {{"columns", "volume"}}}};
  EXPECT_EQ(Rejected(rules, {.volume = 0}), 0);
  EXPECT_EQ(Rejected(rules, {.volume = std::nullopt}), 0);
  EXPECT_EQ(Rejected(rules, {.volume = -1}), 1);
}

TEST(Rules, SessionOfTheExchangeAndInsideTheRange) {
  const std::vector<RuleSpec> rules{{"session", "session", {}}};
  EXPECT_EQ(Rejected(rules, {.date = MakeDate(2017, 8, 11)}), 0);
  EXPECT_EQ(Rejected(rules, {.date = MakeDate(2017, 8, 12)}), 1) << "a Saturday";
  EXPECT_EQ(Rejected(rules, {.date = MakeDate(2017, 7, 4)}), 1) << "Independence Day";
  EXPECT_EQ(Rejected(rules, {.date = MakeDate(1850, 7, 5)}), 1) << "before the calendar";
  auto context = Context();
  context.from = context.to = MakeDate(2017, 8, 10);
  EXPECT_EQ(Judge(rules, {{.date = MakeDate(2017, 8, 11)}}, context).rejected->num_rows(), 1);
  EXPECT_EQ(Judge(rules, {{.date = MakeDate(2017, 8, 10)}}, context).rejected->num_rows(), 0);
  EXPECT_EQ(Judge(rules, {{.date = MakeDate(2017, 8, 9)}}, context).rejected->num_rows(), 1);
  const auto validator = Validator::Make(WithRules(rules)).ValueOrDie();
  EXPECT_EQ(CodeOf(validator->Validate(BarBatch({{}}), {}).status()), ErrorCode::kConfiguration);
}

TEST(Rules, UniqueKeepsTheLastAndCollapsesEqualOnes) {
  const std::vector<RuleSpec> rules{{"unique", "unique", {}}};
  const auto result = Judge(
      rules, {{.close = 10}, {.symbol = "B"}, {.close = 12}, {.close = 10}, {.symbol = "B"}, {.close = 9}});
  EXPECT_THAT(Closes(*result.accepted), ElementsAre(11, 9));
  EXPECT_THAT(Closes(*result.rejected), ElementsAre(10, 12, 10));
  EXPECT_EQ(result.collapsed, 1);
}

TEST(Rules, CompleteSession) {
  const std::vector<RuleSpec> rules{{"complete", "complete_session", {}}};
  const auto result =
      Judge(rules, {{.close = 10, .incomplete = false}, {.symbol = "B", .incomplete = true}, {.symbol = "C"}},
            Context(), true);
  EXPECT_EQ(result.accepted->num_rows(), 2);
  EXPECT_EQ(Text(*result.rejected, "symbol", 0), "B");
  EXPECT_TRUE(result.accepted->schema()->Equals(*DailyBarsTable().schema)) << "the flag is dropped";
}

class FixedHistory : public SeriesHistory {
 public:
  Result<std::vector<double>> Before(std::string_view series, Date date, std::string_view column,
                                     int count) override {
    asked.emplace_back(series, date, column, count);
    if (fail) return MakeError(ErrorCode::kCorrupt, "damaged");
    auto values = column == "volume" ? std::vector<double>(closes.size(), 1000) : closes;
    values.resize(std::min(values.size(), static_cast<size_t>(count)));
    return values;
  }
  std::vector<double> closes;
  bool fail = false;
  std::vector<std::tuple<std::string, Date, std::string, int>> asked;
};

TestBar Close(int day, double close, std::string symbol = "AAPL") {
  return {.symbol = std::move(symbol), .date = MakeDate(2017, 8, static_cast<unsigned>(day)), .close = close};
}

TEST(Rules, JumpWarnsOrRejectsAgainstThePreviousClose) {
  RuleSpec jump{"jump", "jump", {{"max_ratio", 1.5}}, Severity::kWarn};
  auto result = Judge({jump}, {Close(9, 10), Close(10, 16), Close(11, 15), Close(7, 99, "B")});
  EXPECT_EQ(result.accepted->num_rows(), 4);
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_EQ(result.warnings[0].key, "AAPL/2017-08-10");
  EXPECT_EQ(result.counts[0].warned, 1);
  EXPECT_EQ(result.counts[0].rejected, 0);

  jump.severity = Severity::kReject;
  // A spike: the next row is compared with the last that passed. The order of the rows does not matter.
  result = Judge({jump}, {Close(11, 10.5), Close(10, 100), Close(9, 10)});
  EXPECT_THAT(Closes(*result.accepted), ElementsAre(10.5, 10));
  EXPECT_THAT(Closes(*result.rejected), ElementsAre(100));
  // A real change of level: one row is refused, those that follow are near the row before them.
  result = Judge({jump}, {Close(8, 10), Close(9, 31), Close(10, 31.5), Close(11, 30)});
  EXPECT_THAT(Closes(*result.rejected), ElementsAre(31));
  result = Judge({jump}, {Close(9, 10), Close(10, 1)});
  EXPECT_THAT(Closes(*result.rejected), ElementsAre(1)) << "down is a jump too";
}

TEST(Rules, JumpAsksTheLakeForTheFirstRowOnly) {
  const RuleSpec jump{"jump", "jump", {{"max_ratio", 1.5}}};
  FixedHistory history;
  history.closes = {30, 10};
  auto context = Context();
  context.history = &history;
  EXPECT_THAT(Closes(*Judge({jump}, {Close(10, 10), Close(11, 31)}, context).rejected), ElementsAre(10));
  ASSERT_EQ(history.asked.size(), 1U);
  EXPECT_EQ(history.asked[0],
            std::make_tuple(std::string("AAPL"), MakeDate(2017, 8, 10), std::string("close"), 1));
  history.fail = true;
  const auto validator = Validator::Make(WithRules({jump})).ValueOrDie();
  EXPECT_EQ(CodeOf(validator->Validate(BarBatch({{}}), context).status()), ErrorCode::kCorrupt);
}

TEST(Rules, StaleSeries) {
  const RuleSpec stale{"stale", "stale", {{"sessions", 3}}, Severity::kWarn};
  EXPECT_THAT(Judge({stale}, {Close(8, 10), Close(9, 10), Close(10, 11), Close(11, 10)}).warnings, IsEmpty());
  auto result = Judge({stale}, {Close(8, 10), Close(9, 10), Close(10, 10), Close(11, 10)});
  ASSERT_EQ(result.warnings.size(), 2U);
  EXPECT_EQ(result.warnings[0].key, "AAPL/2017-08-10");
  auto other_volume = Close(10, 10);
  other_volume.volume = 5;
  EXPECT_THAT(Judge({stale}, {Close(8, 10), Close(9, 10), other_volume}).warnings, IsEmpty());
  FixedHistory history;
  history.closes = {10, 10, 9};
  auto context = Context();
  context.history = &history;
  EXPECT_EQ(Judge({stale}, {Close(11, 10)}, context).warnings.size(), 1U);
  history.closes = {10, 9};
  EXPECT_THAT(Judge({stale}, {Close(11, 10)}, context).warnings, IsEmpty());
}

TEST(Rules, AWarningOfARowThatIsRejectedLaterIsNotCounted) {
  const auto result = Judge(
      {{"remark", "non_negative", {{"columns", {"volume"}}}, Severity::kWarn}, {"bounds", "bounds", {}}},
      {{.high = 1, .volume = -1}});
  EXPECT_THAT(result.warnings, IsEmpty());
  EXPECT_EQ(result.counts[0].warned, 0);
  EXPECT_EQ(result.counts[1].rejected, 1);
}

TEST(Rules, ColumnsInAnyOrderWithARawKeyEach) {
  auto batch = BarBatch({{}, {.symbol = "B", .high = 1}});
  arrow::StringBuilder keys;
  ASSERT_TRUE(keys.AppendValues({"raw/a", "raw/b"}).ok());
  batch = batch->AddColumn(0, "raw_key", keys.Finish().ValueOrDie()).ValueOrDie();
  batch = batch->AddColumn(12, "more", batch->column(1)).ValueOrDie();
  const auto validator = Validator::Make(WithRules({{"bounds", "bounds", {}}})).ValueOrDie();
  const auto result = validator->Validate(batch, Context()).ValueOrDie();
  EXPECT_TRUE(result.accepted->schema()->Equals(*DailyBarsTable().schema));
  EXPECT_EQ(Text(*result.rejected, "raw_key", 0), "raw/b");
  const auto without = batch->RemoveColumn(batch->schema()->GetFieldIndex("close")).ValueOrDie();
  EXPECT_EQ(CodeOf(validator->Validate(without, Context()).status()), ErrorCode::kInvalidData);
}

TEST(Rules, WrongRulesAreConfigurationThatNamesTheRule) {
  const auto error = [](RuleSpec rule) {
    const auto made = Validator::Make(WithRules({std::move(rule)}));
    EXPECT_EQ(CodeOf(made.status()), ErrorCode::kConfiguration);
    EXPECT_NE(made.status().message().find("my rule"), std::string::npos) << made.status();
    return made.status().message();
  };
  EXPECT_NE(error({"my rule", "bound", {}}).find("did you mean bounds?"), std::string::npos);
  EXPECT_NE(error({"my rule", "bounds", {{"tolerence", 1}}}).find("tolerance"), std::string::npos);
  error({"my rule", "bounds", {{"tolerance", -1}}});
  error({"my rule", "bounds", {{"high", "symbol"}}});
  error({"my rule", "not_null", {}});
  error({"my rule", "not_null", {{"columns", {"opne"}}}});
  error({"my rule", "not_null", {{"columns", 3}}});
  error({"my rule", "jump", {}});
  error({"my rule", "jump", {{"max_ratio", "two"}}});
  error({"my rule", "stale", {{"sessions", 1}}});
  error({"my rule", "unique", {{"columns", {"open"}}}});
  EXPECT_EQ(CodeOf(Validator::Make(WithRules({{"a", "bounds", {}}, {"a", "unique", {}}})).status()),
            ErrorCode::kConfiguration);
  EXPECT_TRUE(Validator::Make(WithRules(DefaultBarRules())).ok());
}

}  // namespace
}  // namespace penstock::lake
