// Yahoo Finance: daily bars, dividends and splits of a symbol. Unofficial; the formats are those of body.h.
#pragma once

#include <memory>
#include <string_view>

#include "source/registry.h"
#include "source/source.h"
#include "source/yahoo/yahoo_site.h"

namespace penstock::source::yahoo {

struct YahooOptions {
  SiteOptions site;
  bool csv = false;  // v7 download CSV instead of v8 chart JSON
};

extern const std::string_view kSampleConfiguration;
// Settings: endpoint, cookie_endpoint, user_agent, format (json, csv).
Result<std::unique_ptr<Source>> MakeYahooSource(const SourceSettings& settings, const SourceParts& parts);

class YahooSource : public Source {
 public:
  YahooSource(YahooOptions options, const SourceParts& parts)
      : csv_(options.csv), site_(std::move(options.site), parts) {}

  // Asks for period1 = 00:00 UTC of `from` to period2 = 00:00 UTC of the day after `to`.
  Result<RawAnswer> Fetch(const FetchSpec& spec, std::stop_token stop = {}) override;
  Result<ParsedAnswer> Parse(std::string_view bytes, const ParseContext& context) const override;

 private:
  const bool csv_;
  YahooSite site_;
};

}  // namespace penstock::source::yahoo
