// US-7: every day of 2000 to 2030 against the package exchange_calendars (tools/calendar-reference,
// docs/calendars.md).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "calendar/exchange_calendar.h"

namespace penstock::calendar {
namespace {

using std::chrono::days;

// The sessions of MIC_FROM_TO.csv by day, in the words of the file.
std::map<Date, std::string> Read(const std::filesystem::path& path) {
  std::map<Date, std::string> sessions;
  std::ifstream file(path);
  std::string line;
  EXPECT_TRUE(std::getline(file, line) && line.starts_with("# exchange_calendars ")) << path;
  EXPECT_TRUE(std::getline(file, line) && line == "date,open_utc,close_utc,half_day") << path;
  while (std::getline(file, line)) {
    EXPECT_TRUE(sessions.emplace(ParseDate(line.substr(0, 10)).ValueOrDie(), line).second) << line;
  }
  return sessions;
}

std::string Line(const Session& session) {
  const auto time = [&](TimePoint moment) {
    const std::string text = FormatTimestamp(moment);
    EXPECT_EQ(text.substr(0, 10), FormatDate(session.date));
    EXPECT_EQ(text.substr(16), ":00.000Z");
    return text.substr(11, 5);
  };
  return fmt::format("{},{},{},{}", FormatDate(session.date), time(session.open), time(session.close),
                     session.half_day ? 1 : 0);
}

void Compare(const ExchangeCalendar& calendar, const std::filesystem::path& path) {
  const int first_year = std::stoi(path.stem().string().substr(5, 4));
  const int last_year = std::stoi(path.stem().string().substr(10, 4));
  const auto expected = Read(path);
  ASSERT_GT(expected.size(), 248u * (last_year - first_year + 1));
  size_t found = 0;
  for (Date date = MakeDate(first_year, 1, 1); date <= MakeDate(last_year, 12, 31); date += days(1)) {
    const auto session = calendar.SessionOf(date);
    const auto line = expected.find(date);
    EXPECT_EQ(session ? Line(*session) : "closed", line == expected.end() ? "closed" : line->second)
        << calendar.mic() << " " << FormatDate(date) << " " << calendar.HolidayName(date).value_or("");
    found += session.has_value();
  }
  EXPECT_EQ(found, expected.size());
}

class Reference : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Known, Reference, ::testing::ValuesIn(ExchangeCalendar::Known()),
                         [](const auto& each) { return each.param; });

TEST_P(Reference, EveryDayIsTheSame) {
  const std::filesystem::path folder = PENSTOCK_SOURCE_DIR "/tests/data/calendars";
  const auto& calendar = **ExchangeCalendar::Find(GetParam());
  ASSERT_TRUE(exists(folder / (GetParam() + "_2000_2030.csv")));
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(GetParam() + "_") && name.ends_with(".csv")) Compare(calendar, entry.path());
  }
}

}  // namespace
}  // namespace penstock::calendar
