// The live view of streams: a line each, redrawn on a terminal.
#pragma once

#include <map>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "cli/terminal.h"

namespace penstock::cli {

class StreamTop {
 public:
  explicit StreamTop(const Terminal& terminal) : terminal_(terminal) {}
  // What to print for the streams as the server describes them (stream/stream_report.h). Rates are since the
  // last call. On a terminal it is drawn over what it drew before; elsewhere each look is lines of their own.
  std::string Render(const json::array& streams, TimePoint now);

 private:
  struct Seen {
    int64_t records = 0, bytes = 0;
  };
  const Terminal terminal_;
  std::map<std::string, Seen> seen_;
  TimePoint at_{};
  size_t drawn_ = 0;  // lines
};

}  // namespace penstock::cli
