// Bars as Yahoo Finance's chart JSON and download CSV.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "source/replay/bar_text.h"

namespace penstock::source {

// Unix seconds.
struct SessionHours {
  int64_t open = 0, close = 0;
  int64_t gmt_offset = 0;  // seconds, at the close
};

// What the chart says of the symbol.
struct ChartListing {
  std::string symbol;
  std::string currency;            // USD, GBp
  std::string exchange_name;       // NYQ, LSE
  std::string full_exchange_name;  // NYSE, LSE
  std::string zone;                // America/New_York
  std::string winter, summer;      // EST, EDT
  int64_t winter_offset = 0;       // seconds
  std::string note;                // empty: none
  bool generated = false;
};

// What the chart says of the market at the end of its range. Cells as bars have them, empty: null.
struct ChartQuote {
  SessionHours session;
  int64_t first_trade = 0;  // Unix seconds
  std::string_view price, volume, day_high, day_low, year_high, year_low, previous_close;
  std::string_view granularity = "1d";
};
// The object `meta`.
std::string WriteChartMeta(const ChartListing& listing, const ChartQuote& quote);

// Bars [first, last) of `bars`. `hours` holds, beside each bar of `bars`, its session.
std::string WriteChart(const ChartListing& listing, const BarText& bars,
                       const std::vector<SessionHours>& hours, const std::vector<BarAction>& actions,
                       size_t first, size_t last);

std::string WriteDownload(const ChartListing& listing, const BarText& bars, size_t first, size_t last);

// {"chart":{"result":null,"error":{"code":…,"description":…}}}
std::string WriteChartError(std::string_view code, std::string_view description);

}  // namespace penstock::source
