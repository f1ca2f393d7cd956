#include "source/replay/minute_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "source/replay/generated_minutes.h"
#include "source/yahoo/yahoo_minutes.h"

namespace penstock::source {
namespace {

using std::chrono::seconds;

constexpr std::string_view kMadeUp = "made up by the replay server";
constexpr int64_t kMostDays = 8;  // that the site gives in one answer

// A symbol of 2020-05-14, and under which name its bars are made: a company's are the same under both.
struct Listed {
  std::string_view symbol, made_as;
};
constexpr Listed kListed[] = {{"FB", "FB"},     {"SHOP", "SHOP"}, {"BYND", "BYND"}, {"NFLX", "NFLX"},
                              {"PINS", "PINS"}, {"SQ", "SQ"},     {"TTD", "TTD"},   {"OKTA", "OKTA"},
                              {"SNAP", "SNAP"}, {"DDOG", "DDOG"}, {"META", "FB"},   {"XYZ", "SQ"}};
constexpr Date kListedDay = std::chrono::year(2020) / 5 / 14;

int64_t UnixSeconds(TimePoint time) { return std::chrono::floor<seconds>(time).time_since_epoch().count(); }

std::string Cents(int64_t hundredths) { return fmt::format("{}.{:02}", hundredths / 100, hundredths % 100); }

bool HasMinuteIn(const std::string& body, const std::string& symbol, int64_t from, int64_t to) {
  MinuteSpec spec;
  spec.symbol = symbol;
  spec.session.open = TimePoint(seconds(from));
  spec.session.close = TimePoint(seconds(to));
  const auto read = yahoo::ReadMinuteChart(body, spec, TimePoint::max(), symbol);
  return read.ok() && !read->bars.empty();
}

ReplayAnswer Fail(int status, std::string_view code, const std::string& description) {
  ReplayAnswer answer;
  answer.status = status;
  answer.body = WriteChartError(code, description);
  return answer;
}

// Bars as they are written: columns of the chart.
struct Columns {
  std::vector<int64_t> stamps;
  std::string open, high, low, close, volume;

  void Add(int64_t stamp, const std::optional<GeneratedBar>& bar) {
    stamps.push_back(stamp);
    const auto add = [&](std::string& column, const std::string& text) {
      column += fmt::format("{}{}", column.empty() ? "" : ",", bar ? text : "null");
    };
    const GeneratedBar cells = bar.value_or(GeneratedBar{});
    add(open, Cents(cells.open));
    add(high, Cents(cells.high));
    add(low, Cents(cells.low));
    add(close, Cents(cells.close));
    add(volume, fmt::format("{}", cells.volume));
  }
};

}  // namespace

MinuteReplay::MinuteReplay(const std::string& data_dir, uint64_t seed) : seed_(seed) {
  namespace fs = std::filesystem;
  std::error_code error;
  for (fs::directory_iterator at(fs::path(data_dir) / "minutes", error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().extension() != ".json") continue;
    const std::string name = at->path().stem().string();
    std::ifstream in(at->path(), std::ios::binary);
    recorded_[name.substr(0, name.rfind('_'))].push_back(std::string{std::istreambuf_iterator<char>(in), {}});
  }
}

ReplayAnswer MinuteReplay::Chart(const std::string& symbol, int64_t from, int64_t to, ChartListing listing,
                                 const calendar::ExchangeCalendar& calendar, bool any) const {
  const auto recorded = recorded_.find(symbol);
  if (recorded != recorded_.end()) {
    for (const std::string& body : recorded->second) {
      if (!HasMinuteIn(body, symbol, from, to)) continue;
      ReplayAnswer answer;
      answer.body = body;
      return answer;
    }
  }
  const auto* listed = std::find_if(std::begin(kListed), std::end(kListed),
                                    [&](const Listed& l) { return l.symbol == symbol; });
  const bool is_listed = listed != std::end(kListed);
  if (!any && !is_listed && recorded == recorded_.end())
    return Fail(404, "Not Found", "No data found, symbol may be delisted");
  if (to - from > kMostDays * 86400) {
    return Fail(422, "Unprocessable Entity",
                "Only 8 days worth of 1m granularity data are allowed to be fetched per request.");
  }

  Columns columns;
  ChartQuote quote;
  quote.granularity = "1m";
  GeneratedBar day{};
  std::string close;
  const auto date_of = [&](int64_t at) { return calendar.zone().LocalDate(TimePoint(seconds(at))); };
  for (const Date date : calendar.Sessions(date_of(from), date_of(to))) {
    const auto session = calendar.SessionOf(date);
    const int64_t open = UnixSeconds(session->open), end = UnixSeconds(session->close);
    if (open < from || open >= to || !(any || (is_listed && date == kListedDay))) continue;
    const auto minutes = GenerateMinutes(is_listed ? listed->made_as : std::string_view(symbol), date,
                                         static_cast<int>((end - open) / 60), seed_);
    for (size_t i = 0; i < minutes.size(); ++i) {
      columns.Add(open + 60 * static_cast<int64_t>(i), minutes[i]);
    }
    day = *minutes.back();
    // As the site: the closing quote, a row of its own.
    columns.Add(end, GeneratedBar{day.close, day.close, day.close, day.close, 0});
    const auto local =
        calendar.zone().LocalDate(session->close) + calendar.zone().LocalTimeOfDay(session->close);
    quote.session = {open, end, std::chrono::duration_cast<seconds>(local - session->close).count()};
    quote.first_trade = UnixSeconds(calendar.zone().ToUtc(MakeDate(2012, 5, 18), std::chrono::minutes(570)));
  }
  if (columns.stamps.empty()) {
    return Fail(422, "Unprocessable Entity",
                fmt::format("1m data not available for startTime={} and endTime={}. The requested range must "
                            "be within the last 30 days.",
                            from, to));
  }
  close = Cents(day.close);
  quote.price = close;
  listing.symbol = symbol;
  listing.generated = true;
  listing.note = kMadeUp;
  ReplayAnswer answer;
  answer.body = fmt::format(
      R"({{"chart":{{"result":[{{"meta":{},"timestamp":[{}],"indicators":{{"quote":[{{"open":[{}],"high":[{}],"low":[{}],"close":[{}],"volume":[{}]}}]}}}}],"error":null}}}})",
      WriteChartMeta(listing, quote), fmt::join(columns.stamps, ","), columns.open, columns.high, columns.low,
      columns.close, columns.volume);
  return answer;
}

}  // namespace penstock::source
