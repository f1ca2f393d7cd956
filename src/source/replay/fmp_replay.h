// Financial Modeling Prep as the replay server speaks it, stable and legacy (v3): price histories, the list
// of symbols, profiles, quotes, metrics. Source of the shapes: tests/data/fmp. Everything is made up and says
// so, but for the names, and for what DIR/us-stocks/fmp/ENDPOINT__QUERY.json holds: served as it is to that
// very request.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "source/replay/replay_provider.h"
#include "source/replay/us_market.h"

namespace penstock::source {

struct FmpReplayOptions {
  UsMarketOptions market;
  std::string key;  // what `apikey` must be, in the query or the header; empty: nobody asks. Else 401
};

class FmpReplay : public ReplayProvider {
 public:
  static Result<std::unique_ptr<FmpReplay>> Open(FmpReplayOptions options);

  bool Takes(const net::ServerRequest& request, std::string* symbol) const override;
  ReplayAnswer Answer(const net::ServerRequest& request) override;
  ReplayAnswer TooMany() const override;
  Result<std::vector<std::string>> Symbols() override { return std::vector<std::string>(); }

 private:
  explicit FmpReplay(FmpReplayOptions options) : options_(std::move(options)) {}
  ReplayAnswer Prices(const std::string& symbols, const net::QueryParams& query,
                      std::string_view shape) const;

  const FmpReplayOptions options_;
  std::unique_ptr<UsMarket> market_;
  std::map<std::string, std::string>
      recorded_;  // by "historical-price-eod/full?from=…&symbol=…", names ascending
};

}  // namespace penstock::source
