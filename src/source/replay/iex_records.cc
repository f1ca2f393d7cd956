#include "source/replay/iex_records.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

namespace penstock::source {
namespace {

constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// As IEX writes a price: 138, 138.5, 138.72.
json::value Price(int64_t hundredths) {
  if (hundredths % 100 == 0) return hundredths / 100;
  return static_cast<double>(hundredths) / 100;
}

double Rounded(double value, double places) { return std::round(value * places) / places; }

std::string DayLabel(Date day) {
  const std::chrono::year_month_day date(day);
  return fmt::format("{} {}", kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<unsigned>(date.day()));
}

std::string MinuteLabel(int64_t minute) {
  const int64_t hour = minute / 60 % 12;
  return fmt::format("{:02}:{:02} {}", hour == 0 ? 12 : hour, minute % 60, minute < 720 ? "AM" : "PM");
}

void AppendSession(const UsMarket& market, const PriceModel& model, int64_t session, int64_t as_of, int step,
                   json::array* records) {
  const Date day = market.sessions().day(session);
  const auto hours = market.calendar().SessionOf(day);
  if (!hours) return;
  const GeneratedBar bar = model.At(session, as_of);
  const int64_t first = market.calendar().zone().LocalTimeOfDay(hours->open) / std::chrono::minutes(1);
  const int64_t count = (hours->close - hours->open) / std::chrono::minutes(1);
  int64_t before = bar.open;
  for (int64_t at = 0; at < count; at += step) {
    const int64_t through = std::min<int64_t>(at + step, count);
    uint64_t word = MixWord(model.key() + static_cast<uint64_t>(session * 1000 + at));
    const auto below = [&](int64_t bound) {
      word = MixWord(word);
      return static_cast<int64_t>(word % static_cast<uint64_t>(std::max<int64_t>(1, bound)));
    };
    // From the open to the close, within what the day reached.
    const int64_t path = bar.open + (bar.close - bar.open) * through / count;
    const int64_t reach = bar.high - bar.low + 1;
    const int64_t close =
        through == count ? bar.close : std::clamp(path + below(reach) / 4 - reach / 8, bar.low, bar.high);
    const int64_t high = std::min(bar.high, std::max(before, close) + below(reach) / 50);
    const int64_t low = std::max(bar.low, std::min(before, close) - below(reach) / 50);
    const int64_t volume = bar.volume / 100 * step / count + below(5000);
    const double average = Rounded(static_cast<double>(high + low + close) / 300, 1000);
    records->push_back(
        json::object{{"date", FormatDate(day)},
                     {"minute", fmt::format("{:02}:{:02}", (first + at) / 60, (first + at) % 60)},
                     {"label", MinuteLabel(first + at)},
                     {"high", Price(high)},
                     {"low", Price(low)},
                     {"open", Price(before)},
                     {"close", Price(close)},
                     {"average", average},
                     {"volume", volume},
                     {"notional", Rounded(average * static_cast<double>(volume), 1000)},
                     {"numberOfTrades", 1 + volume / 150},
                     {"generated", true}});
    before = close;
  }
}

std::string CsvCell(const json::value* value) {
  if (value == nullptr || value->is_null()) return "";
  std::string text = value->is_string() ? std::string(value->get_string()) : ToJson(*value);
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

}  // namespace

json::array DailyRecords(const UsMarket& market, const Company& company, Date from, Date to) {
  json::array records;
  const auto range = market.SessionsOf(company, from, std::min(to, market.today()));
  const PriceModel model = market.ModelOf(company.listing.symbol);
  const int64_t as_of = market.sessions().FirstFrom(market.today() + std::chrono::days(1)) - 1;
  int64_t first = 0, before = 0;
  for (int64_t at = range.first; at <= range.last; ++at) {
    const GeneratedBar bar = model.At(at, as_of);
    if (first == 0) first = before = bar.close;
    const Date day = market.sessions().day(at);
    const auto over = [&](int64_t base) {
      return static_cast<double>(bar.close - base) / static_cast<double>(base);
    };
    json::object record{{"date", FormatDate(day)}};
    for (const char* prefix : {"", "u"}) {
      const auto named = [&](std::string name) {
        if (*prefix != '\0') name[0] = static_cast<char>(name[0] - 'a' + 'A');
        return prefix + name;
      };
      record[named("open")] = Price(bar.open);
      record[named("close")] = Price(bar.close);
      record[named("high")] = Price(bar.high);
      record[named("low")] = Price(bar.low);
      record[named("volume")] = bar.volume;
    }
    record["change"] = Price(bar.close - before);
    record["changePercent"] = Rounded(over(before) * 100, 10'000);
    record["label"] = DayLabel(day);
    record["changeOverTime"] = Rounded(over(first), 1'000'000);
    record["generated"] = true;
    records.push_back(std::move(record));
    before = bar.close;
  }
  return records;
}

json::array MinuteRecords(const UsMarket& market, const Company& company, Date day, int days, int step) {
  json::array records;
  const int64_t last = market.sessions().FirstFrom(day + std::chrono::days(1)) - 1;
  if (last < 0 || (days == 1 && market.sessions().day(last) != day && day != market.today())) return records;
  const PriceModel model = market.ModelOf(company.listing.symbol);
  const int64_t as_of = market.sessions().FirstFrom(market.today() + std::chrono::days(1)) - 1;
  for (int64_t at = std::max<int64_t>(0, last - days + 1); at <= std::min(last, as_of); ++at) {
    AppendSession(market, model, at, as_of, step, &records);
  }
  return records;
}

json::object QuoteRecord(const UsMarket& market, const Company& company) {
  const json::array bars =
      DailyRecords(market, company, market.today() - std::chrono::days(10), market.today());
  json::object quote{{"symbol", company.listing.symbol}, {"companyName", company.listing.name}};
  if (bars.empty()) return quote;
  const json::object& bar = bars.back().get_object();
  for (const char* member : {"open", "close", "high", "low"}) quote[member] = bar.at(member);
  quote["latestPrice"] = bar.at("close");
  quote["latestTime"] = bar.at("date");
  quote["latestUpdate"] = market.ClockAt(market.today()).time_since_epoch() / std::chrono::milliseconds(1);
  for (const char* member : {"volume", "change", "changePercent"}) quote[member] = bar.at(member);
  quote["generated"] = true;
  return quote;
}

void ChangeRecords(int64_t number, json::array* records) {
  for (json::value& value : *records) {
    json::object* record = value.if_object();
    if (record == nullptr) continue;
    const auto number_of = [&](const char* member) {
      const json::value* found = record->if_contains(member);
      return found != nullptr && found->is_number() ? found->to_number<double>() : 0;
    };
    if (number >= 2) (*record)["vwap"] = Rounded((number_of("high") + number_of("low")) / 2, 1000);
    if (number >= 3) (*record)["volume"] = number_of("volume") + 0.5;
    if (number >= 4) record->erase("label");
    if (number >= 5) (*record)["changePercent"] = fmt::format("{}%", number_of("changePercent"));
  }
}

std::string ToCsv(const json::array& records) {
  std::vector<std::string> columns;
  for (const json::value& record : records) {
    const json::object* object = record.if_object();
    if (object == nullptr) continue;
    for (const auto& member : *object) {
      if (std::find(columns.begin(), columns.end(), std::string_view(member.key())) == columns.end()) {
        columns.emplace_back(member.key());
      }
    }
  }
  std::string out = fmt::format("{}\r\n", fmt::join(columns, ","));
  for (const json::value& record : records) {
    const json::object* object = record.if_object();
    if (object == nullptr) continue;
    for (size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) out += ',';
      out += CsvCell(object->if_contains(columns[i]));
    }
    out += "\r\n";
  }
  return out;
}

}  // namespace penstock::source
