#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>

#include "calendar/exchange_calendar.h"
#include "source/yahoo/body.h"

namespace penstock::source::yahoo {
namespace {

enum Field { kDate, kOpen, kHigh, kLow, kClose, kAdjClose, kVolume, kDividends, kSplits, kFields };
constexpr std::string_view kNames[kFields] = {"Date",      "Open",   "High",      "Low",         "Close",
                                              "Adj Close", "Volume", "Dividends", "Stock Splits"};
constexpr size_t kMaxColumns = 16;

class CsvReader {
 public:
  CsvReader(const ParseContext& context, Series* series) : context_(context), series_(*series) {}
  Status Read(std::string_view text);

 private:
  Status ReadHeader(std::string_view line);
  Status ReadRow(std::string_view line);
  Status ReadBar(Date date);
  void Comment(std::string_view line);
  void Finish();
  // Nothing for a cell that is empty, null or N/A.
  Result<std::optional<double>> Number(Field field) const;
  std::string_view Cell(Field field) const { return cells_[static_cast<size_t>(place_[field])]; }
  bool Has(Field field) const { return place_[field] >= 0; }
  // How many cells the line has, at most kMaxColumns of them kept.
  size_t Split(std::string_view line);
  Status Invalid(std::string_view what) const {
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("broken CSV: line {}: {} in {}", line_, what, context_.raw_key),
                     "fetch this symbol and day again");
  }

  const ParseContext& context_;
  Series& series_;
  int line_ = 0;
  size_t columns_ = 0;
  int place_[kFields];
  std::string_view cells_[kMaxColumns];
};

size_t CsvReader::Split(std::string_view line) {
  size_t count = 0;
  while (true) {
    const size_t comma = line.find(',');
    std::string_view cell = line.substr(0, comma);
    if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"') cell = cell.substr(1, cell.size() - 2);
    if (count < kMaxColumns) cells_[count] = cell;
    ++count;
    if (comma == std::string_view::npos) return count;
    line.remove_prefix(comma + 1);
  }
}

void CsvReader::Comment(std::string_view line) {
  line.remove_prefix(1);
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  if (line == "generated") series_.generated = true;
  constexpr std::string_view kCurrency = "currency: ";
  if (line.substr(0, kCurrency.size()) != kCurrency) return;
  const std::string_view code = line.substr(kCurrency.size());
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  if (code.size() == 3 && std::all_of(code.begin(), code.end(), letter)) series_.currency = code;
}

Status CsvReader::ReadHeader(std::string_view line) {
  columns_ = Split(line);
  if (columns_ > kMaxColumns) return Invalid(fmt::format("{} columns", columns_));
  std::fill(std::begin(place_), std::end(place_), -1);
  for (size_t i = 0; i < columns_; ++i) {
    const auto name = std::find(std::begin(kNames), std::end(kNames), cells_[i]);
    if (name == std::end(kNames)) return Invalid(fmt::format("an unknown column: {}", cells_[i]));
    int& place = place_[name - std::begin(kNames)];
    if (place >= 0) return Invalid(fmt::format("a column twice: {}", cells_[i]));
    place = static_cast<int>(i);
  }
  if (!Has(kDate)) return Invalid("no column Date");
  if (Has(kDividends) || Has(kSplits)) return Status::OK();
  for (const Field field : {kOpen, kHigh, kLow, kClose, kVolume}) {
    if (!Has(field)) return Invalid(fmt::format("no column {}", kNames[field]));
  }
  return Status::OK();
}

Result<std::optional<double>> CsvReader::Number(Field field) const {
  const std::string_view cell = Cell(field);
  if (cell.empty() || cell == "null" || cell == "N/A") return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size() || !std::isfinite(value)) {
    return Invalid(fmt::format("{} is not a number: {}", kNames[field], cell.substr(0, 40)));
  }
  return value;
}

Status CsvReader::ReadBar(Date date) {
  const std::pair<Field, Column<double>*> prices[] = {{kOpen, &series_.open},
                                                      {kHigh, &series_.high},
                                                      {kLow, &series_.low},
                                                      {kClose, &series_.close},
                                                      {kAdjClose, &series_.adj_close}};
  for (const auto& [field, column] : prices) {
    std::optional<double> value;
    if (Has(field)) {
      ASSIGN_OR_RETURN(value, Number(field));
    }
    value ? column->Add(*value) : column->AddNull();
  }
  int64_t whole = 0;
  const std::string_view cell = Cell(kVolume);
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), whole);
  if (error == std::errc() && end == cell.data() + cell.size()) {
    series_.volume.Add(whole);
  } else {
    ASSIGN_OR_RETURN(const std::optional<double> value, Number(kVolume));
    value ? series_.AddVolume(*value) : series_.volume.AddNull();
  }
  series_.days.push_back(DaysSinceEpoch(date));
  series_.incomplete.push_back(0);
  return Status::OK();
}

Status CsvReader::ReadRow(std::string_view line) {
  const size_t count = Split(line);
  if (count != columns_) return Invalid(fmt::format("{} cells where the header has {}", count, columns_));
  const auto date = ParseDate(Cell(kDate));
  if (!date.ok()) return Invalid(fmt::format("not a date: {}", Cell(kDate).substr(0, 40)));
  if (Has(kOpen)) RETURN_IF_ERROR(ReadBar(*date));
  if (Has(kDividends)) {
    ASSIGN_OR_RETURN(const std::optional<double> amount, Number(kDividends));
    if (amount && *amount != 0) series_.actions.push_back({DaysSinceEpoch(*date), false, *amount, 0, 0});
  }
  if (Has(kSplits)) {
    // "4:1": four new for one old.
    const std::string_view cell = Cell(kSplits);
    Action action{DaysSinceEpoch(*date), true, 0, 0, 0};
    const char* const last = cell.data() + cell.size();
    const auto first = std::from_chars(cell.data(), last, action.numerator);
    bool good = first.ec == std::errc() && first.ptr != last && (*first.ptr == ':' || *first.ptr == '/');
    if (good) {
      const auto second = std::from_chars(first.ptr + 1, last, action.denominator);
      good = second.ec == std::errc() && second.ptr == last;
    }
    if (!good || !(action.numerator > 0) || !(action.denominator > 0)) {
      return Invalid(fmt::format("not a split ratio: {}", cell.substr(0, 40)));
    }
    series_.actions.push_back(action);
  }
  return Status::OK();
}

void CsvReader::Finish() {
  if (series_.currency.empty()) {
    const std::string_view symbol = context_.symbol;
    const bool london = symbol.size() > 2 && (symbol.ends_with(".L") || symbol.ends_with(".l"));
    series_.currency =
        london && (context_.currency == "GBP" || context_.currency.empty()) ? "GBp" : context_.currency;
  }
  // Without a market time in the format: the bar of the day on which it was fetched, before that session's
  // end.
  if (context_.calendar == nullptr) return;
  const Date today = context_.calendar->zone().LocalDate(context_.fetched_at);
  const auto session = context_.calendar->SessionOf(today);
  if (!session || context_.fetched_at >= session->close) return;
  for (size_t i = 0; i < series_.size(); ++i) {
    if (series_.days[i] == DaysSinceEpoch(today)) series_.incomplete[i] = 1;
  }
}

Status CsvReader::Read(std::string_view text) {
  while (!text.empty()) {
    ++line_;
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) continue;
    if (line.front() == '#') {
      Comment(line);
    } else if (columns_ == 0) {
      RETURN_IF_ERROR(ReadHeader(line));
    } else {
      RETURN_IF_ERROR(ReadRow(line));
    }
  }
  if (columns_ == 0) return Invalid("no header");
  Finish();
  return Status::OK();
}

}  // namespace

Status ReadCsv(std::string_view text, const ParseContext& context, Series* series) {
  return CsvReader(context, series).Read(text);
}

}  // namespace penstock::source::yahoo
