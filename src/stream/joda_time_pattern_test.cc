#include "stream/joda_time_pattern.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace penstock::stream {
namespace {

// "2020-05-14T13:30:00.000000Z", "no" or what is wrong with the pattern.
std::string Read(std::string_view pattern, std::string_view text) {
  const auto parsed = JodaTimePattern::Parse(pattern);
  if (!parsed.ok()) return parsed.status().message();
  const auto micros = parsed->Read(text);
  return micros ? FormatTimestamp(TimePoint(std::chrono::microseconds(*micros))) : "no";
}

std::string At(std::string_view text) { return FormatTimestamp(ParseTimestamp(text).ValueOrDie()); }

TEST(JodaTimePattern, ReadsWhatHiveReads) {
  const std::string half_past = At("2020-05-14T13:30:00Z");
  EXPECT_EQ(Read("yyyy-MM-dd'T'HH:mm:ss", "2020-05-14T13:30:00"), half_past);
  EXPECT_EQ(Read("yyyy-MM-dd HH:mm", "2020-5-14 13:30"), half_past);
  EXPECT_EQ(Read("yyyyMMddHHmmss", "20200514133000"), half_past);
  EXPECT_EQ(Read("dd/MMM/yyyy:HH:mm:ss Z", "14/May/2020:09:30:00 -0400"), half_past);
  EXPECT_EQ(Read("EEE, d MMMM yyyy h:mm a z", "Thu, 14 may 2020 1:30 pm GMT"), half_past);
  EXPECT_EQ(Read("MM/dd/yy K:mm a", "05/14/20 1:30 PM"), half_past);
  EXPECT_EQ(Read("yyyy.D kk'h'", "2020.135 24h"), At("2020-05-14T00:00:00Z"));
  EXPECT_EQ(Read("yyyy-MM-dd HH:mm:ss.SSSSSS", "2020-05-14 13:30:00.25"), At("2020-05-14T13:30:00.25Z"));
  EXPECT_EQ(Read("yyyy-MM-dd'T'HH:mm:ssZZ", "2020-05-14T19:00:00+05:30"), half_past);
  EXPECT_EQ(Read("'o''clock' H", "O'CLOCK 5"), At("1970-01-01T05:00:00Z"));
  EXPECT_EQ(Read("millis", "1589463000250"), At("2020-05-14T13:30:00.25Z"));
  EXPECT_EQ(Read("millis", "1589463000250.5"), At("2020-05-14T13:30:00.2505Z"));
}

TEST(JodaTimePattern, RefusesWhatIsNoSuchTime) {
  for (const auto& [pattern, text] : {std::pair{"yyyy-MM-dd", "2020-02-30"},
                                      {"yyyy-MM-dd", "2020-05-14 "},
                                      {"yyyy-MM-dd", "2020-05"},
                                      {"yyyy-MM-dd HH", "2020-05-14 24"},
                                      {"EEE yyyy-MM-dd", "Fri 2020-05-14"},
                                      {"yyyy.D", "2021.366"},
                                      {"h a", "13 pm"},
                                      {"h a", "1"},
                                      {"HH:mm", "5h30"},
                                      {"millis", "x"},
                                      {"millis", "9223372036854775807"},
                                      {"yyyy", ""}}) {
    EXPECT_EQ(Read(pattern, text), "no") << pattern << " " << text;
  }
  for (const char* pattern : {"", "yyyy-ww", "G", "ZZZ", "'open"}) {
    EXPECT_FALSE(JodaTimePattern::Parse(pattern).ok()) << pattern;
  }
}

}  // namespace
}  // namespace penstock::stream
