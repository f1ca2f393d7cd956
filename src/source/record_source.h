// The seam to APIs whose answers are records (kinds iex and http): ask for one series, page by page, and turn
// kept bytes into rows. The two are apart: raw bytes are stored as received, and read (again) whenever the
// lake asks; reading needs nothing but the bytes, not the definition that they were asked by.
//
//   ASSIGN_OR_RETURN(auto source, MakeRecordSource("iex", settings, parts));   // source/registry.h
//   ASSIGN_OR_RETURN(auto fetched, source->Fetch(series, cursor, [&](RecordAnswer page) { return Store(page);
//   })); …keep fetched.cursor only now that all pages are stored… ASSIGN_OR_RETURN(auto rows,
//   source->Read(bytes, "json"));
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "base/status.h"

namespace penstock::source {

// One query.
struct RecordSeries {
  std::string key;     // CheckSeriesKey
  json::object query;  // as the kind reads it. iex: a member of definitions.json; http: values of {names}
};

struct RecordAnswer {
  std::string body;       // byte for byte, content coding undone
  std::string extension;  // "json" or "csv": what the bytes are
  std::string content_type;
  std::string masked_url;  // without query: may be logged and stored (ALL-4)
  TimePoint requested_at;  // our clock, as the request was handed over
  int http_status = 0;
  int page = 1;
};

struct FetchedSeries {
  int pages = 0;
  std::string cursor;  // to begin after next time; empty: the series has none
};

// Thread-safe.
class RecordSource {
 public:
  virtual ~RecordSource() = default;

  // Asks for the pages of a series, from `cursor` on (empty: from the beginning), and gives each to `on_page`
  // as it comes; what that returns in failure ends it. Fails with what the provider said, in its own words
  // and without a secret: NotFound (unknown symbol), PermissionDenied, Unauthenticated, Throttled,
  // Unavailable (5xx, a page of HTML), Timeout, RejectedByProvider, InvalidData, TooLarge, Cancelled.
  // ResourceExhausted: more pages than pagination.max_pages; those that came were given. Configuration: as
  // Check. Usage: made without an HTTP client.
  virtual Result<FetchedSeries> Fetch(const RecordSeries& series, std::string_view cursor,
                                      const std::function<Status(RecordAnswer)>& on_page,
                                      std::stop_token stop = {}) const = 0;

  // The rows of a kept answer, gzipped or not, as ReadRecords (source/api/records.h) reads them. InvalidData:
  // not such bytes, or a kept error text; TooLarge.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> Read(std::string_view bytes,
                                                           std::string_view extension) const = 0;

  // Whether a series can be asked for. Configuration, without asking.
  virtual Status Check(const RecordSeries& series) const = 0;
};

// A key is a segment of object keys, and names a table: 1 to 100 letters, digits, '_', '-' and '.', a letter
// or digit first. Configuration: another text; the message says what is wrong with it.
Status CheckSeriesKey(std::string_view key);

// The table's name in SQL: lower case, '-' and '.' as '_', "t_" before a digit. Two keys may have one name.
std::string TableNameOf(std::string_view key);

}  // namespace penstock::source
