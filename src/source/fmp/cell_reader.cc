#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "source/fmp/cell_reader_internal.h"

namespace penstock::source::fmp {

bool ReadNumberText(std::string_view text, std::optional<double>* out) {
  out->reset();
  for (const std::string_view none : {"", "N/A", "None", "null", "NaN", "nan", "-"}) {
    if (text == none) return true;
  }
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return false;
  *out = number;
  return true;
}

std::optional<Date> ReadDay(std::string_view text) {
  if (text.size() > 10 && text[10] != ' ' && text[10] != 'T') return std::nullopt;
  const auto date = ParseDate(text.substr(0, 10));
  if (!date.ok()) return std::nullopt;
  return *date;
}

bool CellReader::ReadCell(Value value, std::optional<double>* out) {
  out->reset();
  simdjson::ondemand::json_type type{};
  if (!Json(value.type().get(type))) return false;
  if (type == simdjson::ondemand::json_type::null) {
    bool null = false;
    return Json(value.is_null().get(null)) && (null || Odd("neither a number nor null"));
  }
  if (type == simdjson::ondemand::json_type::string) {
    std::string_view text;
    if (!Json(value.get_string().get(text))) return false;
    return ReadNumberText(text, out) || Odd(fmt::format("no number: \"{}\"", text.substr(0, 20)));
  }
  double number = 0;
  if (!ReadNumber(value, &number)) return false;
  *out = number;
  return true;
}

bool CellReader::ReadFlag(Value value, std::optional<bool>* out) {
  bool flag = false, null = false;
  if (!Json(value.is_null().get(null))) return false;
  if (null) return true;
  if (!Json(value.get_bool().get(flag))) return false;
  *out = flag;
  return true;
}

}  // namespace penstock::source::fmp
