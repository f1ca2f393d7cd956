// The companies that the stand-in for FMP knows, and what it says of each: names of
// data/us-stocks/symbols.csv, the rest made up.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "calendar/exchange_calendar.h"
#include "source/replay/generated_prices.h"
#include "source/symbols.h"

namespace penstock::source {

// The sessions of an exchange, numbered from the first of kFirstGeneratedYear.
class SessionNumbers {
 public:
  explicit SessionNumbers(const calendar::ExchangeCalendar& calendar);
  int64_t size() const { return static_cast<int64_t>(days_.size()); }
  Date day(int64_t session) const { return days_[static_cast<size_t>(session)]; }
  // Of the first session on or after `day`; size() where there is none.
  int64_t FirstFrom(Date day) const;

 private:
  std::vector<Date> days_;
  int32_t first_ = 0;
  std::vector<int32_t> by_day_;  // from first_ on
};

struct Company {
  SymbolEntry listing;  // symbols in FMP's spelling
};

struct UsMarketOptions {
  std::string data_dir = "data";  // DIR/us-stocks/symbols.csv, where it is there
  bool generate_any = false;
  int64_t generate_count = 0;  // GEN00001 …
  uint64_t seed = 0;
  // So many of so many symbols of the file are unknown: {34, 1536}. {0, 1}: none.
  int64_t dead = 0, dead_among = 1;
  Date today = MakeDate(2025, 12, 31);  // of what names no day: quotes, profiles
};

// Immutable, thread-safe.
class UsMarket {
 public:
  // Configuration: the symbol file.
  static Result<std::unique_ptr<UsMarket>> Open(UsMarketOptions options);

  // Nothing: unknown. `symbol` in FMP's spelling.
  std::optional<Company> Find(const std::string& symbol) const;
  // In the order of the symbols, without dead ones.
  const std::vector<Company>& companies() const { return companies_; }
  PriceModel ModelOf(const std::string& symbol) const { return PriceModel(symbol, options_.seed); }
  // Sessions of the company in [from, to], by number; first > last: none.
  struct Range {
    int64_t first = 0, last = -1;
  };
  Range SessionsOf(const Company& company, Date from, Date to) const;
  const SessionNumbers& sessions() const { return sessions_; }
  const calendar::ExchangeCalendar& calendar() const { return calendar_; }
  Date today() const { return options_.today; }
  // An hour after the close of the newest session up to `day`: the provider's clock.
  TimePoint ClockAt(Date day) const;

 private:
  UsMarket(UsMarketOptions options, const calendar::ExchangeCalendar& calendar)
      : options_(std::move(options)), calendar_(calendar), sessions_(calendar) {}

  const UsMarketOptions options_;
  const calendar::ExchangeCalendar& calendar_;
  const SessionNumbers sessions_;
  std::vector<Company> companies_;
  std::unordered_map<std::string, size_t> by_symbol_;  // in companies_; dead ones are size_t(-1)
};

}  // namespace penstock::source
