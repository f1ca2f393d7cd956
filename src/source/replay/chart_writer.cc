#include "source/replay/chart_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/date.h"
#include "base/json.h"

namespace penstock::source {
namespace {

constexpr size_t kYear = 252;  // sessions
constexpr int64_t kPreHours = 5 * 3600 + 1800, kPostHours = 4 * 3600;

std::string Quoted(std::string_view text) { return ToJson(json::value(text)); }

std::string_view OrNull(std::string_view cell) { return cell.empty() ? "null" : cell; }

// The largest or smallest number of a column; nothing when all cells are empty.
std::string_view Extreme(const BarText& bars, BarCell cell, size_t first, size_t last, bool largest) {
  std::string_view found;
  double best = 0;
  for (size_t i = first; i < last; ++i) {
    const std::string_view text = bars.cell(i, cell);
    if (text.empty()) continue;
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    if (found.empty() || (largest ? value > best : value < best)) {
      best = value;
      found = text;
    }
  }
  return OrNull(found);
}

void WriteColumn(std::string_view name, const BarText& bars, BarCell cell, size_t first, size_t last,
                 std::string* out) {
  *out += '"';
  *out += name;
  *out += "\":[";
  for (size_t i = first; i < last; ++i) {
    if (i > first) *out += ',';
    *out += OrNull(bars.cell(i, cell));
  }
  *out += ']';
}

// {"timezone":…,"start":…,"end":…,"gmtoffset":…}
std::string Period(const std::string& zone, int64_t start, int64_t end, int64_t offset) {
  return fmt::format(R"({{"timezone":"{}","start":{},"end":{},"gmtoffset":{}}})", zone, start, end, offset);
}

ChartQuote QuoteOf(const BarText& bars, const std::vector<SessionHours>& hours, size_t first, size_t last) {
  // Without a bar in the range the newest one before it is the market's state.
  const size_t bar = std::max<size_t>(last, 1) - 1;
  const size_t year = bar + 1 > kYear ? bar + 1 - kYear : 0;
  ChartQuote quote;
  quote.session = hours[bar];
  quote.first_trade = hours[0].open;
  quote.price = bars.cell(bar, BarCell::kClose);
  quote.volume = bars.cell(bar, BarCell::kVolume);
  quote.day_high = bars.cell(bar, BarCell::kHigh);
  quote.day_low = bars.cell(bar, BarCell::kLow);
  quote.year_high = Extreme(bars, BarCell::kHigh, year, bar + 1, true);
  quote.year_low = Extreme(bars, BarCell::kLow, year, bar + 1, false);
  if (first > 0) quote.previous_close = bars.cell(first - 1, BarCell::kClose);
  return quote;
}

void WriteEvents(const BarText& bars, const std::vector<SessionHours>& hours,
                 const std::vector<BarAction>& actions, size_t first, size_t last, std::string* out) {
  std::string dividends, splits;
  for (size_t row = first; row < last; ++row) {
    const auto begin =
        std::lower_bound(actions.begin(), actions.end(), bars.day(row),
                         [](const BarAction& action, int32_t day) { return action.day < day; });
    for (auto action = begin; action != actions.end() && action->day == bars.day(row); ++action) {
      std::string& list = action->split ? splits : dividends;
      if (!list.empty()) list += ',';
      const int64_t at = hours[row].open;
      if (action->split) {
        list +=
            fmt::format(R"("{}":{{"date":{},"numerator":{},"denominator":{},"splitRatio":"{}:{}"}})", at, at,
                        action->numerator, action->denominator, action->numerator, action->denominator);
      } else {
        list += fmt::format(R"("{}":{{"amount":{},"date":{}}})", at, action->amount, at);
      }
    }
  }
  if (dividends.empty() && splits.empty()) return;
  *out += "\"events\":{";
  if (!dividends.empty()) *out += "\"dividends\":{" + dividends + "}";
  if (!dividends.empty() && !splits.empty()) *out += ',';
  if (!splits.empty()) *out += "\"splits\":{" + splits + "}";
  *out += "},";
}

}  // namespace

std::string WriteChartMeta(const ChartListing& listing, const ChartQuote& quote) {
  const SessionHours& session = quote.session;
  const std::string& zone = session.gmt_offset == listing.winter_offset ? listing.winter : listing.summer;
  std::string out;
  auto end = std::back_inserter(out);
  fmt::format_to(end, R"({{"currency":"{}","symbol":{},"exchangeName":"{}","fullExchangeName":"{}",)",
                 listing.currency, Quoted(listing.symbol), listing.exchange_name, listing.full_exchange_name);
  if (listing.generated) out += "\"generated\":true,";
  if (!listing.note.empty()) out += "\"note\":" + Quoted(listing.note) + ",";
  fmt::format_to(
      end,
      R"("instrumentType":"EQUITY","firstTradeDate":{},"regularMarketTime":{},"hasPrePostMarketData":{},)",
      quote.first_trade, session.close, listing.winter_offset != 0);
  fmt::format_to(end,
                 R"("gmtoffset":{},"timezone":"{}","exchangeTimezoneName":"{}","regularMarketPrice":{},)",
                 session.gmt_offset, zone, listing.zone, OrNull(quote.price));
  fmt::format_to(
      end,
      R"("fiftyTwoWeekHigh":{},"fiftyTwoWeekLow":{},"regularMarketDayHigh":{},"regularMarketDayLow":{},)",
      OrNull(quote.year_high), OrNull(quote.year_low), OrNull(quote.day_high), OrNull(quote.day_low));
  fmt::format_to(
      end, R"("regularMarketVolume":{},"longName":{},"shortName":{},"chartPreviousClose":{},"priceHint":2,)",
      OrNull(quote.volume), Quoted(listing.symbol), Quoted(listing.symbol), OrNull(quote.previous_close));
  fmt::format_to(
      end, R"("currentTradingPeriod":{{"pre":{},"regular":{},"post":{}}},"dataGranularity":"{}","range":"",)",
      Period(zone, session.open - kPreHours, session.open, session.gmt_offset),
      Period(zone, session.open, session.close, session.gmt_offset),
      Period(zone, session.close, session.close + kPostHours, session.gmt_offset), quote.granularity);
  out += R"("validRanges":["1d","5d","1mo","3mo","6mo","1y","2y","5y","10y","ytd","max"]})";
  return out;
}

std::string WriteChart(const ChartListing& listing, const BarText& bars,
                       const std::vector<SessionHours>& hours, const std::vector<BarAction>& actions,
                       size_t first, size_t last) {
  std::string out;
  out.reserve(2048 + (last - first) * 64);
  out += "{\"chart\":{\"result\":[{\"meta\":";
  out += WriteChartMeta(listing, QuoteOf(bars, hours, first, last));
  if (first == last) return out += ",\"indicators\":{\"quote\":[{}],\"adjclose\":[{}]}}],\"error\":null}}";
  out += ",\"timestamp\":[";
  char number[24];
  for (size_t i = first; i < last; ++i) {
    if (i > first) out += ',';
    out.append(number, std::to_chars(number, number + sizeof(number), hours[i].open).ptr);
  }
  out += "],";
  WriteEvents(bars, hours, actions, first, last, &out);
  out += "\"indicators\":{\"quote\":[{";
  constexpr std::pair<std::string_view, BarCell> kColumns[] = {{"open", BarCell::kOpen},
                                                               {"high", BarCell::kHigh},
                                                               {"low", BarCell::kLow},
                                                               {"close", BarCell::kClose},
                                                               {"volume", BarCell::kVolume}};
  for (const auto& [name, cell] : kColumns) {
    if (cell != BarCell::kOpen) out += ',';
    WriteColumn(name, bars, cell, first, last, &out);
  }
  out += "}],\"adjclose\":[{";
  WriteColumn("adjclose", bars, BarCell::kClose, first, last, &out);
  out += "}]}}],\"error\":null}}";
  return out;
}

std::string WriteDownload(const ChartListing& listing, const BarText& bars, size_t first, size_t last) {
  std::string out;
  out.reserve(128 + (last - first) * 64);
  if (listing.generated) out += fmt::format("# generated\n# currency: {}\n", listing.currency);
  out += "Date,Open,High,Low,Close,Adj Close,Volume";
  for (size_t i = first; i < last; ++i) {
    out += '\n';
    out += FormatDate(FromDaysSinceEpoch(bars.day(i)));
    for (const BarCell cell : {BarCell::kOpen, BarCell::kHigh, BarCell::kLow, BarCell::kClose,
                               BarCell::kClose, BarCell::kVolume}) {
      out += ',';
      out += OrNull(bars.cell(i, cell));
    }
  }
  return out;  // as the site, without a newline at the end
}

std::string WriteChartError(std::string_view code, std::string_view description) {
  return fmt::format(R"({{"chart":{{"result":null,"error":{{"code":{},"description":{}}}}}}})", Quoted(code),
                     Quoted(description));
}

}  // namespace penstock::source
