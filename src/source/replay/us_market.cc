#include "source/replay/us_market.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "source/fmp/spelling.h"
#include "source/replay/generated_bars.h"

namespace penstock::source {
namespace {

constexpr size_t kDead = static_cast<size_t>(-1);

bool IsNumbered(std::string_view symbol, int64_t count) {
  int64_t number = 0;
  if (symbol.size() != 8 || symbol.substr(0, 3) != "GEN") return false;
  const auto [end, error] = std::from_chars(symbol.data() + 3, symbol.data() + 8, number);
  return error == std::errc() && end == symbol.data() + 8 && number >= 1 && number <= count;
}

Company MadeUp(const std::string& symbol) {
  Company company;
  company.listing.symbol = symbol;
  company.listing.name = "Made up: " + symbol;
  company.listing.exchange = "NYSE";
  return company;
}

}  // namespace

SessionNumbers::SessionNumbers(const calendar::ExchangeCalendar& calendar)
    : days_(calendar.Sessions(MakeDate(kFirstGeneratedYear, 1, 1), calendar.last())) {
  first_ = DaysSinceEpoch(days_.front());
  by_day_.resize(static_cast<size_t>(DaysSinceEpoch(days_.back()) - first_ + 1));
  size_t session = 0;
  for (size_t i = 0; i < by_day_.size(); ++i) {
    while (DaysSinceEpoch(days_[session]) < first_ + static_cast<int32_t>(i)) ++session;
    by_day_[i] = static_cast<int32_t>(session);
  }
}

int64_t SessionNumbers::FirstFrom(Date day) const {
  const int64_t at = int64_t{DaysSinceEpoch(day)} - first_;
  if (at < 0) return 0;
  if (at >= static_cast<int64_t>(by_day_.size())) return size();
  return by_day_[static_cast<size_t>(at)];
}

Result<std::unique_ptr<UsMarket>> UsMarket::Open(UsMarketOptions options) {
  ASSIGN_OR_RETURN(const auto* calendar, calendar::ExchangeCalendar::Find("XNYS"));
  std::unique_ptr<UsMarket> market(new UsMarket(std::move(options), *calendar));
  const UsMarketOptions& made = market->options_;
  const std::string file = made.data_dir + "/us-stocks/symbols.csv";
  std::error_code error;
  std::vector<SymbolEntry> entries;
  if (std::filesystem::exists(file, error)) {
    ASSIGN_OR_RETURN(entries, ReadSymbolEntries(file));
  }
  for (int64_t i = 0; i < made.generate_count; ++i) {
    entries.push_back(MadeUp(fmt::format("GEN{:05}", i + 1)).listing);
  }
  int64_t number = 0;
  for (SymbolEntry& entry : entries) {
    entry.symbol = fmp::FmpSpelling(entry.symbol);
    entry.renamed_to = fmp::FmpSpelling(entry.renamed_to);
    if (market->by_symbol_.contains(entry.symbol)) continue;
    // Evenly over the file, so that any stretch of it has its share.
    const bool dead = number++ * made.dead % made.dead_among < made.dead;
    market->by_symbol_[entry.symbol] = dead ? kDead : market->companies_.size();
    if (!dead) market->companies_.push_back({std::move(entry)});
  }
  return market;
}

std::optional<Company> UsMarket::Find(const std::string& symbol) const {
  const auto found = by_symbol_.find(symbol);
  if (found != by_symbol_.end()) {
    if (found->second == kDead) return std::nullopt;
    return companies_[found->second];
  }
  if (options_.generate_any || IsNumbered(symbol, options_.generate_count)) return MadeUp(symbol);
  return std::nullopt;
}

UsMarket::Range UsMarket::SessionsOf(const Company& company, Date from, Date to) const {
  if (company.listing.listed) from = std::max(from, *company.listing.listed);
  if (company.listing.delisted) to = std::min(to, *company.listing.delisted - std::chrono::days(1));
  Range range;
  range.first = sessions_.FirstFrom(from);
  range.last = sessions_.FirstFrom(to + std::chrono::days(1)) - 1;
  return range;
}

TimePoint UsMarket::ClockAt(Date day) const {
  const int64_t newest = std::max<int64_t>(0, sessions_.FirstFrom(day + std::chrono::days(1)) - 1);
  const auto session = calendar_.SessionOf(sessions_.day(newest));
  return (session ? session->close : TimePoint(sessions_.day(newest))) + std::chrono::hours(1);
}

}  // namespace penstock::source
