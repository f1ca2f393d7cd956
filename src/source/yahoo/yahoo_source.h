// Yahoo Finance: daily bars, dividends and splits of a symbol. Unofficial; the formats are those of body.h.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/thread_annotations.h"
#include "source/registry.h"
#include "source/source.h"

namespace penstock::net {
struct HttpResponse;
}

namespace penstock::source::yahoo {

struct YahooOptions {
  // Scheme and host that answers /v8/finance/chart; the replay server's for recorded data.
  std::string endpoint = "https://query2.finance.yahoo.com";
  // What sets the cookie that a crumb belongs to; empty: a 401 is final.
  std::string cookie_endpoint = "https://fc.yahoo.com";
  // The live site turns away what does not look like a browser.
  std::string user_agent =
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
  bool csv = false;  // v7 download CSV instead of v8 chart JSON
};

extern const std::string_view kSampleConfiguration;
// Settings: endpoint, cookie_endpoint, user_agent, format (json, csv).
Result<std::unique_ptr<Source>> MakeYahooSource(const SourceSettings& settings, const SourceParts& parts);

class YahooSource : public Source {
 public:
  YahooSource(YahooOptions options, const SourceParts& parts) : options_(std::move(options)), parts_(parts) {}

  // Asks for period1 = 00:00 UTC of `from` to period2 = 00:00 UTC of the day after `to`. When the site says
  // "Invalid Crumb" it gets cookie and crumb once, shared by all threads, and asks again.
  Result<RawAnswer> Fetch(const FetchSpec& spec, std::stop_token stop = {}) override;
  Result<ParsedAnswer> Parse(std::string_view bytes, const ParseContext& context) const override;

 private:
  struct Session {  // never logged, never stored
    std::string cookie, crumb;
    int generation = 0;
  };
  Result<RawAnswer> FetchOnce(const FetchSpec& spec, const Session& session, std::stop_token stop);
  Status Renew(int generation, std::stop_token stop);
  Status Judge(const net::HttpResponse& response, const FetchSpec& spec, std::string_view masked_url) const;

  const YahooOptions options_;
  const SourceParts parts_;
  std::mutex mutex_;
  std::mutex renewing_;
  Session session_ GUARDED_BY(mutex_);
};

}  // namespace penstock::source::yahoo
