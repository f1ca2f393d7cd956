#include "source/replay/bar_text.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/date.h"

namespace penstock::source {
namespace {

// RFC 8259 section 6, without an exponent.
bool IsNumber(std::string_view text) {
  size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
  const size_t whole = at;
  while (at < text.size() && IsDigit(text[at])) ++at;
  if (at == whole || (at - whole > 1 && text[whole] == '0')) return false;
  if (at == text.size()) return true;
  if (text[at] != '.' || ++at == text.size()) return false;
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at == text.size();
}

// Rows of a file mostly follow each other by a day or three: the date is read by hand, checked by ParseDate's
// rules.
bool ReadDay(std::string_view text, int32_t* day) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (const size_t at : {0, 1, 2, 3, 5, 6, 8, 9}) {
    if (!IsDigit(text[at])) return false;
  }
  const auto number = [&](size_t at, size_t count) {
    int value = 0;
    for (size_t i = 0; i < count; ++i) value = value * 10 + (text[at + i] - '0');
    return value;
  };
  const std::chrono::year_month_day date{std::chrono::year(number(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  if (!date.ok()) return false;
  *day = DaysSinceEpoch(Date(date));
  return true;
}

}  // namespace

std::string_view BarText::cell(size_t row, BarCell cell) const {
  const Row& at = (*rows_)[first_ + row];
  size_t begin = at.begin;
  for (size_t i = 0; i < static_cast<size_t>(cell); ++i) begin += at.size[i] + size_t{1};
  return std::string_view(*text_).substr(begin, at.size[static_cast<size_t>(cell)]);
}

Result<BarText::Row> ReadBarRow(const std::string& text, size_t begin, size_t end, std::string_view* rest) {
  const std::string_view line(text.data() + begin, end - begin);
  const auto fail = [&] {
    return MakeError(ErrorCode::kInvalidData, "not a row of daily bars: " + std::string(line.substr(0, 80)));
  };
  BarText::Row row;
  if (line.size() < 11 || line[10] != ',' || !ReadDay(line.substr(0, 10), &row.day)) return fail();
  row.begin = static_cast<uint32_t>(begin + 11);
  size_t at = 11;
  for (size_t i = 0; i < kBarCells; ++i) {
    if (at > line.size()) return fail();
    const size_t comma = std::min(line.find(',', at), line.size());
    const std::string_view cell = line.substr(at, comma - at);
    if (cell.size() > 40 || !(cell.empty() || IsNumber(cell))) return fail();
    row.size[i] = static_cast<uint8_t>(cell.size());
    at = comma + 1;
  }
  *rest = at <= line.size() ? line.substr(at) : std::string_view();
  return row;
}

}  // namespace penstock::source
