// Yahoo Finance's site: one request to it as a browser would send it, with cookie and crumb where it asks for
// them.
#pragma once

#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/thread_annotations.h"
#include "source/registry.h"
#include "source/source.h"

namespace penstock::net {
struct HttpResponse;
}

namespace penstock::source::yahoo {

struct SiteOptions {
  // Scheme and host that answers /v8/finance/chart; the replay server's for recorded data.
  std::string endpoint = "https://query2.finance.yahoo.com";
  // What sets the cookie that a crumb belongs to; empty: a 401 is final.
  std::string cookie_endpoint = "https://fc.yahoo.com";
  // The live site turns away what does not look like a browser.
  std::string user_agent =
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
};

// The three settings as commented YAML, for the samples of both kinds: a literal, so that they are constants.
#define PENSTOCK_YAHOO_SITE_SAMPLE                                                                       \
  "# Who answers: the site itself, or a replay server (http://127.0.0.1:PORT).\n"                        \
  "endpoint: https://query2.finance.yahoo.com\n"                                                         \
  "# Sets the cookie that the site may ask for; empty when none is needed.\n"                            \
  "cookie_endpoint: https://fc.yahoo.com\n"                                                              \
  "# The site turns away what does not look like a browser.\n"                                           \
  "user_agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 " \
  "Safari/537.36\n"

// Takes one of them over. False: `key` is none of the three. Configuration: an impossible value.
Result<bool> ReadSiteSetting(const std::string& key, const std::string& value, SiteOptions* options);

// Thread-safe.
class YahooSite {
 public:
  YahooSite(SiteOptions options, const SourceParts& parts) : options_(std::move(options)), parts_(parts) {}

  // `path` with its query, below the endpoint. An answer that looks like data of `symbol`, or like "nothing
  // in that range"; otherwise what source.h's Fetch says. When the site says "Invalid Crumb" it gets cookie
  // and crumb once, shared by all threads, and asks again.
  Result<RawAnswer> Ask(const std::string& path, std::string_view accept, std::string_view symbol,
                        std::stop_token stop);

 private:
  struct Session {  // never logged, never stored
    std::string cookie, crumb;
    int generation = 0;
  };
  Result<RawAnswer> AskOnce(const std::string& path, std::string_view accept, std::string_view symbol,
                            const Session& session, std::stop_token stop);
  Status Renew(int generation, std::stop_token stop);
  Status Judge(const net::HttpResponse& response, std::string_view symbol, std::string_view masked_url) const;

  const SiteOptions options_;
  const SourceParts parts_;
  std::mutex mutex_;
  std::mutex renewing_;
  Session session_ GUARDED_BY(mutex_);
};

}  // namespace penstock::source::yahoo
