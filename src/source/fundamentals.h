// The seam to what is known of companies beside their prices (US-4). As with Source, fetching and reading are
// apart.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "source/registry.h"
#include "source/source.h"

namespace penstock::source {

enum class FundamentalKind { kProfile, kQuote, kKeyMetrics, kRatios, kIncome, kSymbols, kDelisted, kRenamed };

// One request.
struct FundamentalRequest {
  FundamentalKind kind = FundamentalKind::kProfile;
  std::vector<std::string> symbols;  // as the symbol file spells them; empty: the whole market
  int64_t page = 0;
};

struct FundamentalContext {
  std::string raw_key;  // for messages
  TimePoint fetched_at;
  // Of the symbol file: rows come out in its spelling, rows of other symbols are left out. Empty: as the
  // provider spells them, all.
  std::span<const std::string> symbols;
};

// symbol, name, exchange, sector, industry, country, currency, market_cap, beta, price, volume_avg, pe, pb,
// dividend_yield and roe (0.01 is one percent), eps, revenue, net_income, debt_to_equity, is_etf,
// is_actively_trading, ipo_date, delisted (first day without trading), renamed_to, as_of. What a kind does
// not tell is null.
std::shared_ptr<arrow::Schema> FundamentalsSchema();

// One row a symbol, ascending; a later batch's value stands over an earlier one's, a null over none.
Result<std::shared_ptr<arrow::RecordBatch>> MergeFundamentals(
    const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches);

// Thread-safe.
class FundamentalSource {
 public:
  virtual ~FundamentalSource() = default;
  // As few requests as the provider allows for `symbols`.
  virtual std::vector<FundamentalRequest> Plan(FundamentalKind kind,
                                               std::span<const std::string> symbols) const = 0;
  // What follows a request whose answer had `rows` rows; nothing: it was the last.
  virtual std::optional<FundamentalRequest> Next(const FundamentalRequest& request, int64_t rows) const = 0;
  // As Source::Fetch. RejectedByProvider: the plan does not hold it.
  virtual Result<RawAnswer> Fetch(const FundamentalRequest& request, std::stop_token stop = {}) = 0;
  // Columns of FundamentalsSchema(), one row a symbol (the newest of several). No bytes may harm it. As
  // Source::Parse.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> Parse(std::string_view bytes,
                                                            const FundamentalContext& context) const = 0;
};

// Configuration: no such kind of source, or one without fundamentals.
Result<std::unique_ptr<FundamentalSource>> MakeFundamentalSource(std::string_view kind,
                                                                 const SourceSettings& settings,
                                                                 const SourceParts& parts);

}  // namespace penstock::source
