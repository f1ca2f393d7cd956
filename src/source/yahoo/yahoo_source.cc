#include "source/yahoo/yahoo_source.h"

#include <fmt/format.h>

#include "net/url.h"
#include "source/yahoo/body.h"
#include "source/yahoo/spelling.h"

namespace penstock::source::yahoo {
namespace {

int64_t UnixSeconds(Date date) { return int64_t{DaysSinceEpoch(date)} * 86400; }

}  // namespace

const std::string_view kSampleConfiguration =
    "kind: yahoo\n" PENSTOCK_YAHOO_SITE_SAMPLE
    "# json (v8 chart: with dividends and splits) or csv (v7 download).\n"
    "format: json\n";

Result<std::unique_ptr<Source>> MakeYahooSource(const SourceSettings& settings, const SourceParts& parts) {
  YahooOptions options;
  for (const auto& [key, value] : settings) {
    ASSIGN_OR_RETURN(const bool known, ReadSiteSetting(key, value, &options.site));
    if (known) continue;
    if (key != "format") {
      return MakeError(ErrorCode::kConfiguration, "unknown setting of the source yahoo: " + key,
                       "it knows endpoint, cookie_endpoint, user_agent and format");
    }
    if (value != "json" && value != "csv") {
      return MakeError(ErrorCode::kConfiguration,
                       fmt::format("source.format: expected json or csv, got: {}", value));
    }
    options.csv = value == "csv";
  }
  return std::make_unique<YahooSource>(std::move(options), parts);
}

Result<ParsedAnswer> YahooSource::Parse(std::string_view bytes, const ParseContext& context) const {
  return ParseBody(bytes, context);
}

Result<RawAnswer> YahooSource::Fetch(const FetchSpec& spec, std::stop_token stop) {
  if (spec.to < spec.from) {
    return MakeError(ErrorCode::kUsage, fmt::format("{}: the last day lies before the first: {}..{}",
                                                    spec.symbol, FormatDate(spec.from), FormatDate(spec.to)));
  }
  const std::string path = fmt::format(
      "/{}/{}?period1={}&period2={}&interval=1d&events={}&includeAdjustedClose=true",
      csv_ ? "v7/finance/download" : "v8/finance/chart", net::PercentEncode(YahooSpelling(spec.symbol)),
      UnixSeconds(spec.from), UnixSeconds(spec.to + std::chrono::days(1)), csv_ ? "history" : "div%7Csplit");
  ASSIGN_OR_RETURN(RawAnswer answer,
                   site_.Ask(path, csv_ ? "text/csv,text/plain" : "application/json", spec.symbol, stop));
  answer.extension = csv_ ? "csv" : "json";
  return answer;
}

}  // namespace penstock::source::yahoo
