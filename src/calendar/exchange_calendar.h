// When an exchange trades: its session days, their hours in UTC, and why it is closed on the others.
//
// Built in: XLON (London Stock Exchange) and XNYS (New York Stock Exchange; Nasdaq keeps the same days and
// hours). docs/calendars.md says where the rules come from and how they are checked. The hours are those of
// continuous trading as planned: London's closing auction ends some minutes later, and late openings and
// halts within a day are not known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/date.h"
#include "base/status.h"

namespace penstock::calendar {

struct ExchangeRules;

struct Session {
  Date date;              // of the exchange's own time zone
  TimePoint open, close;  // UTC, to the minute
  bool half_day = false;  // closes early

  friend bool operator==(const Session&, const Session&) = default;
};

// Immutable and thread-safe, alive to the end of the process; its days are computed at the first Find, about
// 0.1 ms.
//
// It knows first() to last(), 1990 to 2037. Of these, 2000 to 2030 is promised: a test compares every day
// with another source. The rest follows the same rules. Closings that nobody has announced yet are not in it.
class ExchangeCalendar {
 public:
  // By market identifier code (ISO 10383), case matters. NotFound: not built in; the message lists the known
  // ones.
  static Result<const ExchangeCalendar*> Find(std::string_view mic);
  // The codes that Find knows, ascending.
  static std::vector<std::string> Known();

  // These know nothing outside first() to last(): false, and nothing. Ask Covers() where that matters.
  bool IsSession(Date date) const;
  std::optional<Session> SessionOf(Date date) const;
  // The session of a day that somebody asked for. Usage: there is none; the text says why, the advice which
  // days beside it have one.
  Result<Session> RequireSession(Date date) const;
  // Why a weekday is closed ("Good Friday"); nothing on sessions, on Saturdays and Sundays.
  std::optional<std::string> HolidayName(Date date) const;
  // The sessions of both days and between, ascending; only those within first() to last().
  std::vector<Date> Sessions(Date from, Date to) const;
  bool Covers(Date date) const { return first() <= date && date <= last(); }

  // Strictly after, strictly before. InvalidData: the answer may lie outside first() to last().
  Result<Date> NextSession(Date after) const;
  Result<Date> PreviousSession(Date before) const;
  // The newest session whose close is at or before `now`. InvalidData: `now` is outside first() to last().
  Result<Date> LastClosedSession(TimePoint now) const;

  const std::string& mic() const { return mic_; }
  std::string name() const;
  const TimeZone& zone() const { return zone_; }
  Date first() const;
  Date last() const;

 private:
  template <const ExchangeRules& (*rules)()>
  static Result<const ExchangeCalendar*> BuiltOnce();
  ExchangeCalendar(const ExchangeRules& rules, TimeZone zone);
  // Minutes after local midnight; 0: no session, or outside first() to last().
  int16_t CloseOf(Date date) const;
  Session At(Date date) const;

  const ExchangeRules& rules_;
  const std::string mic_;
  const TimeZone zone_;
  std::vector<int16_t> closes_;  // of every day from first() to last(), as CloseOf
};

}  // namespace penstock::calendar
