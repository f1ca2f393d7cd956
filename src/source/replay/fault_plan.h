// Faults that a replay server plays on order.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "base/thread_annotations.h"
#include "net/http_server.h"

namespace penstock::source {

// KIND[=SPAN][:key=value,…]
//
//   latency=50ms   the answer comes later                 429        with Retry-After (retry_after=1s)
//   400 … 599      that status                            reset      a TCP reset in the middle
//   truncate       ends early, announced as whole         cut        half a body, announced as that half
//   garbage        bytes that are no data                 html       a page, status 200
//   drip=20ms      64 bytes, a pause, 64 bytes …          gzip       a gzip body that nobody announced
//
// Keys: rate=0.1 (of the requests; 1), seed=7 (0), symbol=PATTERN (* is any text; all), times=2 (the first
// two requests of each symbol that match; without end), after=1 (not the first one of a symbol; 0),
// retry_after=SPAN.
struct Fault {
  enum class Kind { kLatency, kStatus, kReset, kTruncate, kCut, kGarbage, kHtml, kDrip, kGzip };
  Kind kind = Kind::kStatus;
  int status = 0;
  Duration span{0};
  double rate = 1;
  uint64_t seed = 0;
  std::string symbol = "*";
  int64_t times = -1;
  int64_t after = 0;
  Duration retry_after = std::chrono::seconds(1);
};

// Usage names the word that is wrong and what was expected.
Result<Fault> ParseFault(std::string_view text);

// `pattern` with * for any text.
bool MatchesPattern(std::string_view pattern, std::string_view text);

// Which of the faults strikes is a function of the seed, the symbol and how often that symbol was asked for,
// so it does not matter in what order threads ask. Thread-safe.
class FaultPlan {
 public:
  explicit FaultPlan(std::vector<Fault> faults) : faults_(std::move(faults)) {}

  // The faults of one more request for `symbol`.
  std::vector<const Fault*> Strike(const std::string& symbol);
  // Changes an answer; `symbol` makes garbage differ.
  static Status Apply(const Fault& fault, const std::string& symbol, net::ServerResponse* response);
  void Reset();

 private:
  const std::vector<Fault> faults_;
  std::mutex mutex_;
  std::map<std::string, int64_t> asked_ GUARDED_BY(mutex_);
};

}  // namespace penstock::source
