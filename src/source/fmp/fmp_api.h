// Financial Modeling Prep as an HTTP API: where it answers, how a request proves who asks, and what an answer
// that is none means. Prices and fundamentals stand on it.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "net/url.h"
#include "source/registry.h"
#include "source/source.h"

namespace penstock::net {
struct HttpResponse;
}

namespace penstock::source::fmp {

enum class Shape { kFull, kLight, kLegacy };

struct FmpOptions {
  // Scheme and host, without /stable or /api/v3; the replay server's for recorded data.
  std::string endpoint = "https://financialmodelingprep.com";
  Shape shape = Shape::kFull;
  // Where the key goes: a header (nobody logs those), or the query (for a proxy that keeps headers back).
  bool key_in_query = false;
  // Tell an unknown symbol from a range without bars by the list of all symbols: one request for as long as
  // the source lives, and only when an answer was empty. false: an empty answer is an unknown symbol.
  bool symbol_list = true;
  // Fundamentals of the whole market from FMP's bulk files (a few requests, dearer plans), or symbol by
  // symbol.
  bool bulk = true;
  int64_t quote_batch = 500;  // symbols in one batch of quotes
};

extern const std::string_view kSampleConfiguration;
// Settings: endpoint, shape (full, light, legacy), key_in (header, query), symbol_list, bulk (true, false),
// quote_batch (1 to 2000).
Result<FmpOptions> ReadOptions(const SourceSettings& settings);

// Thread-safe.
class FmpApi {
 public:
  // `key` may be empty for an endpoint on loopback; it goes nowhere but into requests.
  FmpApi(FmpOptions options, std::string key, const SourceParts& parts)
      : options_(std::move(options)), key_(std::move(key)), parts_(parts) {}

  // `path` begins with '/'. One answer that is data; otherwise as Source::Fetch says. An error text with
  // status 200 is an error all the same.
  Result<RawAnswer> Get(const std::string& path, const net::QueryParams& query, std::stop_token stop) const;

  // Unauthenticated: an endpoint that is not on loopback, and no key for it.
  Status CheckAccess() const;

  const FmpOptions& options() const { return options_; }

 private:
  Status Judge(const net::HttpResponse& response, std::string_view masked_url) const;
  // Without the key, should the provider ever repeat it.
  std::string Scrub(std::string text) const;

  const FmpOptions options_;
  const std::string key_;
  const SourceParts parts_;
};

// The key of the environment (FMP_API_KEY), as `parts` see it. Configuration: not a key; the message does not
// show it, nor does any other. Empty where it is not set.
Result<std::string> ReadKey(const SourceParts& parts);

}  // namespace penstock::source::fmp
