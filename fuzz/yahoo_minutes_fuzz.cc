// No bytes may harm the parser of Yahoo's minute bars; what it accepts lies within the session, minute by
// minute.
#include <cstdint>
#include <cstdlib>

#include "source/yahoo/yahoo_minutes.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock;
  static const auto* const calendar = *calendar::ExchangeCalendar::Find("XNYS");
  source::MinuteSpec spec;
  spec.symbol = "AAPL";
  spec.session = *calendar->SessionOf(MakeDate(2024, 10, 2));
  const TimePoint fetched_at = spec.session.close - std::chrono::minutes(5);
  const auto read =
      source::yahoo::ReadMinuteChart({reinterpret_cast<const char*>(data), size}, spec, fetched_at, "fuzz");
  if (!read.ok()) return 0;
  TimePoint before = spec.session.open - std::chrono::minutes(1);
  for (const auto& bar : read->bars) {
    if (bar.start <= before || bar.start + std::chrono::minutes(1) > fetched_at) std::abort();
    before = bar.start;
  }
  return 0;
}
