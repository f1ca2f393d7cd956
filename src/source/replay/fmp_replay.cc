#include "source/replay/fmp_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "source/fmp/spelling.h"
#include "source/replay/fmp_company.h"

namespace penstock::source {
namespace {

constexpr size_t kBulkPart = 5'000;  // companies in one part of a bulk file

std::string Find(const net::QueryParams& query, std::string_view name) {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return "";
}

int64_t Number(const net::QueryParams& query, std::string_view name, int64_t otherwise) {
  const std::string text = Find(query, name);
  int64_t value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::max<int64_t>(0, value);
}

std::vector<std::string> Split(std::string_view list) {
  std::vector<std::string> symbols;
  while (!list.empty()) {
    const std::string_view one = list.substr(0, list.find(','));
    list.remove_prefix(std::min(one.size() + 1, list.size()));
    if (!one.empty()) symbols.emplace_back(one);
  }
  return symbols;
}

// The endpoint of a path, "" where it is none of FMP's; `symbols` of a legacy path.
std::string EndpointOf(const std::vector<std::string>& path, std::string* symbols) {
  if (path.size() >= 2 && path[0] == "stable") return path.size() == 2 ? path[1] : path[1] + "/" + path[2];
  if (path.size() < 3 || path[0] != "api" || (path[1] != "v3" && path[1] != "v4")) return "";
  if (path[2] == "stock") return "stock-list";
  if (path[2] == "symbol_change") return "symbol-change";
  if (path.size() > 3) *symbols = path[3];
  return path[2];
}

void AppendPrice(int64_t hundredths, std::string* out) {
  fmt::format_to(std::back_inserter(*out), "{}.{:02}", hundredths / 100, hundredths % 100);
}

void AppendMember(std::string_view name, int64_t hundredths, std::string* out) {
  *out += name;
  AppendPrice(hundredths, out);
}

std::string KeyOf(std::string_view endpoint, net::QueryParams query) {
  std::erase_if(query, [](const auto& pair) { return pair.first == "apikey"; });
  std::sort(query.begin(), query.end());
  std::string key(endpoint);
  for (const auto& [name, value] : query) key += "|" + name + "=" + value;
  return key;
}

}  // namespace

Result<std::unique_ptr<FmpReplay>> FmpReplay::Open(FmpReplayOptions options) {
  namespace fs = std::filesystem;
  std::unique_ptr<FmpReplay> replay(new FmpReplay(std::move(options)));
  ASSIGN_OR_RETURN(replay->market_, UsMarket::Open(replay->options_.market));
  std::error_code error;
  const fs::path bodies = fs::path(replay->options_.market.data_dir) / "us-stocks/fmp";
  for (fs::directory_iterator at(bodies, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() != ".json") continue;
    // "historical-price-eod_full__symbol=AAPL_from=2024-02-22_to=2024-02-28.json"
    const std::string name = at->path().stem().string();
    const size_t gap = std::min(name.find("__"), name.size());
    std::string endpoint = name.substr(0, gap);
    std::replace(endpoint.begin(), endpoint.end(), '_', '/');
    std::string rest = gap + 2 <= name.size() ? name.substr(gap + 2) : "";
    std::replace(rest.begin(), rest.end(), '_', '&');
    ASSIGN_OR_RETURN(const net::QueryParams query, net::ParseQuery(rest));
    std::ifstream in(at->path(), std::ios::binary);
    replay->recorded_[KeyOf(endpoint, query)] = std::string{std::istreambuf_iterator<char>(in), {}};
  }
  return replay;
}

bool FmpReplay::Takes(const net::ServerRequest& request, std::string* symbol) const {
  std::string symbols;
  if (EndpointOf(request.segments, &symbols).empty()) return false;
  *symbol = symbols.empty() ? Find(request.query, "symbol") : symbols;
  return true;
}

ReplayAnswer FmpReplay::TooMany() const {
  ReplayAnswer answer;
  answer.status = 429;
  answer.body = R"({"Error Message": "Limit Reach . Please upgrade your plan"})";
  return answer;
}

ReplayAnswer FmpReplay::Answer(const net::ServerRequest& request) {
  ReplayAnswer answer;
  if (!options_.key.empty() && Find(request.query, "apikey") != options_.key &&
      request.headers.Find("apikey").value_or("") != options_.key) {
    answer.status = 401;
    answer.body = R"({"Error Message": "Invalid API KEY. Please retry"})";
    return answer;
  }
  std::string symbols;
  const std::string endpoint = EndpointOf(request.segments, &symbols);
  if (endpoint == "historical-price-full") return Prices(symbols, request.query, "legacy");
  if (symbols.empty()) symbols = Find(request.query, "symbol");
  answer.date = market_->ClockAt(market_->today());
  const auto recorded = recorded_.empty() ? recorded_.end() : recorded_.find(KeyOf(endpoint, request.query));
  if (recorded != recorded_.end()) {
    answer.body = recorded->second;
    return answer;
  }
  if (endpoint == "historical-price-eod/full") return Prices(symbols, request.query, "full");
  if (endpoint == "historical-price-eod/light") return Prices(symbols, request.query, "light");

  std::string& body = answer.body;
  body = "[";
  const auto add = [&](const CompanyFields& fields) {
    if (body.size() > 1) body += ',';
    AppendObject(fields, &body);
  };
  const auto& companies = market_->companies();
  if (endpoint == "stock-list") {
    for (const Company& company : companies) {
      if (company.listing.delisted) continue;
      add({{"symbol", JsonText(company.listing.symbol)}, {"companyName", JsonText(company.listing.name)}});
    }
  } else if (endpoint == "delisted-companies" || endpoint == "symbol-change") {
    const bool changes = endpoint == "symbol-change";
    const int64_t limit = Number(request.query, "limit", 100), page = Number(request.query, "page", 0);
    int64_t number = 0;
    for (const Company& company : companies) {
      const SymbolEntry& one = company.listing;
      if (!one.delisted || one.renamed_to.empty() == changes) continue;
      if (number++ / std::max<int64_t>(1, limit) != page) continue;
      if (changes) {
        add({{"date", JsonText(FormatDate(*one.delisted))},
             {"companyName", JsonText(one.name)},
             {"oldSymbol", JsonText(one.symbol)},
             {"newSymbol", JsonText(one.renamed_to)}});
      } else {
        add({{"symbol", JsonText(one.symbol)},
             {"companyName", JsonText(one.name)},
             {"exchange", JsonText(one.exchange)},
             {"ipoDate", one.listed ? JsonText(FormatDate(*one.listed)) : "null"},
             {"delistedDate", JsonText(FormatDate(*one.delisted))}});
      }
    }
  } else if (endpoint.ends_with("-bulk")) {
    const std::string of = endpoint.substr(0, endpoint.size() - 5);
    answer.content_type = "text/csv";
    body.clear();
    const bool parts = of == "profile";
    const size_t first = parts ? static_cast<size_t>(Number(request.query, "part", 0)) * kBulkPart : 0;
    const size_t last = parts ? std::min(first + kBulkPart, companies.size()) : companies.size();
    for (size_t i = first; i < last; ++i) AppendCsv(FieldsOf(of, *market_, companies[i]), &body);
    if (body.empty()) body = "[]";
    return answer;
  } else {
    const std::string of = endpoint == "batch-quote" ? "quote" : endpoint;
    if (endpoint == "batch-quote") symbols = Find(request.query, "symbols");
    for (const std::string& symbol : Split(symbols)) {
      const auto company = market_->Find(symbol);
      if (!company) continue;
      const CompanyFields fields = FieldsOf(of, *market_, *company);
      if (!fields.empty()) add(fields);
    }
  }
  body += ']';
  return answer;
}

ReplayAnswer FmpReplay::Prices(const std::string& symbols, const net::QueryParams& query,
                               std::string_view shape) const {
  ReplayAnswer answer;
  const Date to = ParseDate(Find(query, "to")).ValueOr(market_->today());
  const Date from = ParseDate(Find(query, "from")).ValueOr(to - std::chrono::days(5 * 365));
  answer.date = market_->ClockAt(to);
  const bool legacy = shape == "legacy", light = shape == "light";
  const int64_t as_of = market_->sessions().FirstFrom(to + std::chrono::days(1)) - 1;
  std::vector<std::string> lists;
  for (const std::string& symbol : Split(symbols)) {
    const auto company = market_->Find(symbol);
    if (!company) continue;
    const auto range = market_->SessionsOf(*company, from, to);
    if (range.first > range.last) continue;
    const PriceModel model = market_->ModelOf(symbol);
    const std::string owner = JsonText(symbol);
    std::string rows = "[";
    rows.reserve(static_cast<size_t>(range.last - range.first + 1) * 260 + 64);
    for (int64_t at = range.last; at >= range.first; --at) {  // newest first
      const GeneratedBar bar = model.At(at, as_of);
      rows += rows.size() > 1 ? ",{" : "{";
      if (!legacy) rows += "\"symbol\":" + owner + ",";
      rows += "\"date\":\"" + FormatDate(market_->sessions().day(at)) + "\"";
      if (light) {
        AppendMember(",\"price\":", bar.close, &rows);
      } else {
        AppendMember(",\"open\":", bar.open, &rows);
        AppendMember(",\"high\":", bar.high, &rows);
        AppendMember(",\"low\":", bar.low, &rows);
        AppendMember(",\"close\":", bar.close, &rows);
      }
      if (legacy) AppendMember(",\"adjClose\":", model.WithoutDividends(bar.close, at, as_of), &rows);
      fmt::format_to(std::back_inserter(rows), ",\"volume\":{}", bar.volume);
      if (!light) {
        const int64_t change = bar.close - bar.open, sum = bar.open + bar.high + bar.low + bar.close;
        fmt::format_to(std::back_inserter(rows), ",\"change\":{}{}.{:02},\"vwap\":{}.{:04}",
                       change < 0 ? "-" : "", std::abs(change) / 100, std::abs(change) % 100,
                       sum * 25 / 10'000, sum * 25 % 10'000);
      }
      rows += legacy ? "}" : ",\"generated\":true}";
    }
    rows += ']';
    if (!legacy) {
      answer.body = std::move(rows);
      return answer;
    }
    lists.push_back("{\"symbol\":" + owner + ",\"generated\":true,\"historical\":" + rows + "}");
  }
  if (lists.empty()) {
    answer.body = legacy ? "{}" : "[]";
  } else if (lists.size() == 1) {
    answer.body = std::move(lists[0]);
  } else {
    answer.body = "{\"historicalStockList\":[" + fmt::format("{}", fmt::join(lists, ",")) + "]}";
  }
  return answer;
}

}  // namespace penstock::source
