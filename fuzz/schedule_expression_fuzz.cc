// Schedule expressions: any bytes are an expression or an error, and occurrences go forward.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "serve/market_schedule.h"
#include "serve/schedule_expression.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const TimeZone zone = TimeZone::Find("Europe/London").ValueOrDie();
  const TimePoint from = MakeDate(2026, 3, 28);
  if (const auto parsed = serve::ScheduleExpression::Parse(text, zone); parsed.ok()) {
    TimePoint last = from;
    for (int i = 0; i < 4; ++i) {
      const auto next = parsed->Next(last);
      if (!next) break;
      if (*next <= last) std::abort();
      // Nothing lies between.
      if (parsed->Next(*next - Duration(1)) != next) std::abort();
      last = *next;
    }
  }
  if (const auto parsed = serve::MarketSchedule::Parse(text); parsed.ok()) {
    const auto next = parsed->Next(from);
    if (!next.ok() || !*next || **next <= from) std::abort();
  }
  return 0;
}
