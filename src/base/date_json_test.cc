#include "base/date_json.h"

#include <gtest/gtest.h>

#include <map>

namespace penstock {
namespace {

json::object Object(std::string_view text) { return ParseJson(text)->get_object(); }

TEST(DateJson, RangesComeBack) {
  DateSet days({MakeDate(2024, 1, 2), MakeDate(2024, 1, 5)});
  days.Add({MakeDate(2024, 2, 1), MakeDate(2024, 2, 1)});
  const json::object object{{"days", DateSetJson(days)}};
  EXPECT_EQ(ToJson(json::value(object)),
            R"({"days":[["2024-01-02","2024-01-05"],["2024-02-01","2024-02-01"]]})");
  EXPECT_EQ(*ParseDateSet(object, "days"), days);
  EXPECT_TRUE(ParseDateSet(object, "others")->empty());
}

TEST(DateJson, WrongRangesNameTheMember) {
  for (const char* text :
       {R"({"days":1})", R"({"days":[1]})", R"({"days":[["2024-01-02"]]})",
        R"({"days":[["2024-01-02","2024-13-01"]]})", R"({"days":[["2024-01-03","2024-01-02"]]})"}) {
    const auto days = ParseDateSet(Object(text), "days");
    EXPECT_EQ(CodeOf(days.status()), ErrorCode::kInvalidData) << text;
    EXPECT_NE(days.status().message().find("\"days\""), std::string::npos) << text;
  }
}

TEST(DateJson, TextsOfDays) {
  std::map<Date, std::string> seen;
  const auto keep = [&](Date day, std::string text) {
    seen[day] = std::move(text);
    return Status::OK();
  };
  EXPECT_TRUE(ParseDayTexts(Object(R"({"a":{"2024-01-02":"bounds"}})"), "a", keep).ok());
  EXPECT_EQ(seen, (std::map<Date, std::string>{{MakeDate(2024, 1, 2), "bounds"}}));
  EXPECT_TRUE(ParseDayTexts(Object("{}"), "a", keep).ok());
  for (const char* text : {R"({"a":1})", R"({"a":{"x":"y"}})", R"({"a":{"2024-01-02":1}})"}) {
    EXPECT_EQ(CodeOf(ParseDayTexts(Object(text), "a", keep)), ErrorCode::kInvalidData) << text;
  }
}

}  // namespace
}  // namespace penstock
