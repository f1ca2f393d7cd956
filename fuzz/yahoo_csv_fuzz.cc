// No bytes may harm the parser of Yahoo's answers; what it accepts is a valid batch.
#include <arrow/record_batch.h>

#include <cstdint>
#include <cstdlib>

#include "calendar/exchange_calendar.h"
#include "source/yahoo/body.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* const calendar = *penstock::calendar::ExchangeCalendar::Find("XLON");
  penstock::source::ParseContext context;
  context.symbol = "OCDO.L";
  context.currency = "GBP";
  context.raw_key = "fuzz";
  context.calendar = calendar;
  const auto parsed =
      penstock::source::yahoo::ParseBody({reinterpret_cast<const char*>(data), size}, context);
  if (!parsed.ok()) return 0;
  if (!parsed->bars->ValidateFull().ok() || !parsed->actions->ValidateFull().ok()) std::abort();
  return 0;
}
