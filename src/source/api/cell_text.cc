#include "source/api/cell_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/spelling.h"

namespace penstock::source {
namespace {

struct TypeName {
  ColumnType type;
  std::string_view name, expected;
};
constexpr TypeName kTypes[] = {
    {ColumnType::kString, "string", "text"},
    {ColumnType::kInt, "int", "a whole number"},
    {ColumnType::kDouble, "double", "a number"},
    {ColumnType::kBool, "bool", "true or false"},
    {ColumnType::kDate, "date", "a date (YYYY-MM-DD or YYYYMMDD)"},
    {ColumnType::kTimestamp, "timestamp", "a time (2026-11-20T17:44:14Z)"},
    {ColumnType::kSeconds, "seconds", "seconds since 1970"},
    {ColumnType::kMilliseconds, "milliseconds", "milliseconds since 1970"},
};

std::optional<int64_t> AsDate(std::string_view text) {
  const bool compact = text.size() == 8 && std::all_of(text.begin(), text.end(), IsDigit);
  const auto date =
      compact ? ParseDate(fmt::format("{}-{}-{}", text.substr(0, 4), text.substr(4, 2), text.substr(6)))
              : ParseDate(text);
  if (!date.ok()) return std::nullopt;
  return DaysSinceEpoch(*date);
}

std::optional<int64_t> AsTimestamp(std::string_view text) {
  std::string exact(text);
  if (exact.size() > 10 && exact[10] == ' ') exact[10] = 'T';
  const bool has_zone = exact.size() > 10 && exact.find_first_of("Zz+-", 10) != std::string::npos;
  if (!has_zone) exact += 'Z';
  const auto time = ParseTimestamp(exact);
  if (!time.ok()) return std::nullopt;
  return time->time_since_epoch().count();
}

std::optional<int64_t> AsEpoch(std::string_view text, int64_t microseconds) {
  if (const auto whole = CellAsInt(text)) {
    const int64_t most = INT64_MAX / microseconds;
    if (*whole > most || *whole < -most) return std::nullopt;
    return *whole * microseconds;
  }
  const auto number = CellAsDouble(text);
  if (!number || std::abs(*number) * static_cast<double>(microseconds) > 9e18) return std::nullopt;
  return std::llround(*number * static_cast<double>(microseconds));
}

}  // namespace

Result<ColumnType> ParseColumnType(std::string_view text) {
  std::vector<std::string> names;
  for (const TypeName& type : kTypes) {
    if (type.name == text) return type.type;
    names.emplace_back(type.name);
  }
  return MakeError(
      ErrorCode::kConfiguration,
      fmt::format("expected one of {}, got {}{}", fmt::join(names, ", "), text, DidYouMean(text, names)));
}

std::optional<int64_t> CellAsInt(std::string_view text) {
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.empty() || !IsDigit(digits.front()) || (digits.front() == '0' && digits.size() > 1))
    return std::nullopt;
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && at == end ? std::optional(value) : std::nullopt;
}

std::optional<double> CellAsDouble(std::string_view text) {
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  const bool begins = !digits.empty() && (IsDigit(digits.front()) || digits.front() == '.');
  if (!begins) return std::nullopt;  // inf, nan
  if (digits.size() > 1 && digits.front() == '0' && IsDigit(digits[1])) return std::nullopt;
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && at == end && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::optional<int64_t> CellAs(ColumnType type, std::string_view text) {
  switch (type) {
    case ColumnType::kInt: return CellAsInt(text);
    case ColumnType::kDouble: {
      const auto value = CellAsDouble(text);
      return value ? std::optional(std::bit_cast<int64_t>(*value)) : std::nullopt;
    }
    case ColumnType::kBool:
      if (text != "true" && text != "false") return std::nullopt;
      return text == "true" ? 1 : 0;
    case ColumnType::kDate: return AsDate(text);
    case ColumnType::kTimestamp: return AsTimestamp(text);
    case ColumnType::kSeconds: return AsEpoch(text, 1'000'000);
    case ColumnType::kMilliseconds: return AsEpoch(text, 1'000);
    case ColumnType::kString: break;
  }
  return std::nullopt;
}

std::string_view Expected(ColumnType type) {
  for (const TypeName& entry : kTypes) {
    if (entry.type == type) return entry.expected;
  }
  return "text";
}

}  // namespace penstock::source
