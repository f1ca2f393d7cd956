// IEX Cloud as the replay server speaks it: /stock/{symbol}/chart/{range} and /stock/market/batch, below
// /stable, /v1, /beta or nothing. What DIR/iex/stock_SYMBOL_….json holds is served as it is; everything else
// is made up of the prices of FMP's stand-in (the same bars), and says so ("generated": true in each record).
// Source of the shapes and errors: data/iex, tests/data/iex.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/thread_annotations.h"
#include "source/replay/replay_provider.h"
#include "source/replay/us_market.h"

namespace penstock::source {

struct IexReplayOptions {
  UsMarketOptions market;
  std::string token;  // what `token` must be; empty: nobody asks. Else 403
  // The records of a symbol change with the number of the request for it, each change staying: from the 2nd
  // on a field more ("vwap"), from the 3rd "volume" has fractions, from the 4th there is no "label", from the
  // 5th "changePercent" is text.
  bool changing = false;
};

// Of the query parameters it heeds format=csv (of a chart, and of a batch with one type), filter and
// chartLast; it takes the others that IEX knows, and answers 400 to what IEX does not.
class IexReplay : public ReplayProvider {
 public:
  static Result<std::unique_ptr<IexReplay>> Open(IexReplayOptions options);

  bool Takes(const net::ServerRequest& request, std::string* symbol) const override;
  ReplayAnswer Answer(const net::ServerRequest& request) override;
  ReplayAnswer TooMany() const override;
  // Of bars; there are none here.
  Result<std::vector<std::string>> Symbols() override { return std::vector<std::string>(); }

 private:
  explicit IexReplay(IexReplayOptions options) : options_(std::move(options)) {}
  // Opened by the first request that needs it.
  Result<const UsMarket*> Market();
  ReplayAnswer Chart(const std::string& symbol, const std::string& range, const net::QueryParams& query);
  ReplayAnswer Batch(const net::QueryParams& query);
  // The records of a chart; nothing: no such symbol.
  Result<std::optional<json::array>> Records(const std::string& symbol, const std::string& range);
  Result<std::optional<json::value>> OfType(const std::string& symbol, const std::string& type,
                                            const std::string& range);
  // The number of this request for the symbol, from 1.
  int64_t Count(const std::string& symbol);

  const IexReplayOptions options_;
  std::map<std::string, std::string> recorded_;  // by "MSFT_chart_1m"
  std::mutex mutex_;
  std::unique_ptr<UsMarket> market_ GUARDED_BY(mutex_);
  std::map<std::string, int64_t> asked_ GUARDED_BY(mutex_);
};

}  // namespace penstock::source
