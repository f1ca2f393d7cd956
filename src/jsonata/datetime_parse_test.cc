#include "jsonata/datetime_parse.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "jsonata/civil_time.h"
#include "jsonata/datetime_picture.h"
#include "jsonata/fault.h"
#include "jsonata/iso_time.h"

namespace penstock::jsonata {
namespace {

constexpr int64_t kNow = 1521801216617;  // 2018-03-23T10:33:36.617Z

// The moment in ISO 8601; "nothing"; or the code of the fault.
std::string Parsed(std::string_view text, std::string_view picture) {
  const Result<std::optional<int64_t>> millis = ParseDateTime(text, picture, kNow);
  if (!millis.ok()) {
    const auto fault = FaultOf(millis.status());
    return fault ? fault->code : millis.status().ToString();
  }
  return *millis ? IsoText(ToCivil(**millis), 0) : "nothing";
}

struct Case {
  const char* text;
  const char* picture;
  const char* expected;
};

template <size_t size>
void Expect(const Case (&cases)[size]) {
  for (const Case& one : cases) {
    EXPECT_EQ(Parsed(one.text, one.picture), one.expected) << one.text << " by " << one.picture;
  }
}

// Cases of JSONata's own suite, function-tomillis and function-fromMillis/isoWeekDate.
TEST(ParseDateTime, PublishedCases) {
  Expect({
      {"1970-01-01T00:00:00.001Z", "", "1970-01-01T00:00:00.001Z"},
      {"foo", "", "D3110"},
      {"2018-02-03 11:15:33", "", "D3110"},
      {"20180205", "[Y0001][M01][D01]", "2018-02-05T00:00:00.000Z"},
      {"20240101123849", "[Y0000][M00][D00][H00][m00][s00]", "2024-01-01T12:38:49.000Z"},
      {"2018-03-27", "[Y1]-[M01]-[D01]", "2018-03-27T00:00:00.000Z"},
      {"2018-03-27T14:03:00.123Z", "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001]Z",
       "2018-03-27T14:03:00.123Z"},
      {"27th 3 1976", "[D1o] [M#1] [Y0001]", "1976-03-27T00:00:00.000Z"},
      {"21st 12 1881", "[D1o] [M01] [Y0001]", "1881-12-21T00:00:00.000Z"},
      {"MCMLXXXIV", "[YI]", "1984-01-01T00:00:00.000Z"},
      {"27 iii MMXVIII", "[D1] [Mi] [YI]", "2018-03-27T00:00:00.000Z"},
      {"w C mmxviii", "[Da] [MA] [Yi]", "2018-03-23T00:00:00.000Z"},
      {"2 Feb 2012", "[D1] [MNn,3-3] [Y0001]", "2012-02-02T00:00:00.000Z"},
      {"one thousand, nine hundred and eighty-four", "[Yw]", "1984-01-01T00:00:00.000Z"},
      {"nineteen hundred and eighty-four", "[Yw]", "1984-01-01T00:00:00.000Z"},
      {"twenty-seven April 2008", "[Dw] [MNn] [Y0001]", "2008-04-27T00:00:00.000Z"},
      {"twenty-seventh April 2008", "[Dw] [MNn] [Y0001]", "2008-04-27T00:00:00.000Z"},
      {"Twentieth of August, two thousand and seventeen", "[DW] of [MNn], [Yw]", "2017-08-20T00:00:00.000Z"},
      {"4/4/2018 12:06 am", "[D1]/[M1]/[Y0001] [h]:[m] [P]", "2018-04-04T00:06:00.000Z"},
      {"4/4/2018 06:30 am", "[D1]/[M1]/[Y0001] [h]:[m] [P]", "2018-04-04T06:30:00.000Z"},
      {"4/4/2018 11:30 pm", "[D1]/[M1]/[Y0001] [h]:[m] [P]", "2018-04-04T23:30:00.000Z"},
      {"2018-094", "[Y0001]-[d001]", "2018-04-04T00:00:00.000Z"},
      {"13:45", "[H]:[m]", "2018-03-23T13:45:00.000Z"},
      {"Mon, Twelfth November 2018", "[FNn,*-3], [DWwo] [MNn] [Y]", "2018-11-12T00:00:00.000Z"},
      {"2018--180", "[Y]--[d]", "2018-06-29T00:00:00.000Z"},
      {"three hundred and sixty-fifth day of 2018", "[dwo] day of [Y]", "2018-12-31T00:00:00.000Z"},
      {"2018-05-22", "[YN]-[M]-[D]", "D3133"},
      {"2018-22", "[Y]-[D]", "D3136"},
      {"2018-32-5", "[X]-[W]-[F1]", "D3136"},
      {"2020-09-09 08:00:00 GMT-05:00", "[Y0001]-[M01]-[D01] [H01]:[m01]:[s01] [z]",
       "2020-09-09T13:00:00.000Z"},
      {"2020-09-09 12:00:00 +0530", "[Y0001]-[M01]-[D01] [H01]:[m01]:[s01] [Z0001]",
       "2020-09-09T06:30:00.000Z"},
      {"2026-04-08T19:05:04.01987", "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f1]", "2026-04-08T19:05:04.019Z"},
      {"2006-12-31", "[Y]-[M]-[D]", "2006-12-31T00:00:00.000Z"},
  });
}

// docs.jsonata.org, "Date/Time processing".
TEST(ParseDateTime, DocumentedExamples) {
  Expect({
      {"10/12/2018", "[D]/[M]/[Y]", "2018-12-10T00:00:00.000Z"},
      {"2017-11-07T15:07:54.972Z", "", "2017-11-07T15:07:54.972Z"},
      {"11/07/2017 3:12pm", "[M01]/[D01]/[Y0001] [h#1]:[m01][P]", "2017-11-07T15:12:00.000Z"},
      {"Monday, 10th December MMXVIII", "[FNn], [D1o] [MNn] [YI]", "2018-12-10T00:00:00.000Z"},
      {"10:12:37 GMT-05:00", "[H01]:[m01]:[s01] [z]", "2018-03-23T15:12:37.000Z"},
  });
}

TEST(ParseDateTime, ComponentsThatAreMissing) {
  Expect({
      // From now, as far as the first one given; the least behind the last.
      {"5", "[M]", "2018-05-01T00:00:00.000Z"},
      {"5", "[D]", "2018-03-05T00:00:00.000Z"},
      {"100", "[d]", "2018-04-10T00:00:00.000Z"},
      {"7", "[m]", "2018-03-23T10:07:00.000Z"},
      {"pm", "[P]", "2018-03-23T12:00:00.000Z"},
      {".5", ".[f]", "2018-03-23T10:33:36.500Z"},
      {"2018-04 08", "[Y]-[d] [H]", "2018-01-04T08:00:00.000Z"},
      // Nothing of a moment but what stands beside it: now.
      {"Friday", "[FNn]", "2018-03-23T10:33:36.617Z"},
      {"+01:00", "[Z]", "2018-03-23T09:33:36.617Z"},
      // Gaps, and what does not say the day or the hour.
      {"2018 10", "[Y] [H]", "D3136"},
      {"5 30", "[D] [m]", "D3136"},
      {"10 5", "[H] [s]", "D3136"},
      {"2018-01-01 10:30", "[Y]-[M]-[D] [h]:[m]", "D3136"},
      {"10:30", "[h]:[m]", "D3136"},
      {"2018 am", "[Y] [P]", "D3136"},
      {"2018 January 3 5", "[X] [xNn] [w] [F1]", "D3136"},
      {"2018 12", "[Y] [W]", "D3136"},
      // A week beside a day says nothing more.
      {"2018-03-23 W12", "[Y]-[M]-[D] W[W]", "2018-03-23T00:00:00.000Z"},
      {"13:45 pm", "[H]:[m] [P]", "2018-03-23T13:45:00.000Z"},
  });
}

TEST(ParseDateTime, TextsOfNoMoment) {
  Expect({
      {"text", "text", "nothing"},  // no component at all
      {"text", "[[text]]", "nothing"},
      {"2018", "[Y]-[M]", "nothing"},
      {"2018-01-01 ", "[Y]-[M]-[D]", "nothing"},
      {"", "[Y]", "nothing"},
      {"2 February 2012", "[D1] [MNn,3-3] [Y0001]", "nothing"},
      {"2 Feb 2012", "[D1] [MNn] [Y0001]", "nothing"},
      {"J 2012", "[MN,1-1] [Y0001]", "nothing"},  // January, June or July
      {"27 3 1976", "[D1o] [M] [Y]", "nothing"},
      {"2018-02-30", "[Y]-[M]-[D]", "nothing"},
      {"2018-13-01", "[Y]-[M]-[D]", "nothing"},
      {"2018-366", "[Y]-[d]", "nothing"},
      {"2018-0", "[Y]-[d]", "nothing"},
      {"25:00", "[H]:[m]", "nothing"},
      {"13 pm", "[h] [P]", "nothing"},
      {"999999999999999999999", "[Y]", "nothing"},
      {"300001", "[Y]", "nothing"},
      {"+99:00", "[Z]", "nothing"},
      {"and", "[Yw]", "nothing"},
      {"ISO", "[E]", "D3133"},
      {"ISO", "[C]", "D3133"},
      {"2018", "[q]", "D3132"},
      {"2018", "[Y", "D3135"},
  });
  EXPECT_EQ(Parsed(std::string(2000, '1'), "[Y]"), "nothing");
}

TEST(ParseDateTime, WaysToMatch) {
  Expect({
      {"TWENTY-SEVENTH APRIL 2008", "[Dw] [Mn] [Y]", "2008-04-27T00:00:00.000Z"},
      {"27 MARCH 2008 2PM", "[D] [MNn] [Y] [h][Pn]", "2008-03-27T14:00:00.000Z"},
      {"t20180205T", "T[Y0001][M01][D01]t", "2018-02-05T00:00:00.000Z"},
      {"5March2018", "[D01][MNn][Y0001]", "2018-03-05T00:00:00.000Z"},
      {"two and three 2018", "[Dw] and [Mw] [Y]", "2018-03-02T00:00:00.000Z"},
      {"1111", "[D]1[M]1", "2018-01-01T00:00:00.000Z"},
      {"110131", "[D]1[M]1", "nothing"},
      {"21112018", "[D01]1[M1]2018", "2018-01-21T00:00:00.000Z"},
      {"1212018", "[D01]2[M1]2018", "2018-01-01T00:00:00.000Z"},
      {"2.018", "[Y9.999]", "2018-01-01T00:00:00.000Z"},
      {"٢٠١٨-٠٣", "[Y٠٠٠١]-[M٠١]", "2018-03-01T00:00:00.000Z"},
      {"18", "[Y,2-2]", "1918-01-01T00:00:00.000Z"},
      {"00100", "[Y]", "0100-01-01T00:00:00.000Z"},
      {"2018Z 10", "[Y][ZZ] 10", "2018-01-01T00:00:00.000Z"},
      {"2018 r", "[Y] [ZZ]", "2018-01-01T05:00:00.000Z"},
      {"2018 j", "[Y] [ZZ]", "nothing"},
      {"2018 Z", "[Y] [Z01:01t]", "2018-01-01T00:00:00.000Z"},
      {"2018 Z", "[Y] [Z01:01]", "nothing"},
      {"2018 -5", "[Y] [Z0]", "2018-01-01T05:00:00.000Z"},
      {"2018 -5:30", "[Y] [Z0]", "2018-01-01T05:30:00.000Z"},
      {"2018 +530", "[Y] [Z001]", "2017-12-31T18:30:00.000Z"},
      {"2018 +0530", "[Y] [Z01:01]", "nothing"},
      {"2018-01-01T24:00", "[Y]-[M]-[D]T[H]:[m]", "2018-01-02T00:00:00.000Z"},
  });
}

// What is written by a picture that says everything is read as the same moment.
TEST(ParseDateTime, ThereAndBack) {
  const char* pictures[] = {
      "",
      "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01]",
      "[Y0001][M01][D01][H01][m01][s01].[f001] [Z0001]",
      "[FNn], [D1o] [MNn] [Y], [h]:[m]:[s].[f] [P] [z]",
      "[dwo] day of [Yw], [HW] [mw] [sWw] [f001] [Z0]",
      "[D#1]/[MI]/[Yi] [Ha]",
      "[Fn,3-3] [MN,3-3] [D] [H]:[m]:[s].[f001] [ZZ] [Y]",
      "[MA]|[D٠١]|[Y٠٠٠١] [PN,1-1] [h01]:[m01]:[s01].[f][Z01:01t]",
  };
  const char* zones[] = {"", "+0530", "-0500", "-0330"};
  for (const char* picture : pictures) {
    const bool to_the_hour = std::string_view(picture).find("[Ha]") != std::string_view::npos;
    for (int64_t day = DaysFromCivil(1850, 1, 1); day < DaysFromCivil(2120, 1, 1); day += 997) {
      const int64_t millis = day * kMillisPerDay + (to_the_hour ? 3'600'000 : 45'296'789 + day % 7 * 1001);
      for (const char* zone : zones) {
        if (to_the_hour && *zone != 0) continue;
        const Result<std::string> text = FormatDateTime(millis, picture, zone);
        ASSERT_TRUE(text.ok());
        const Result<std::optional<int64_t>> again = ParseDateTime(*text, picture, kNow);
        ASSERT_TRUE(again.ok()) << *text << " by " << picture;
        ASSERT_EQ(*again, millis) << *text << " by " << picture;
      }
    }
  }
}

// Matching looks at no part of the text twice for the same component.
TEST(ParseDateTime, ManyWaysAreBounded) {
  std::string letters;
  std::string digits;
  for (int i = 0; i < 32; ++i) {
    letters += "[Ya]";
    digits += "[Y]1";
  }
  EXPECT_EQ(Parsed(std::string(999, 'a') + "1", letters), "nothing");
  EXPECT_EQ(Parsed(std::string(999, '1') + "a", digits), "nothing");
  std::string words;
  for (int i = 0; i < 249; ++i) words += "one ";
  EXPECT_EQ(Parsed(words + "x", "[Yw][Mw][Dw][Hw][mw][sw]"), "nothing");
}

}  // namespace
}  // namespace penstock::jsonata
