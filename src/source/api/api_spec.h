// An HTTP API of JSON or CSV as its settings tell it: the source of kind `http`, without code. The settings
// are those of `source:` in pipeline.yaml, nested keys joined by dots ("pagination.kind"); kHttpSample names
// all of them, docs/http-source.md explains them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "source/api/records.h"
#include "source/registry.h"

namespace penstock::source {

// How a request proves who asks. Secrets are values of environment variables, taken when a source that can
// ask is made.
struct ApiAuth {
  enum class Kind { kNone, kBearer, kBasic, kHeader, kQuery };
  Kind kind = Kind::kNone;
  std::string variable;  // that holds the secret
  std::string name;      // of the header or query parameter
  std::string user;      // kBasic
};

struct ApiPagination {
  enum class Kind {
    kNone,
    kPage,      // a number that grows by one
    kOffset,    // a number that grows by `size`
    kCursor,    // what the answer gives at `cursor`, until it gives none
    kNextLink,  // the URL that the answer gives at `link`, or in its Link header (RFC 8288, rel=next)
  };
  Kind kind = Kind::kNone;
  std::string parameter;       // of the query; not kNextLink
  std::string size_parameter;  // empty: `size` is not sent
  int64_t first = 1;           // kPage; kOffset begins with 0
  int64_t size = 0;            // records a page; 0 (kPage only): unknown, only an empty page is the last
  RecordPath cursor;
  std::optional<RecordPath> link;  // nothing: the header
  int64_t max_pages = 1000;        // of one fetch
};

// Asks only for what is new: the greatest value of a field is remembered and sent next time.
struct ApiIncremental {
  std::string field;      // a column of the records; numbers compare by value, texts (ISO dates) bytewise
  std::string parameter;  // of the query
  std::string start;      // sent the first time; empty: nothing is
};

struct ApiSpec {
  std::string url;       // with {names}; absolute, without query
  std::string endpoint;  // scheme://host[:port] that answers instead; empty: the URL's
  std::string method = "GET";
  std::string body;  // of a POST, JSON with {names}
  // ${NAME} is the value of an environment variable; query values have {names} of the series, too.
  std::vector<std::pair<std::string, std::string>> query, headers;
  ApiAuth auth;
  ApiPagination pagination;
  ApiIncremental incremental;
  std::string format = "auto";  // json, csv; auto: by content type and first byte
  RecordOptions read;
};

extern const std::string_view kHttpSample;
// The settings whose members anybody may name.
inline constexpr std::string_view kHttpOpenSettings[] = {"query", "headers", "columns"};

// Configuration with all faults, a line each: "source.pagination.parameter: is required: …".
Result<ApiSpec> ReadApiSpec(const SourceSettings& settings);

}  // namespace penstock::source
