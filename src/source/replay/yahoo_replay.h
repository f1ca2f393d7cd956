// Yahoo Finance as the replay server speaks it: /v8/finance/chart/SYMBOL (days, and minutes with
// interval=1m), /v7/finance/download/SYMBOL, /v1/test/getcrumb. Source of the shapes: tests/data/yahoo.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/thread_annotations.h"
#include "calendar/exchange_calendar.h"
#include "source/replay/generated_bars.h"
#include "source/replay/minute_replay.h"
#include "source/replay/replay_provider.h"

namespace penstock::source {

struct YahooReplayOptions {
  // DIR/sp500/sp500_5yr_2012-2017.csv.zst, DIR/ftse100/SYMBOL.json and DIR/minutes/, each where it is there.
  std::string data_dir = "data";
  bool generate_any = false;      // any symbol that is not recorded
  int64_t generate_count = 0;     // GEN00001 to that number, also as GEN00001.L
  std::string calendar = "XNYS";  // of generated symbols that do not end with .L (those are of XLON)
  uint64_t seed = 0;              // of generated bars
  bool require_crumb = false;     // 401 Invalid Crumb without cookie and crumb
};

// The bulk file is read when the first request needs it.
class YahooReplay : public ReplayProvider {
 public:
  // NotFound: the data folder is not there. Configuration: no such calendar.
  static Result<std::unique_ptr<YahooReplay>> Open(YahooReplayOptions options);
  ~YahooReplay() override;

  bool Takes(const net::ServerRequest& request, std::string* symbol) const override;
  ReplayAnswer Answer(const net::ServerRequest& request) override;
  ReplayAnswer TooMany() const override;
  Result<std::vector<std::string>> Symbols() override;

 private:
  struct Listing;  // what is served of one symbol
  struct Market;   // an exchange, with the hours of its sessions laid out by day
  explicit YahooReplay(YahooReplayOptions options);

  Status LoadBulk();
  // Nothing: no such symbol.
  Result<std::shared_ptr<const Listing>> Find(const std::string& symbol, int last_year);
  ReplayAnswer Chart(const std::string& symbol, const net::ServerRequest& request, bool csv);
  const Market& MarketOf(const std::string& symbol) const;

  const YahooReplayOptions options_;
  const MinuteReplay minutes_;
  std::unique_ptr<Market> new_york_, london_;
  const Market* other_ = nullptr;                // options_.calendar
  std::map<std::string, std::string> recorded_;  // bodies by symbol, served as they are
  std::mutex mutex_;
  Status bulk_status_ GUARDED_BY(mutex_);
  bool bulk_loaded_ GUARDED_BY(mutex_) = false;
  std::map<std::string, BarText, std::less<>> bulk_ GUARDED_BY(mutex_);
  std::map<std::string, std::pair<int, std::shared_ptr<const Listing>>> generated_ GUARDED_BY(mutex_);
};

}  // namespace penstock::source
