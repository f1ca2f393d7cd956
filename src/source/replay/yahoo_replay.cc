#include "source/replay/yahoo_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "source/replay/bulk_file.h"
#include "source/replay/chart_writer.h"
#include "source/yahoo/body.h"
#include "source/yahoo/spelling.h"

namespace penstock::source {
namespace {

constexpr std::string_view kCookie = "A3=replay";
constexpr std::string_view kCrumb = "replayed.crumb";
constexpr size_t kMaxGenerated = 512;  // series kept; further ones are made anew
constexpr std::string_view kNoAdjusted = "recorded without adjusted closes: adjclose repeats close";
constexpr std::string_view kMadeUp = "made up by the replay server; adjclose repeats close";

std::optional<std::string> Find(const net::QueryParams& query, std::string_view name) {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::optional<int64_t> FindInteger(const net::QueryParams& query, std::string_view name) {
  const auto text = Find(query, name);
  int64_t value = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

int64_t UnixSeconds(TimePoint time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

bool IsLondon(std::string_view symbol) { return symbol.ends_with(".L"); }

bool IsNumbered(std::string_view symbol, int64_t count) {
  if (IsLondon(symbol)) symbol.remove_suffix(2);
  int64_t number = 0;
  if (symbol.size() != 8 || symbol.substr(0, 3) != "GEN") return false;
  const auto [end, error] = std::from_chars(symbol.data() + 3, symbol.data() + 8, number);
  return error == std::errc() && end == symbol.data() + 8 && number >= 1 && number <= count;
}

}  // namespace

struct YahooReplay::Market {
  const calendar::ExchangeCalendar* calendar = nullptr;
  ChartListing listing;  // without symbol
  int32_t first_day = 0;
  std::vector<SessionHours> by_day;  // from first_day on; open 0: no session

  static Result<std::unique_ptr<Market>> Make(const std::string& mic) {
    auto market = std::make_unique<Market>();
    ASSIGN_OR_RETURN(market->calendar, calendar::ExchangeCalendar::Find(mic));
    const auto& calendar = *market->calendar;
    market->first_day = DaysSinceEpoch(calendar.first());
    market->by_day.resize(static_cast<size_t>((calendar.last() - calendar.first()).count() + 1));
    for (const Date date : calendar.Sessions(calendar.first(), calendar.last())) {
      const auto session = calendar.SessionOf(date);
      if (!session) continue;
      const auto local =
          calendar.zone().LocalDate(session->close) + calendar.zone().LocalTimeOfDay(session->close);
      market->by_day[static_cast<size_t>((date - calendar.first()).count())] = {
          UnixSeconds(session->open), UnixSeconds(session->close),
          std::chrono::duration_cast<std::chrono::seconds>(local - session->close).count()};
    }
    const bool london = mic == "XLON";
    ChartListing& listing = market->listing;
    listing.currency = london ? "GBp" : "USD";
    listing.exchange_name = london ? "LSE" : "NYQ";
    listing.full_exchange_name = london ? "LSE" : "NYSE";
    listing.zone = calendar.zone().name();
    listing.winter = london ? "GMT" : "EST";
    listing.summer = london ? "BST" : "EDT";
    listing.winter_offset = london ? 0 : -5 * 3600;
    return market;
  }

  // Of a day without session (a recording may hold one): the hours of the newest session before it, on that
  // day.
  SessionHours HoursOf(int32_t day) const {
    const int32_t last = static_cast<int32_t>(by_day.size()) - 1;
    const int32_t wanted = std::clamp(day - first_day, 0, last);
    int32_t at = wanted;
    while (at > 0 && by_day[static_cast<size_t>(at)].open == 0) --at;
    SessionHours hours = by_day[static_cast<size_t>(at)];
    const int64_t later = int64_t{day - first_day - at} * 86400;
    hours.open += later;
    hours.close += later;
    return hours;
  }

  // An hour after the close of the newest session that had ended then; the provider's clock.
  TimePoint ClockAt(int64_t unix_seconds) const {
    const int64_t first = int64_t{first_day} * 86400;
    const int64_t bounded =
        std::clamp(unix_seconds, first, first + static_cast<int64_t>(by_day.size()) * 86400);
    auto at = static_cast<size_t>(
        std::min<int64_t>((bounded - first) / 86400, static_cast<int64_t>(by_day.size()) - 1));
    while (at > 0 && (by_day[at].open == 0 || by_day[at].close > bounded)) --at;
    const int64_t close = by_day[at].open == 0 ? bounded : by_day[at].close;
    return TimePoint(std::chrono::seconds(close + 3600));
  }
};

struct YahooReplay::Listing {
  ChartListing about;
  BarText bars;
  std::vector<SessionHours> hours;  // beside each bar
  std::vector<BarAction> actions;

  void SetHours(const Market& market) {
    hours.reserve(bars.size());
    for (size_t i = 0; i < bars.size(); ++i) hours.push_back(market.HoursOf(bars.day(i)));
  }
  size_t FirstFrom(int64_t unix_seconds) const {
    return static_cast<size_t>(
        std::partition_point(hours.begin(), hours.end(),
                             [&](const SessionHours& h) { return h.open < unix_seconds; }) -
        hours.begin());
  }
};

YahooReplay::YahooReplay(YahooReplayOptions options)
    : options_(std::move(options)), minutes_(options_.data_dir, options_.seed) {}
YahooReplay::~YahooReplay() = default;

Result<std::unique_ptr<YahooReplay>> YahooReplay::Open(YahooReplayOptions options) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (!fs::is_directory(options.data_dir, error)) {
    return MakeError(ErrorCode::kNotFound, "no folder of recorded data: " + options.data_dir,
                     "name the project's data folder with --dir");
  }
  std::unique_ptr<YahooReplay> replay(new YahooReplay(std::move(options)));
  ASSIGN_OR_RETURN(replay->new_york_, Market::Make("XNYS"));
  ASSIGN_OR_RETURN(replay->london_, Market::Make("XLON"));
  if (replay->options_.calendar == "XNYS") {
    replay->other_ = replay->new_york_.get();
  } else if (replay->options_.calendar == "XLON") {
    replay->other_ = replay->london_.get();
  } else {
    return MakeError(ErrorCode::kConfiguration,
                     "no such exchange for generated symbols (XLON, XNYS): " + replay->options_.calendar);
  }
  const fs::path bodies = fs::path(replay->options_.data_dir) / "ftse100";
  for (fs::directory_iterator at(bodies, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() != ".json") continue;
    std::ifstream in(at->path(), std::ios::binary);
    replay->recorded_[at->path().stem().string()] = std::string{std::istreambuf_iterator<char>(in), {}};
  }
  return replay;
}

Status YahooReplay::LoadBulk() {
  const std::lock_guard lock(mutex_);
  if (bulk_loaded_) return bulk_status_;
  bulk_loaded_ = true;
  const std::string file = options_.data_dir + "/sp500/sp500_5yr_2012-2017.csv.zst";
  auto bulk = ReadBulkFile(file);
  if (bulk.ok()) {
    // Under the site's own spelling of share classes: BRK.B is BRK-B there.
    for (auto& [name, bars] : *bulk) bulk_.emplace(yahoo::YahooSpelling(name), std::move(bars));
  } else if (CodeOf(bulk.status()) != ErrorCode::kNotFound) {
    bulk_status_ = bulk.status();
  }
  return bulk_status_;
}

const YahooReplay::Market& YahooReplay::MarketOf(const std::string& symbol) const {
  if (IsLondon(symbol)) return *london_;
  return *other_;
}

Result<std::shared_ptr<const YahooReplay::Listing>> YahooReplay::Find(const std::string& symbol,
                                                                      int last_year) {
  RETURN_IF_ERROR(LoadBulk());
  auto listing = std::make_shared<Listing>();
  {
    const std::lock_guard lock(mutex_);
    const auto bulk = bulk_.find(yahoo::YahooSpelling(symbol));
    if (bulk != bulk_.end()) {
      listing->about = new_york_->listing;
      listing->about.symbol = symbol;
      listing->about.note = kNoAdjusted;
      listing->bars = bulk->second;
    } else {
      const auto known = generated_.find(symbol);
      if (known != generated_.end() && known->second.first >= last_year) return known->second.second;
    }
  }
  if (listing->bars.size() > 0) {
    listing->SetHours(*new_york_);
    return listing;
  }
  if (!options_.generate_any && !IsNumbered(symbol, options_.generate_count)) return nullptr;
  const Market& market = MarketOf(symbol);
  ASSIGN_OR_RETURN(GeneratedSeries series, GenerateBars(symbol, *market.calendar, last_year, options_.seed));
  if (series.bars.size() == 0) return nullptr;
  listing->about = market.listing;
  listing->about.symbol = symbol;
  listing->about.note = kMadeUp;
  listing->about.generated = true;
  listing->bars = std::move(series.bars);
  listing->actions = std::move(series.actions);
  listing->SetHours(market);
  const std::lock_guard lock(mutex_);
  if (generated_.size() >= kMaxGenerated) generated_.erase(generated_.begin());
  generated_[symbol] = {last_year, listing};
  return listing;
}

bool YahooReplay::Takes(const net::ServerRequest& request, std::string* symbol) const {
  const auto& path = request.segments;
  if (path.size() == 4 && path[1] == "finance" &&
      ((path[0] == "v8" && path[2] == "chart") || (path[0] == "v7" && path[2] == "download"))) {
    *symbol = path[3];
    return true;
  }
  return request.path == "/" || request.path == "/v1/test/getcrumb";
}

ReplayAnswer YahooReplay::TooMany() const {
  ReplayAnswer answer;
  answer.status = 429;
  answer.content_type = "text/html";
  answer.body = "Edge: Too Many Requests";
  return answer;
}

ReplayAnswer YahooReplay::Answer(const net::ServerRequest& request) {
  ReplayAnswer answer;
  const bool has_cookie = request.headers.Find("Cookie").value_or("").find(kCookie) != std::string::npos;
  if (request.path == "/") {  // what fc.yahoo.com does
    answer.status = 404;
    answer.content_type = "text/html";
    answer.headers.Add("Set-Cookie", std::string(kCookie) + "; Path=/; HttpOnly");
    return answer;
  }
  if (request.path == "/v1/test/getcrumb") {
    answer.status = has_cookie ? 200 : 401;
    answer.content_type = "text/plain;charset=utf-8";
    if (has_cookie) answer.body = kCrumb;
    return answer;
  }
  if (options_.require_crumb && !(has_cookie && source::Find(request.query, "crumb") == kCrumb)) {
    answer.status = 401;
    answer.body =
        R"({"finance":{"result":null,"error":{"code":"Unauthorized","description":"Invalid Crumb"}}})";
    return answer;
  }
  return Chart(request.segments[3], request, request.segments[0] == "v7");
}

ReplayAnswer YahooReplay::Chart(const std::string& symbol, const net::ServerRequest& request, bool csv) {
  ReplayAnswer answer;
  const auto fail = [&](int status, std::string_view code, const std::string& description) {
    answer.status = status;
    answer.content_type = csv ? "text/plain;charset=utf-8" : "application/json;charset=utf-8";
    answer.body =
        csv ? fmt::format("{} {}: {}", status, code, description) : WriteChartError(code, description);
    return answer;
  };
  const auto period2 = FindInteger(request.query, "period2");
  const auto period1 = FindInteger(request.query, "period1");
  const bool bulk_market = !IsLondon(symbol);
  const Market& market = bulk_market ? *new_york_ : *london_;
  const int64_t end_of_days = UnixSeconds(market.calendar->last() + std::chrono::days(1));
  const int64_t from = std::clamp<int64_t>(period1.value_or(0), 0, end_of_days);
  const int64_t to = std::clamp<int64_t>(period2.value_or(end_of_days), 0, end_of_days);
  answer.date = market.ClockAt(to);
  if (from > to) {
    return fail(
        400, "Bad Request",
        fmt::format("Invalid input - start date cannot be after end date. startDate = {}, endDate = {}", from,
                    to));
  }
  const auto no_data = [&] {
    return fail(400, "Bad Request",
                fmt::format("Data doesn't exist for startDate = {}, endDate = {}", from, to));
  };

  if (!csv && source::Find(request.query, "interval") == "1m") {
    const Market& own = MarketOf(symbol);
    const bool any = options_.generate_any || IsNumbered(symbol, options_.generate_count);
    ReplayAnswer minutes = minutes_.Chart(symbol, from, to, own.listing, *own.calendar, any);
    minutes.date = answer.date;
    return minutes;
  }
  const auto recorded = recorded_.find(symbol);
  if (recorded != recorded_.end() && !csv) {
    // As it is, or not at all.
    ParseContext context;
    context.symbol = symbol;
    context.raw_key = symbol;
    thread_local Series series;
    series.Clear();
    const Status read = yahoo::ReadChart(recorded->second, context, &series);
    const bool inside = read.ok() && std::any_of(series.days.begin(), series.days.end(), [&](int32_t day) {
                          const int64_t open = market.HoursOf(day).open;
                          return open >= from && open < to;
                        });
    if (!inside) return no_data();
    answer.body = recorded->second;
    return answer;
  }

  const auto last_day = std::chrono::year_month_day(Date(std::chrono::days(to / 86400)));
  const int last_year =
      std::min(static_cast<int>(last_day.year()),
               static_cast<int>(std::chrono::year_month_day(market.calendar->last()).year()));
  const auto found = Find(symbol, std::max(last_year, kFirstGeneratedYear));
  if (!found.ok()) return fail(500, "internal-error", Describe(found.status()));
  if (*found == nullptr) return fail(404, "Not Found", "No data found, symbol may be delisted");
  const Listing& listing = **found;
  const size_t first = listing.FirstFrom(from), last = listing.FirstFrom(to);
  if (last == 0 || (csv && first == last)) return no_data();
  if (csv) {
    answer.content_type = "text/csv;charset=utf-8";
    answer.body = WriteDownload(listing.about, listing.bars, first, last);
  } else {
    answer.body = WriteChart(listing.about, listing.bars, listing.hours, listing.actions, first, last);
  }
  return answer;
}

Result<std::vector<std::string>> YahooReplay::Symbols() {
  RETURN_IF_ERROR(LoadBulk());
  std::vector<std::string> symbols;
  for (const auto& [symbol, body] : recorded_) symbols.push_back(symbol);
  const std::lock_guard lock(mutex_);
  for (const auto& [symbol, bars] : bulk_) symbols.push_back(symbol);
  std::sort(symbols.begin(), symbols.end());
  return symbols;
}

}  // namespace penstock::source
