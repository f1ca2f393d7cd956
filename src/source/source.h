// The seam to where data comes from: fetch the bytes of a symbol, and turn kept bytes into bars. The two are
// apart: raw bytes are stored as received, and parsed (again) whenever the lake asks.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/date.h"
#include "base/status.h"

namespace penstock::calendar {
class ExchangeCalendar;
}

namespace penstock::source {

struct FetchSpec {
  std::string symbol;  // as the symbol file spells it
  Date from, to;       // session days, both included
};

struct RawAnswer {
  std::string body;       // as received, content coding undone
  std::string extension;  // "json" or "csv"
  // The answer's Date header: the provider's clock. Without one, our clock.
  TimePoint fetched_at;
  int http_status = 0;
  std::string masked_url;  // without query: may be logged and stored (ALL-4)
  bool generated = false;  // the body says of itself that it is made up
};

struct ParseContext {
  std::string symbol;
  TimePoint fetched_at;
  std::string raw_key;  // for messages
  std::string
      currency;  // wanted, "GBP": prices quoted in its hundredth (GBp) are divided by 100. Empty: as quoted.
  // Of the exchange; may be null (then nothing can be said of the end of a session that the body does not
  // tell).
  const calendar::ExchangeCalendar* calendar = nullptr;
};

// Columns of `bars`: ParsedBarsSchema() (source/schema.h); `incomplete` is true where the session was not
// over when it was fetched). Of `actions`: ActionsSchema() (source/schema.h). Rows ascend by date; cells that
// the provider left empty are null.
struct ParsedAnswer {
  std::shared_ptr<arrow::RecordBatch> bars;
  std::shared_ptr<arrow::RecordBatch> actions;
  bool generated = false;
  std::vector<std::string>
      notes;  // what a reader of the log should know: merged rows, pence turned to pounds
};

// Thread-safe.
class Source {
 public:
  virtual ~Source() = default;

  // What can be known before anything is asked: a key that the provider wants is there. Unauthenticated.
  virtual Status CheckAccess() const { return Status::OK(); }

  // One answer whose bytes look like data (or like "no data in that range"). Otherwise what the provider
  // said: NotFound (unknown symbol), Throttled, Unauthenticated, Unavailable (5xx, a page instead of data),
  // Timeout, RejectedByProvider, TooLarge, Cancelled. Usage: no HTTP client was given, or `to` lies before
  // `from`.
  virtual Result<RawAnswer> Fetch(const FetchSpec& spec, std::stop_token stop = {}) = 0;

  // The bytes of an answer, gzipped or not. No bytes may harm it. InvalidData: not what the provider sends;
  // TooLarge; and for a kept error answer the code of that error.
  virtual Result<ParsedAnswer> Parse(std::string_view bytes, const ParseContext& context) const = 0;
};

}  // namespace penstock::source
