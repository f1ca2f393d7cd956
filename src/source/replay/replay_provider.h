// One provider's API as the replay server speaks it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/http_server.h"

namespace penstock::source {

struct ReplayAnswer {
  int status = 200;
  std::string content_type = "application/json;charset=utf-8";
  std::string body;
  net::Headers headers;
  // What the provider's clock shows: a function of the request, so that a replayed lake is the same at any
  // time.
  std::optional<TimePoint> date;
};

// Thread-safe.
class ReplayProvider {
 public:
  virtual ~ReplayProvider() = default;
  // Whether the path belongs to this provider. `symbol` is what faults by symbol are matched with; may stay
  // empty.
  virtual bool Takes(const net::ServerRequest& request, std::string* symbol) const = 0;
  virtual ReplayAnswer Answer(const net::ServerRequest& request) = 0;
  // What it says above its quota.
  virtual ReplayAnswer TooMany() const = 0;
  // What is recorded (not what would be generated), ascending.
  virtual Result<std::vector<std::string>> Symbols() = 0;
};

}  // namespace penstock::source
