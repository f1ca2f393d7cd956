// Made-up bars, the same for a symbol on every machine and for every range asked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "calendar/exchange_calendar.h"
#include "source/replay/bar_text.h"

namespace penstock::source {

// What the walk begins with.
inline constexpr int kFirstGeneratedYear = 2010;

struct GeneratedSeries {
  BarText bars;
  std::vector<BarAction> actions;  // ascending by day
};

// A random walk on the sessions of `calendar` from 2010 to the end of `last_year`, in whole numbers
// throughout, seeded by the symbol and `seed`. Prices in hundredths; two dividends a year for two symbols in
// three, one split for one in four (prices are those after it, as Yahoo serves them). A later `last_year`
// only appends.
Result<GeneratedSeries> GenerateBars(std::string_view symbol, const calendar::ExchangeCalendar& calendar,
                                     int last_year, uint64_t seed);

// A hash that never changes, for decisions that must repeat: FNV-1a over the text, mixed with `seed` by
// SplitMix64.
uint64_t StableHash(std::string_view text, uint64_t seed);

}  // namespace penstock::source
