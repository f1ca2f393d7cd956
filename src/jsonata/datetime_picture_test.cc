#include "jsonata/datetime_picture.h"

#include <gtest/gtest.h>

#include "jsonata/civil_time.h"
#include "jsonata/fault.h"
#include "jsonata/iso_time.h"

namespace penstock::jsonata {
namespace {

std::string Formatted(int64_t millis, std::string_view picture, std::string_view timezone = "") {
  const Result<std::string> text = FormatDateTime(millis, picture, timezone);
  if (text.ok()) return *text;
  const auto fault = FaultOf(text.status());
  return fault ? fault->code : text.status().ToString();
}

struct Case {
  int64_t millis;
  const char* picture;
  const char* timezone;
  const char* expected;  // or the code of the fault
};

// Cases of JSONata's own suite, function-fromMillis.
TEST(FormatDateTime, PublishedCases) {
  const Case cases[] = {
      {1509380732935, "", "", "2017-10-30T16:25:32.935Z"},
      {1521801216617, "[[Year: <[Y0001]>", "", "[Year: <2018>"},
      {1521801216617, "Year]]: <[Y0001]>", "", "Year]: <2018>"},
      {1521801216617, "[D#1]/[M#1]/[Y0001]", "", "23/3/2018"},
      {1522616700000, "[F0] [FNn]", "", "7 Sunday"},
      {1522703100000, "[F0] [FNn]", "", "1 Monday"},
      {1521801216617, "[Y0001]-[M01]-[D01]", "", "2018-03-23"},
      {1521801216617, "[M01]/[D01]/[Y0001] at [H01]:[m01]:[s01]", "", "03/23/2018 at 10:33:36"},
      {1521801216617, "[Y]-[M01]-[D01]T[H01]:[m]:[s].[f001][Z0101t]", "+0100",
       "2018-03-23T11:33:36.617+0100"},
      {1531310400000, "[Y]-[M01]-[D01]T[H01]:[m]:[s][Z01:01]", "", "2018-07-11T12:00:00+00:00"},
      {1531310400000, "[Y]-[M01]-[D01]T[H01]:[m]:[s][Z01:01t]", "", "2018-07-11T12:00:00Z"},
      {1531310400000, "[Y]-[M01]-[D01]T[H01]:[m]:[s][Z]", "-0500", "2018-07-11T07:00:00-05:00"},
      {1531310400000, "[Y]-[M01]-[D01]T[H01]:[m]:[s][Z0]", "-0500", "2018-07-11T07:00:00-5"},
      {1531310400000, "[Y]-[M01]-[D01]T[H01]:[m]:[s][Z]", "+1000", "2018-07-11T22:00:00+10:00"},
      {1531310400000, "[Y]-[M01]-[D01]T[H01]:[m]:[s][Z0]", "+1000", "2018-07-11T22:00:00+10"},
      {1531310400000, "[Y]-[M01]-[D01]T[H01]:[m]:[s][z]", "-0500", "2018-07-11T07:00:00GMT-05:00"},
      {1230757500000, "[Y]-[M01]-[D01]T[H01]:[m]:[s].[f001][Z010101t]", "+0530", "D3134"},
      {1521801216617, "[D#1,2]/[M1,2]/[Y,2]", "", "23/03/18"},
      {1521801216617, "[D#1,2]/[M1,2]/[Y##01,2-2]", "", "23/03/18"},
      {1521801216617, "[D#1,2]/[M1,2]/[Y0001,2-2]", "", "23/03/18"},
      {1521801216617, "[D1] [M01] [YI]", "", "23 03 MMXVIII"},
      {1521801216617, "[Da] [MA] [Yi]", "", "w C mmxviii"},
      {1521801216617, "[D1o] [M01] [Y]", "", "23rd 03 2018"},
      {1521801216617, "[Dwo] [M01] [Y]", "", "twenty-third 03 2018"},
      {1521801216617, "[D1o] [MNn] [Y]", "", "23rd March 2018"},
      {1521801216617, "[F], [D]/[M]/[Y] [h]:[m]:[s] [P]", "", "friday, 23/3/2018 10:33:36 am"},
      {1546257600000, "[d] days in [Y0001]", "", "365 days in 2018"},
      {1483185600000, "[d] days in [Y0001]", "", "366 days in 2016"},
      {1545739200000, "Week: [W]", "", "Week: 52"},
      {1419768000000, "Week: [W]", "", "Week: 52"},
      {1420113600000, "Week: [W]", "", "Week: 1"},
      {1451304000000, "Week: [W]", "", "Week: 53"},
      {1451563200000, "Week: [W]", "", "Week: 53"},
      {1451736000000, "Week: [W]", "", "Week: 53"},
      {1514808000000, "Week: [w] of [xNn]", "", "Week: 1 of January"},
      {1483272000000, "Week: [w] of [xNn]", "", "Week: 5 of December"},
      {1533038400000, "Week: [w] of [xNn]", "", "Week: 1 of August"},
      {1419940800000, "Week: [w] of [xNn]", "", "Week: 1 of January"},
      {1521801216617, "[F], [D]/[M]/[Y] [h]:[m]:[s] [Pn]", "", "friday, 23/3/2018 10:33:36 am"},
      {1419940800000, "[YN]-[M]-[D]", "", "D3133"},
  };
  for (const Case& one : cases)
    EXPECT_EQ(Formatted(one.millis, one.picture, one.timezone), one.expected) << one.picture;
}

// Cases of JSONata's own suite, function-fromMillis/isoWeekDate.
TEST(FormatDateTime, IsoWeeks) {
  const std::pair<const char*, const char*> cases[] = {
      {"2005-01-01", "2004-W53-6"}, {"2006-01-01", "2005-W52-7"}, {"2006-12-31", "2006-W52-7"},
      {"2007-01-01", "2007-W01-1"}, {"2007-12-30", "2007-W52-7"}, {"2008-01-01", "2008-W01-2"},
      {"2008-12-30", "2009-W01-2"}, {"2009-12-31", "2009-W53-4"}, {"2010-01-01", "2009-W53-5"},
      {"2010-01-02", "2009-W53-6"},
  };
  for (const auto& [day, expected] : cases)
    EXPECT_EQ(Formatted(*ParseIsoTime(day), "[X0001]-W[W01]-[F1]"), expected);
}

// Section 9.8.4 and the documented forms of a time zone.
TEST(FormatDateTime, OfTheSpecification) {
  const int64_t t = 1521801216617;  // 2018-03-23T10:33:36.617Z
  const Case cases[] = {
      {t, "", "+0530", "2018-03-23T16:03:36.617+05:30"},
      {t, "", "-05:00", "2018-03-23T05:33:36.617-05:00"},
      {t, "", "Z", "2018-03-23T10:33:36.617Z"},
      {t, "", "east", "D3134"},
      {t, "[MNn,3-3] [FN,3-3]", "", "Mar FRI"},
      {t, "[ Y 0001 ]", "", "2018"},
      {t, "[f01] [f1] [f,1-1]", "", "61 617 6"},
      {t, "[h]:[m] [PN]", "+0400", "2:33 PM"},
      {t, "[Z] [Z0] [ZZ]", "-0530", "-05:30 -5:30 -05:30"},
      {t, "[ZZ]", "-0500", "R"},
      {t, "[q]", "", "D3132"},
      {t, "[]", "", "D3132"},
      {t, "[Y", "", "D3135"},
      {t, "[Y0١]", "", "D3131"},
      {t, "[Yα]", "", "D3130"},
      {0, "[h] [P]", "", "12 am"},
      {-1, "", "", "1969-12-31T23:59:59.999Z"},
      {kMaxMillis, "", "", "+275760-09-13T00:00:00.000Z"},
      {-kMaxMillis, "", "", "-271821-04-20T00:00:00.000Z"},
      {kMaxMillis + 1, "", "", "D3110"},
  };
  for (const Case& one : cases)
    EXPECT_EQ(Formatted(one.millis, one.picture, one.timezone), one.expected) << one.picture;
}

// Cases of JSONata's own suite, function-tomillis.
TEST(ParseIsoTime, PublishedCases) {
  const std::pair<const char*, int64_t> cases[] = {
      {"1970-01-01T00:00:00.001Z", 1},
      {"2017-10-30", 1509321600000},
      {"2017-10-30T15:28:34Z", 1509377314000},
  };
  for (const auto& [text, millis] : cases) EXPECT_EQ(ParseIsoTime(text), millis) << text;
  for (const char* text : {"foo", "01-02-2018", "2018-02-03 11:15:33", "", "2018-02-30", "2018-13-01",
                           "2018-01-01T25:00:00Z", "2018-01-01T10:00:00.Z", "2018-01-01T10:00:00 0530"}) {
    EXPECT_FALSE(ParseIsoTime(text)) << text;
  }
  EXPECT_EQ(ParseIsoTime("2018"), ParseIsoTime("2018-01-01T00:00:00.000Z"));
  EXPECT_EQ(ParseIsoTime("2017-12-31T24:00:00Z"), ParseIsoTime("2018-01-01T05:30:00.0009+0530"));
}

// Every day of four centuries, there and back.
TEST(CivilTime, ThereAndBack) {
  int64_t days = DaysFromCivil(1800, 1, 1);
  for (; days < DaysFromCivil(2200, 1, 1); ++days) {
    const CivilTime time = ToCivil(days * kMillisPerDay + 1);
    ASSERT_EQ(ToMillis(time), days * kMillisPerDay + 1);
    ASSERT_LE(time.day, DaysInMonth(time.year, time.month));
  }
}

}  // namespace
}  // namespace penstock::jsonata
