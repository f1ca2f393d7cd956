// The minute bars that the replay server has: recorded answers as they are, and made-up ones.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "calendar/exchange_calendar.h"
#include "source/replay/chart_writer.h"
#include "source/replay/replay_provider.h"

namespace penstock::source {

// Immutable, thread-safe.
class MinuteReplay {
 public:
  // DIR/minutes/SYMBOL_YYYY-MM-DD.json, where they are there.
  explicit MinuteReplay(const std::string& data_dir, uint64_t seed);

  // What the site answers to interval=1m, from and to in Unix seconds: a recorded answer that has a bar in
  // the range, else made-up bars of the sessions that begin in it, of at most 8 days. Made up are the
  // sessions of any symbol with `any`, and without it 2020-05-14 of FB, SHOP, BYND, NFLX, PINS, SQ, TTD,
  // OKTA, SNAP and DDOG, and of META and XYZ, whose bars are those of FB and SQ. 422: no minutes of these
  // days any more; 404: no such symbol. `listing` is the symbol's, `calendar` its exchange's.
  ReplayAnswer Chart(const std::string& symbol, int64_t from, int64_t to, ChartListing listing,
                     const calendar::ExchangeCalendar& calendar, bool any) const;

 private:
  const uint64_t seed_;
  std::map<std::string, std::vector<std::string>> recorded_;  // bodies by symbol
};

}  // namespace penstock::source
