#include "stream/json_cell.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/ascii.h"
#include "base/date.h"

namespace penstock::stream {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::string_view kMismatch = "Data does not match the schema.";

std::string ForInput(std::string_view text) {
  return fmt::format("{} For input string: \"{}\"", kMismatch, text.substr(0, 200));
}

template <typename Number>
bool ParseWhole(std::string_view text, Number* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

// Takes digits, at least one and at most `most`.
bool TakeNumber(std::string_view* text, int most, int* out) {
  int count = 0;
  *out = 0;
  while (count < most && !text->empty() && text->front() >= '0' && text->front() <= '9') {
    *out = *out * 10 + (text->front() - '0');
    text->remove_prefix(1);
    ++count;
  }
  return count > 0;
}
bool Take(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

bool TakeDay(std::string_view* text, int32_t* days) {
  int year = 0, month = 0, day = 0;
  const size_t before = text->size();
  if (!TakeNumber(text, 4, &year) || before - text->size() != 4 || !Take(text, '-') ||
      !TakeNumber(text, 2, &month) || !Take(text, '-') || !TakeNumber(text, 2, &day)) {
    return false;
  }
  const std::chrono::year_month_day ymd{std::chrono::year(year),
                                        std::chrono::month(static_cast<unsigned>(month)),
                                        std::chrono::day(static_cast<unsigned>(day))};
  if (!ymd.ok()) return false;
  *days = DaysSinceEpoch(Date(ymd));
  return true;
}

// Behind the time: nothing, Z, +05:30, +0530.
bool TakeOffset(std::string_view* text, int64_t* seconds) {
  *seconds = 0;
  if (text->empty() || Take(text, 'Z')) return text->empty();
  const bool west = text->front() == '-';
  if (!west && text->front() != '+') return false;
  text->remove_prefix(1);
  int hours = 0, minutes = 0;
  if (!TakeNumber(text, 2, &hours)) return false;
  Take(text, ':');
  if (!text->empty() && !TakeNumber(text, 2, &minutes)) return false;
  *seconds = (hours * 60 + minutes) * (west ? -60 : 60);
  return text->empty() && hours <= 18 && minutes < 60;
}

// Below 1e12 in size: seconds; else milliseconds.
std::optional<int64_t> FromEpoch(double value) {
  const double micros = value * (std::abs(value) < 1e12 ? 1e6 : 1e3);
  if (!(std::abs(micros) < 9.2e18)) return std::nullopt;
  return static_cast<int64_t>(std::llround(micros));
}
std::optional<int64_t> FromEpoch(int64_t value) {
  int64_t micros = 0;
  const bool seconds = value < 1'000'000'000'000 && value > -1'000'000'000'000;
  if (__builtin_mul_overflow(value, seconds ? 1'000'000 : 1000, &micros)) return std::nullopt;
  return micros;
}

struct Bounds {
  int64_t least, most;
};
Bounds BoundsOf(CellType type) {
  switch (type) {
    case CellType::kInt8: return {INT8_MIN, INT8_MAX};
    case CellType::kInt16: return {INT16_MIN, INT16_MAX};
    case CellType::kInt32: return {INT32_MIN, INT32_MAX};
    default: return {INT64_MIN, INT64_MAX};
  }
}

std::string AddWhole(const element& value, CellType type, int column, lake::RowColumns* rows) {
  int64_t number = 0;
  if (value.type() == element_type::INT64) {
    number = value.get_int64().value_unsafe();
  } else if (std::string_view text; value.get_string().get(text) != simdjson::SUCCESS ||
                                    !ParseWhole(TrimAscii(text, " "), &number)) {
    return ForInput(TextOf(value));
  }
  const Bounds bounds = BoundsOf(type);
  if (number < bounds.least || number > bounds.most) return ForInput(TextOf(value));
  rows->AddInteger(column, number);
  return "";
}

std::string AddReal(const element& value, CellType type, int column, lake::RowColumns* rows) {
  double number = 0;
  if (value.get_double().get(number) != simdjson::SUCCESS) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS || !ParseWhole(TrimAscii(text, " "), &number) ||
        !std::isfinite(number)) {
      return ForInput(TextOf(value));
    }
  }
  if (type == CellType::kDouble) {
    rows->AddFixed(column, &number);
    return "";
  }
  const auto single = static_cast<float>(number);
  if (!std::isfinite(single)) return ForInput(TextOf(value));
  rows->AddFixed(column, &single);
  return "";
}

std::string AddTime(const element& value, CellType type, int column, lake::RowColumns* rows) {
  std::optional<int64_t> cell;
  std::string_view text;
  double real = 0;
  int64_t whole = 0;
  if (value.get_string().get(text) == simdjson::SUCCESS) {
    text = TrimAscii(text, " ");
    if (type == CellType::kDate) {
      cell = ParseDay(text);
    } else if (cell = ParseMoment(text); !cell) {
      if (ParseWhole(text, &whole))
        cell = FromEpoch(whole);
      else if (ParseWhole(text, &real))
        cell = FromEpoch(real);
    }
  } else if (type == CellType::kTimestamp && value.get_int64().get(whole) == simdjson::SUCCESS) {
    cell = FromEpoch(whole);
  } else if (type == CellType::kTimestamp && value.get_double().get(real) == simdjson::SUCCESS) {
    cell = FromEpoch(real);
  }
  if (!cell) return ForInput(TextOf(value));
  rows->AddInteger(column, *cell);
  return "";
}

}  // namespace

std::optional<CellType> CellTypeOf(std::string_view hive_type) {
  static constexpr std::array<std::pair<std::string_view, CellType>, 12> kTypes{
      {{"boolean", CellType::kBool},
       {"tinyint", CellType::kInt8},
       {"smallint", CellType::kInt16},
       {"int", CellType::kInt32},
       {"bigint", CellType::kInt64},
       {"float", CellType::kFloat},
       {"double", CellType::kDouble},
       {"date", CellType::kDate},
       {"timestamp", CellType::kTimestamp},
       {"string", CellType::kText},
       {"binary", CellType::kText},
       {"void", CellType::kText}}};
  for (const auto& [name, type] : kTypes) {
    if (name == hive_type) return type;
  }
  return std::nullopt;
}

std::string TextOf(const element& value) {
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) return std::string(text);
  return simdjson::minify(value);
}

std::string AddCell(const element& value, CellType type, int column, lake::RowColumns* rows) {
  switch (type) {
    case CellType::kBool: {
      bool flag = false;
      std::string_view text;
      if (value.get_bool().get(flag) != simdjson::SUCCESS) {
        if (value.get_string().get(text) != simdjson::SUCCESS) return ForInput(TextOf(value));
        flag = text.size() == 4 && (text[0] | 32) == 't' && (text[1] | 32) == 'r' && (text[2] | 32) == 'u' &&
               (text[3] | 32) == 'e';
        const bool is_false = text.size() == 5 && (text[0] | 32) == 'f' && (text[1] | 32) == 'a' &&
                              (text[2] | 32) == 'l' && (text[3] | 32) == 's' && (text[4] | 32) == 'e';
        if (!flag && !is_false) return ForInput(text);
      }
      rows->AddBool(column, flag);
      return "";
    }
    case CellType::kInt8:
    case CellType::kInt16:
    case CellType::kInt32:
    case CellType::kInt64: return AddWhole(value, type, column, rows);
    case CellType::kFloat:
    case CellType::kDouble: return AddReal(value, type, column, rows);
    case CellType::kDate:
    case CellType::kTimestamp: return AddTime(value, type, column, rows);
    case CellType::kText: break;
  }
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS)
    rows->AddBytes(column, text);
  else
    rows->AddBytes(column, TextOf(value));
  return "";
}

std::optional<int32_t> ParseDay(std::string_view text) {
  int32_t days = 0;
  return TakeDay(&text, &days) && text.empty() ? std::optional(days) : std::nullopt;
}

std::optional<int64_t> ParseMoment(std::string_view text) {
  int32_t days = 0;
  int hour = 0, minute = 0, second = 0;
  if (!TakeDay(&text, &days) || !(Take(&text, 'T') || Take(&text, ' ')) || !TakeNumber(&text, 2, &hour) ||
      !Take(&text, ':') || !TakeNumber(&text, 2, &minute) || !Take(&text, ':') ||
      !TakeNumber(&text, 2, &second) || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  int64_t micros = 0;
  if (Take(&text, '.')) {
    int count = 0;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9' && count < 9;
         ++count, text.remove_prefix(1)) {
      if (count < 6) micros = micros * 10 + (text.front() - '0');
    }
    if (count == 0) return std::nullopt;
    for (; count < 6; ++count) micros *= 10;
  }
  int64_t offset = 0;
  if (!TakeOffset(&text, &offset)) return std::nullopt;
  return (int64_t{days} * 86400 + hour * 3600 + minute * 60 + second - offset) * 1'000'000 + micros;
}

}  // namespace penstock::stream
