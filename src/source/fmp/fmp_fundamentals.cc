#include "source/fmp/fmp_fundamentals.h"

#include <fmt/format.h>

#include <algorithm>

#include "source/fmp/spelling.h"

namespace penstock::source::fmp {
namespace {

constexpr int64_t kPage = 100;  // companies on a page of delisted ones

class FmpFundamentals : public FundamentalSource {
 public:
  FmpFundamentals(FmpOptions options, std::string key, const SourceParts& parts)
      : api_(std::move(options), std::move(key), parts), parts_(parts) {}

  std::vector<FundamentalRequest> Plan(FundamentalKind kind,
                                       std::span<const std::string> symbols) const override {
    const size_t batch = BatchOf(kind);
    if (batch == 0) return {{kind, {}, 0}};
    std::vector<FundamentalRequest> requests;
    for (size_t i = 0; i < symbols.size(); i += batch) {
      const auto some = symbols.subspan(i, std::min(batch, symbols.size() - i));
      requests.push_back({kind, {some.begin(), some.end()}, 0});
    }
    return requests;
  }

  std::optional<FundamentalRequest> Next(const FundamentalRequest& request, int64_t rows) const override {
    const bool parts = request.kind == FundamentalKind::kProfile && request.symbols.empty();
    const bool pages = request.kind == FundamentalKind::kDelisted;
    if (!(parts && rows > 0) && !(pages && rows >= kPage)) return std::nullopt;
    return FundamentalRequest{request.kind, {}, request.page + 1};
  }

  Result<RawAnswer> Fetch(const FundamentalRequest& request, std::stop_token stop) override {
    std::string list;
    for (const std::string& symbol : request.symbols) list += (list.empty() ? "" : ",") + FmpSpelling(symbol);
    const std::string page = std::to_string(request.page);
    const bool whole = list.empty();
    const auto year = static_cast<int>(
        std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(parts_.clock->Now())).year());
    net::QueryParams query;
    std::string name;
    switch (request.kind) {
      case FundamentalKind::kSymbols:
        return api_.Get(Legacy() ? "/api/v3/stock/list" : "/stable/stock-list", {}, stop);
      case FundamentalKind::kRenamed:
        return api_.Get(Legacy() ? "/api/v4/symbol_change" : "/stable/symbol-change", {{"limit", "10000"}},
                        stop);
      case FundamentalKind::kDelisted:
        return api_.Get(Legacy() ? "/api/v3/delisted-companies" : "/stable/delisted-companies",
                        {{"page", page}, {"limit", std::to_string(kPage)}}, stop);
      case FundamentalKind::kProfile: name = "profile"; break;
      case FundamentalKind::kQuote: name = "quote"; break;
      case FundamentalKind::kKeyMetrics: name = "key-metrics-ttm"; break;
      case FundamentalKind::kRatios: name = "ratios-ttm"; break;
      case FundamentalKind::kIncome: name = "income-statement"; break;
    }
    const bool income = request.kind == FundamentalKind::kIncome;
    if (whole) {
      if (income) query = {{"year", std::to_string(year - 1)}, {"period", "FY"}};
      if (request.kind == FundamentalKind::kProfile) query = {{"part", page}};
      return api_.Get("/stable/" + name + "-bulk", query, stop);
    }
    if (income) query = {{"period", "annual"}, {"limit", "1"}};
    if (Legacy()) {
      // A comma between symbols stays one: PercentEncode would hide it.
      std::string path = "/api/v3/" + name + "/";
      for (const std::string& symbol : request.symbols) {
        path += (path.back() == '/' ? "" : ",") + net::PercentEncode(FmpSpelling(symbol));
      }
      return api_.Get(path, query, stop);
    }
    const bool quotes = request.kind == FundamentalKind::kQuote;
    query.insert(query.begin(), {quotes ? "symbols" : "symbol", list});
    return api_.Get(quotes ? "/stable/batch-quote" : "/stable/" + name, query, stop);
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Parse(std::string_view bytes,
                                                    const FundamentalContext& context) const override {
    return ReadCompanies(bytes, context);
  }

 private:
  bool Legacy() const { return api_.options().shape == Shape::kLegacy; }
  // Symbols in one request; 0: the whole market.
  size_t BatchOf(FundamentalKind kind) const {
    switch (kind) {
      case FundamentalKind::kSymbols:
      case FundamentalKind::kDelisted:
      case FundamentalKind::kRenamed: return 0;
      case FundamentalKind::kQuote: return static_cast<size_t>(api_.options().quote_batch);
      case FundamentalKind::kProfile:
        if (Legacy()) return static_cast<size_t>(api_.options().quote_batch);
        break;
      default: break;
    }
    return api_.options().bulk && !Legacy() ? 0 : 1;
  }

  const FmpApi api_;
  const SourceParts parts_;
};

}  // namespace

Result<std::unique_ptr<FundamentalSource>> MakeFmpFundamentals(const SourceSettings& settings,
                                                               const SourceParts& parts) {
  ASSIGN_OR_RETURN(FmpOptions options, ReadOptions(settings));
  ASSIGN_OR_RETURN(std::string key, ReadKey(parts));
  return std::make_unique<FmpFundamentals>(std::move(options), std::move(key), parts);
}

}  // namespace penstock::source::fmp
