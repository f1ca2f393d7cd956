#include "source/replay/iex_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "source/fmp/spelling.h"
#include "source/replay/generated_bars.h"
#include "source/replay/iex_records.h"

namespace penstock::source {
namespace {

constexpr std::string_view kVersions[] = {"stable", "v1", "beta", "latest"};
// Source: IEX Cloud API reference, "Historical Prices" and "Batch Requests" (2019).
const std::set<std::string, std::less<>> kParameters = {
    "token",         "format",       "filter",          "range",          "symbols",   "types",
    "sort",          "chartByDay",   "chartCloseOnly",  "chartInterval",  "chartLast", "chartIEXOnly",
    "chartSimplify", "includeToday", "changeFromClose", "displayPercent", "exactDate"};

std::string Find(const net::QueryParams& query, std::string_view name) {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return "";
}

// Segments from "stock" on; empty: none of IEX's.
std::vector<std::string> PathOf(const std::vector<std::string>& segments) {
  size_t at = 0;
  if (!segments.empty() &&
      std::find(std::begin(kVersions), std::end(kVersions), segments[0]) != std::end(kVersions))
    at = 1;
  if (segments.size() < at + 3 || segments[at] != "stock") return {};
  std::vector<std::string> path(segments.begin() + static_cast<ptrdiff_t>(at), segments.end());
  const bool batch = path.size() == 3 && path[1] == "market" && path[2] == "batch";
  return batch || path[2] == "chart" ? path : std::vector<std::string>();
}

std::string Upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

std::vector<std::string> Split(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const std::string_view one = list.substr(0, list.find(','));
    list.remove_prefix(std::min(one.size() + 1, list.size()));
    if (!one.empty()) parts.emplace_back(one);
  }
  return parts;
}

// Errors of IEX come as plain text of this type.
ReplayAnswer Text(int status, std::string body) {
  ReplayAnswer answer;
  answer.status = status;
  answer.content_type = "text/html; charset=utf-8";
  answer.body = std::move(body);
  return answer;
}

ReplayAnswer UnknownSymbol() { return Text(404, "Unknown symbol"); }

ReplayAnswer BadRequest(const std::string& error) {
  ReplayAnswer answer;
  answer.status = 400;
  answer.body = ToJson(json::object{{"error", error}});
  return answer;
}

ReplayAnswer Failed(const Status& status) { return Text(500, Describe(status)); }

ReplayAnswer Good(std::string body, bool csv) {
  ReplayAnswer answer;
  answer.content_type = csv ? "text/csv; charset=utf-8" : "application/json; charset=utf-8";
  answer.body = std::move(body);
  return answer;
}

void KeepLast(const net::QueryParams& query, json::array* records) {
  const std::string text = Find(query, "chartLast");
  size_t last = 0;
  std::from_chars(text.data(), text.data() + text.size(), last);
  if (last > 0 && last < records->size())
    records->erase(records->begin(), records->end() - static_cast<ptrdiff_t>(last));
}

void KeepFields(const net::QueryParams& query, json::array* records) {
  const auto fields = Split(Find(query, "filter"));
  if (fields.empty()) return;
  for (json::value& record : *records) {
    json::object kept;
    for (const auto& member : record.get_object()) {
      if (std::find(fields.begin(), fields.end(), std::string_view(member.key())) != fields.end())
        kept[member.key()] = member.value();
    }
    record = std::move(kept);
  }
}

}  // namespace

Result<std::unique_ptr<IexReplay>> IexReplay::Open(IexReplayOptions options) {
  namespace fs = std::filesystem;
  std::unique_ptr<IexReplay> replay(new IexReplay(std::move(options)));
  std::error_code error;
  for (fs::directory_iterator at(fs::path(replay->options_.market.data_dir) / "iex", error), end;
       !error && at != end; at.increment(error)) {
    constexpr std::string_view kHead = "stock_";
    const std::string name = at->path().stem().string();
    if (at->path().extension() != ".json" || !name.starts_with(kHead)) continue;
    std::ifstream in(at->path(), std::ios::binary);
    replay->recorded_[name.substr(kHead.size())] = std::string{std::istreambuf_iterator<char>(in), {}};
  }
  return replay;
}

Result<const UsMarket*> IexReplay::Market() {
  const std::lock_guard lock(mutex_);
  if (market_ == nullptr) {
    ASSIGN_OR_RETURN(market_, UsMarket::Open(options_.market));
  }
  return market_.get();
}

bool IexReplay::Takes(const net::ServerRequest& request, std::string* symbol) const {
  const auto path = PathOf(request.segments);
  if (path.empty()) return false;
  *symbol = path[1] == "market" ? Find(request.query, "symbols") : Upper(path[1]);
  return true;
}

ReplayAnswer IexReplay::TooMany() const { return Text(429, "Too many requests"); }

int64_t IexReplay::Count(const std::string& symbol) {
  const std::lock_guard lock(mutex_);
  return ++asked_[symbol];
}

ReplayAnswer IexReplay::Answer(const net::ServerRequest& request) {
  if (!options_.token.empty() && Find(request.query, "token") != options_.token) {
    return Text(403, "The API key provided is not valid.");
  }
  for (const auto& [name, value] : request.query) {
    if (!kParameters.contains(name)) return BadRequest(fmt::format("\"{}\" is not allowed", name));
  }
  const auto path = PathOf(request.segments);
  if (path[1] == "market") return Batch(request.query);
  std::string range;
  for (size_t i = 3; i < path.size(); ++i) range += (range.empty() ? "" : "/") + path[i];
  return Chart(Upper(path[1]), range.empty() ? "1m" : range, request.query);
}

Result<std::optional<json::array>> IexReplay::Records(const std::string& symbol, const std::string& range) {
  std::string name = symbol + "_chart_" + range;
  std::replace(name.begin(), name.end(), '/', '_');
  if (const auto recorded = recorded_.find(name); recorded != recorded_.end()) {
    ASSIGN_OR_RETURN(json::value body, ParseJson(recorded->second));
    return std::move(body.get_array());
  }
  ASSIGN_OR_RETURN(const UsMarket* market, Market());
  const auto company = market->Find(fmp::FmpSpelling(symbol));
  if (!company || symbol == "INVALID") return std::nullopt;
  const Date today = market->today();
  const std::chrono::year_month_day date(today);
  const auto back = [&](int months) {
    const auto month = date.year() / date.month() - std::chrono::months(months);
    const auto last = std::chrono::year_month_day_last(month.year(), month.month() / std::chrono::last);
    const Date day = month / std::min(date.day(), last.day());
    return DailyRecords(*market, *company, day, today);
  };
  if (range == "1d") return MinuteRecords(*market, *company, today, 1, 1);
  if (range == "5dm") return MinuteRecords(*market, *company, today, 5, 10);
  if (range == "5d") {
    json::array week = back(1);
    if (week.size() > 5) week.erase(week.begin(), week.end() - 5);
    return week;
  }
  if (range == "1m") return back(1);
  if (range == "3m") return back(3);
  if (range == "6m") return back(6);
  if (range == "1y") return back(12);
  if (range == "2y") return back(24);
  if (range == "5y") return back(60);
  if (range == "max") return DailyRecords(*market, *company, MakeDate(kFirstGeneratedYear, 1, 1), today);
  if (range == "ytd") return DailyRecords(*market, *company, date.year() / 1 / 1, today);
  const bool compact = range.size() == 13 && range.starts_with("date/");
  const auto day =
      compact ? ParseDate(fmt::format("{}-{}-{}", range.substr(5, 4), range.substr(9, 2), range.substr(11)))
              : MakeError(ErrorCode::kUsage, range);
  if (!day.ok()) return MakeError(ErrorCode::kUsage, fmt::format("\"{}\" is not a range", range));
  return MinuteRecords(*market, *company, *day, 1, 1);
}

ReplayAnswer IexReplay::Chart(const std::string& symbol, const std::string& range,
                              const net::QueryParams& query) {
  auto records = Records(symbol, range);
  if (CodeOf(records.status()) == ErrorCode::kUsage) return BadRequest(records.status().message());
  if (!records.ok()) return Failed(records.status());
  if (!*records) return UnknownSymbol();
  const bool csv = Find(query, "format") == "csv";
  const bool as_it_is =
      !csv && !options_.changing && Find(query, "chartLast").empty() && Find(query, "filter").empty();
  if (as_it_is) {
    std::string name = symbol + "_chart_" + range;
    std::replace(name.begin(), name.end(), '/', '_');
    const auto recorded = recorded_.find(name);
    if (recorded != recorded_.end()) return Good(recorded->second, false);
  }
  if (options_.changing) ChangeRecords(Count(symbol), &**records);
  KeepLast(query, &**records);
  KeepFields(query, &**records);
  return Good(csv ? ToCsv(**records) : ToJson(**records), csv);
}

Result<std::optional<json::value>> IexReplay::OfType(const std::string& symbol, const std::string& type,
                                                     const std::string& range) {
  if (type == "chart") {
    ASSIGN_OR_RETURN(auto records, Records(symbol, range.empty() ? "1m" : range));
    if (!records) return std::nullopt;
    return json::value(std::move(*records));
  }
  if (const auto recorded = recorded_.find(symbol + "_" + type); recorded != recorded_.end()) {
    ASSIGN_OR_RETURN(json::value body, ParseJson(recorded->second));
    return body;
  }
  ASSIGN_OR_RETURN(const UsMarket* market, Market());
  const auto company = market->Find(fmp::FmpSpelling(symbol));
  if (!company || symbol == "INVALID" || (type != "quote" && type != "price")) return std::nullopt;
  const json::object quote = QuoteRecord(*market, *company);
  if (type == "quote") return json::value(quote);
  const json::value* price = quote.if_contains("latestPrice");
  return price == nullptr ? std::nullopt : std::optional<json::value>(*price);
}

ReplayAnswer IexReplay::Batch(const net::QueryParams& query) {
  const auto symbols = Split(Find(query, "symbols")), types = Split(Find(query, "types"));
  const std::string range = Find(query, "range");
  const bool csv = Find(query, "format") == "csv";
  if (symbols.empty() || types.empty()) return BadRequest("\"symbols\" and \"types\" are required");
  if (symbols.size() > 100 || types.size() > 10) return BadRequest("more than 100 symbols or 10 types");
  if (csv && types.size() != 1) return BadRequest("format=csv of a batch needs one type");
  json::object body;
  json::array rows;  // of csv
  for (const std::string& spelled : symbols) {
    const std::string symbol = Upper(spelled);
    json::object of_symbol;
    for (const std::string& type : types) {
      auto value = OfType(symbol, type, range);
      if (CodeOf(value.status()) == ErrorCode::kUsage) return BadRequest(value.status().message());
      if (!value.ok()) return Failed(value.status());
      if (!*value) continue;
      json::array* records = (*value)->if_array();
      if (records != nullptr && options_.changing) ChangeRecords(Count(symbol), records);
      if (records != nullptr) KeepLast(query, records);
      if (csv) {
        const json::array all = records != nullptr ? *records : json::array{**value};
        for (const json::value& record : all) {
          json::object row{{"symbol", symbol}};
          if (const auto* object = record.if_object()) {
            for (const auto& member : *object) row[member.key()] = member.value();
          } else {
            row[type] = record;
          }
          rows.push_back(std::move(row));
        }
      } else {
        of_symbol[type] = std::move(**value);
      }
    }
    if (!of_symbol.empty()) body[symbol] = std::move(of_symbol);
  }
  if (csv) KeepFields(query, &rows);
  return Good(csv ? ToCsv(rows) : ToJson(body), csv);
}

}  // namespace penstock::source
