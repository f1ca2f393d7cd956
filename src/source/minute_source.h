// The seam to where minute bars come from: fetch the bytes of a symbol's session, and turn kept bytes into
// bars. As source.h, for minutes.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "calendar/exchange_calendar.h"
#include "source/source.h"

namespace penstock::source {

struct MinuteSpec {
  std::string symbol;
  calendar::Session session;
};

// The minute that begins at `start`, UTC. Prices as quoted.
struct MinuteBar {
  TimePoint start;
  double high = 0, low = 0;
};

struct MinuteAnswer {
  std::vector<MinuteBar> bars;  // of the session, ascending, one a minute
  // What is not among them.
  int64_t empty = 0;       // without a high or a low: nothing was traded
  int64_t outside = 0;     // before the session's open, at its close or behind it
  int64_t unfinished = 0;  // a minute that was not over when it was fetched, or a quote between two minutes
  int64_t repeated = 0;    // a minute that comes again: its last bar is the one
  bool generated = false;
};

// Thread-safe.
class MinuteSource {
 public:
  virtual ~MinuteSource() = default;

  // Fails as Source::Fetch.
  virtual Result<RawAnswer> Fetch(const MinuteSpec& spec, std::stop_token stop = {}) = 0;

  // The bytes of an answer about spec.symbol, gzipped or not; an answer that says that there is nothing has
  // no bars. No bytes may harm it. InvalidData, TooLarge; for a kept error answer the code of that error.
  virtual Result<MinuteAnswer> Parse(std::string_view bytes, const MinuteSpec& spec, TimePoint fetched_at,
                                     std::string_view raw_key) const = 0;
};

}  // namespace penstock::source
