// No bytes may harm the parser of FMP's price histories; what it accepts is a valid batch.
#include <arrow/record_batch.h>

#include <cstdint>
#include <cstdlib>

#include "calendar/exchange_calendar.h"
#include "source/fmp/body.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* const calendar = *penstock::calendar::ExchangeCalendar::Find("XNYS");
  penstock::source::ParseContext context;
  context.symbol = "AAPL";
  context.currency = "USD";
  context.raw_key = "fuzz";
  context.calendar = calendar;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)penstock::source::fmp::ErrorTextOf(bytes);
  const auto parsed = penstock::source::fmp::ParseBody(bytes, context);
  if (!parsed.ok()) return 0;
  if (!parsed->bars->ValidateFull().ok() || !parsed->actions->ValidateFull().ok()) std::abort();
  return 0;
}
