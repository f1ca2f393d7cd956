// Yahoo Finance: the minute bars of a session. Unofficial; the format is v8 chart JSON with interval=1m. The
// site keeps minutes for some 30 days. Source: recordings in tests/data/yahoo.
#pragma once

#include <memory>
#include <string_view>

#include "source/minute_source.h"
#include "source/registry.h"
#include "source/yahoo/yahoo_site.h"

namespace penstock::source::yahoo {

extern const std::string_view kMinutesSample;
// Settings: endpoint, cookie_endpoint, user_agent.
Result<std::unique_ptr<MinuteSource>> MakeYahooMinutes(const SourceSettings& settings,
                                                       const SourceParts& parts);

// Bytes of v8 chart JSON whose bars are minutes; MinuteSource::Parse.
Result<MinuteAnswer> ReadMinuteChart(std::string_view bytes, const MinuteSpec& spec, TimePoint fetched_at,
                                     std::string_view raw_key);

class YahooMinutes : public MinuteSource {
 public:
  YahooMinutes(SiteOptions options, const SourceParts& parts) : site_(std::move(options), parts) {}

  // Asks for period1 = the session's open to period2 = its close, without the hours beside it.
  Result<RawAnswer> Fetch(const MinuteSpec& spec, std::stop_token stop = {}) override;
  Result<MinuteAnswer> Parse(std::string_view bytes, const MinuteSpec& spec, TimePoint fetched_at,
                             std::string_view raw_key) const override;

 private:
  YahooSite site_;
};

}  // namespace penstock::source::yahoo
