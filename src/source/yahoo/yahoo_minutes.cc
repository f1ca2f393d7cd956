#include "source/yahoo/yahoo_minutes.h"

#include <fmt/format.h>

#include "net/url.h"
#include "source/yahoo/spelling.h"

namespace penstock::source::yahoo {
namespace {

int64_t UnixSeconds(TimePoint time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace

const std::string_view kMinutesSample = "kind: yahoo-minutes\n" PENSTOCK_YAHOO_SITE_SAMPLE;

Result<std::unique_ptr<MinuteSource>> MakeYahooMinutes(const SourceSettings& settings,
                                                       const SourceParts& parts) {
  SiteOptions options;
  for (const auto& [key, value] : settings) {
    ASSIGN_OR_RETURN(const bool known, ReadSiteSetting(key, value, &options));
    if (!known) {
      return MakeError(ErrorCode::kConfiguration, "unknown setting of the source yahoo-minutes: " + key,
                       "it knows endpoint, cookie_endpoint and user_agent");
    }
  }
  return std::make_unique<YahooMinutes>(std::move(options), parts);
}

Result<RawAnswer> YahooMinutes::Fetch(const MinuteSpec& spec, std::stop_token stop) {
  const std::string path =
      fmt::format("/v8/finance/chart/{}?period1={}&period2={}&interval=1m&includePrePost=false",
                  net::PercentEncode(YahooSpelling(spec.symbol)), UnixSeconds(spec.session.open),
                  UnixSeconds(spec.session.close));
  ASSIGN_OR_RETURN(RawAnswer answer, site_.Ask(path, "application/json", spec.symbol, stop));
  answer.extension = "json";
  return answer;
}

Result<MinuteAnswer> YahooMinutes::Parse(std::string_view bytes, const MinuteSpec& spec, TimePoint fetched_at,
                                         std::string_view raw_key) const {
  return ReadMinuteChart(bytes, spec, fetched_at, raw_key);
}

}  // namespace penstock::source::yahoo
