// Pictures and texts for them, to every function of JSONata that takes a picture. The input is a picture, a
// line feed, and a text.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "jsonata/civil_time.h"
#include "jsonata/datetime_parse.h"
#include "jsonata/datetime_picture.h"
#include "jsonata/fault.h"
#include "jsonata/integer_picture.h"
#include "jsonata/integer_words.h"
#include "jsonata/iso_time.h"
#include "jsonata/number_picture.h"

namespace jsonata = penstock::jsonata;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view picture = input.substr(0, input.find('\n'));
  const std::string_view text = input.substr(std::min(size, picture.size() + 1));
  const auto check = [](bool holds) {
    if (!holds) std::abort();
  };
  // Whatever fails, fails with a fault of the language.
  const auto checked = [&](const auto& result) { check(result.ok() || jsonata::FaultOf(result.status())); };

  constexpr int64_t kNow = 1'521'801'216'617;
  const double number = std::strtod(std::string(text).c_str(), nullptr);
  for (const double value : {0.0, 1.0, -1234567.891, 1e21, 4e-7, number}) {
    if (!std::isfinite(value)) continue;
    checked(jsonata::FormatNumber(value, picture, nullptr));
    checked(jsonata::FormatInteger(value, picture));
  }
  checked(jsonata::ParseInteger(text, picture));
  checked(jsonata::FormatDateTime(kNow, picture, text));
  for (const int64_t millis : {kNow, jsonata::kMaxMillis, -jsonata::kMaxMillis, int64_t{0}}) {
    const auto written = jsonata::FormatDateTime(millis, picture, "");
    checked(written);
    if (written.ok()) checked(jsonata::ParseDateTime(*written, picture, kNow));
  }
  const auto moment = jsonata::ParseDateTime(text, picture, kNow);
  checked(moment);
  if (moment.ok() && *moment) check(**moment <= jsonata::kMaxMillis && **moment >= -jsonata::kMaxMillis);
  if (const auto iso = jsonata::ParseIsoTime(text)) {
    // What was read is written so that it reads the same; years of more digits are only written.
    const std::string again = jsonata::IsoText(jsonata::ToCivil(*iso), 0);
    check(again.size() != 24 || jsonata::ParseIsoTime(again) == iso);
  }
  if (const auto words = jsonata::ParseIntegerWords(text)) check(*words >= 0);
  return 0;
}
