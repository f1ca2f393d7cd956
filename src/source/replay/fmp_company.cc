#include "source/replay/fmp_company.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::source {
namespace {

struct Branch {
  std::string_view sector, industry;
};
constexpr Branch kBranches[] = {{"Technology", "Software - Infrastructure"},
                                {"Healthcare", "Biotechnology"},
                                {"Financial Services", "Banks - Regional"},
                                {"Industrials", "Aerospace & Defense"},
                                {"Consumer Cyclical", "Specialty Retail"},
                                {"Energy", "Oil & Gas Midstream"},
                                {"Utilities", "Regulated Electric"},
                                {"Real Estate", "REIT - Retail"},
                                {"Basic Materials", "Chemicals - Specialty"},
                                {"Communication Services", "Internet Content & Information"},
                                {"Consumer Defensive", "Packaged Foods"}};

std::string Decimal(int64_t value, int digits) {
  int64_t unit = 1;
  for (int i = 0; i < digits; ++i) unit *= 10;
  return fmt::format("{}{}.{:0{}}", value < 0 ? "-" : "", std::abs(value) / unit, std::abs(value) % unit,
                     digits);
}

}  // namespace

std::string JsonText(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= ' ') out += c;
  }
  return out + "\"";
}

CompanyFields FieldsOf(std::string_view endpoint, const UsMarket& market, const Company& company) {
  const SymbolEntry& listing = company.listing;
  const PriceModel model = market.ModelOf(listing.symbol);
  const auto days = market.SessionsOf(company, Date(), market.today());
  const int64_t newest = std::max<int64_t>(0, days.last);
  const GeneratedBar bar = model.At(newest, newest);
  uint64_t word = model.key() ^ 0xc0;
  const auto below = [&](uint64_t bound) { return static_cast<int64_t>((word = MixWord(word)) % bound); };
  const Branch& branch = kBranches[below(std::size(kBranches))];
  const int64_t shares = 1'000'000 * (2 + below(3'000));
  const int64_t cap = shares * bar.close / 100;
  const int64_t earnings = below(5) == 0 ? -(cap / (20 + below(50))) : cap / (8 + below(60));
  const int64_t eps = earnings * 100 / shares;  // hundredths
  const int64_t equity = cap / (1 + below(12)), revenue = std::abs(earnings) * (4 + below(20));
  const int64_t debt = below(250), beta = 20 + below(200), yield = below(3) == 0 ? 0 : below(600);
  const std::string symbol = JsonText(listing.symbol), name = JsonText(listing.name),
                    price = Decimal(bar.close, 2);
  CompanyFields f = {{"symbol", symbol}};
  if (endpoint == "profile") {
    f.insert(f.end(), {{"price", price},
                       {"marketCap", listing.etf ? "null" : std::to_string(cap)},
                       {"beta", Decimal(beta, 2)},
                       {"volume", std::to_string(bar.volume)},
                       {"averageVolume", std::to_string(bar.volume)},
                       {"companyName", name},
                       {"currency", "\"USD\""},
                       {"exchange", JsonText(listing.exchange)},
                       {"industry", JsonText(branch.industry)},
                       {"sector", JsonText(branch.sector)},
                       {"country", "\"US\""},
                       {"ipoDate", listing.listed ? JsonText(FormatDate(*listing.listed)) : "null"},
                       {"isEtf", listing.etf ? "true" : "false"},
                       {"isActivelyTrading", listing.delisted ? "false" : "true"}});
  } else if (endpoint == "quote") {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(market.ClockAt(market.today()));
    f.insert(f.end(), {{"name", name},
                       {"price", price},
                       {"change", Decimal(bar.close - bar.open, 2)},
                       {"volume", std::to_string(bar.volume)},
                       {"dayLow", Decimal(bar.low, 2)},
                       {"dayHigh", Decimal(bar.high, 2)},
                       {"marketCap", std::to_string(cap)},
                       {"exchange", JsonText(listing.exchange)},
                       {"open", Decimal(bar.open, 2)},
                       {"timestamp", std::to_string(seconds.time_since_epoch().count())}});
  } else if (endpoint == "key-metrics-ttm") {
    f.insert(f.end(), {{"marketCap", std::to_string(cap)},
                       {"returnOnEquityTTM", Decimal(earnings * 10'000 / equity, 4)}});
  } else if (endpoint == "ratios-ttm") {
    f.insert(f.end(), {{"priceToEarningsRatioTTM", eps == 0 ? "null" : Decimal(bar.close * 100 / eps, 2)},
                       {"priceToBookRatioTTM", Decimal(cap * 100 / equity, 2)},
                       {"debtToEquityRatioTTM", Decimal(debt, 2)},
                       {"dividendYieldTTM", Decimal(yield, 4)},
                       {"netIncomePerShareTTM", Decimal(eps, 2)}});
  } else if (endpoint == "income-statement") {
    const auto year = static_cast<int>(std::chrono::year_month_day(market.today()).year()) - 1;
    f.insert(f.begin(), {"date", fmt::format("\"{}-12-31\"", year)});
    f.insert(f.end(), {{"reportedCurrency", "\"USD\""},
                       {"fiscalYear", fmt::format("\"{}\"", year)},
                       {"period", "\"FY\""},
                       {"revenue", std::to_string(revenue)},
                       {"netIncome", std::to_string(earnings)},
                       {"eps", Decimal(eps, 2)}});
  } else {
    return {};
  }
  f.emplace_back("generated", "true");
  return f;
}

void AppendObject(const CompanyFields& fields, std::string* out) {
  *out += '{';
  for (const auto& [name, value] : fields) {
    if (out->back() != '{') *out += ',';
    *out += fmt::format("\"{}\":{}", name, value);
  }
  *out += '}';
}

void AppendCsv(const CompanyFields& fields, std::string* out) {
  if (out->empty()) {
    for (const auto& field : fields) *out += (out->empty() ? "" : ",") + std::string(field.first);
    *out += '\n';
  }
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) *out += ',';
    if (fields[i].second != "null") *out += fields[i].second;  // text stands quoted already
  }
  *out += '\n';
}

}  // namespace penstock::source
