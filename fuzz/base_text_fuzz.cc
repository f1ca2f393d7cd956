// Every parser of base over the same bytes: JSON, times, dates, UTF-8, fault texts.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/clock.h"
#include "base/date.h"
#include "base/json.h"
#include "base/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto check = [](bool holds) {
    if (!holds) std::abort();
  };
  if (const auto value = penstock::ParseJson(text); value.ok()) {
    // What was read is written so that it reads the same.
    check(penstock::ParseJson(penstock::ToJson(*value)).ok());
    check(penstock::ParseJson(penstock::ToPrettyJson(*value)).ok());
  }
  if (const auto time = penstock::ParseTimestamp(text); time.ok()) {
    const auto year = std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(*time)).year();
    const auto again = penstock::ParseTimestamp(penstock::FormatTimestamp(*time));
    const auto exact = std::chrono::floor<std::chrono::milliseconds>(*time);
    check(year < std::chrono::year(0) || year > std::chrono::year(9999) || (again.ok() && *again == exact));
  }
  penstock::IgnoreError(penstock::ParseHttpDate(text).status(), "only that it returns");
  if (const auto date = penstock::ParseDate(text); date.ok()) check(penstock::FormatDate(*date) == text);
  check(penstock::IsUtf8(penstock::ReplaceInvalidUtf8(text)));
  check(!penstock::IsUtf8(text) || penstock::ReplaceInvalidUtf8(text) == text);
  return 0;
}
