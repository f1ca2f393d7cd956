#include "source/fmp/fmp_source.h"

#include <fmt/format.h>

#include "source/fmp/body.h"
#include "source/fmp/listing_reader.h"
#include "source/fmp/spelling.h"

namespace penstock::source::fmp {

Result<std::unique_ptr<Source>> MakeFmpSource(const SourceSettings& settings, const SourceParts& parts) {
  ASSIGN_OR_RETURN(FmpOptions options, ReadOptions(settings));
  ASSIGN_OR_RETURN(std::string key, ReadKey(parts));
  return std::make_unique<FmpSource>(std::move(options), std::move(key), parts);
}

Result<ParsedAnswer> FmpSource::Parse(std::string_view bytes, const ParseContext& context) const {
  return ParseBody(bytes, context);
}

Result<RawAnswer> FmpSource::Fetch(const FetchSpec& spec, std::stop_token stop) {
  if (spec.to < spec.from) {
    return MakeError(ErrorCode::kUsage, fmt::format("{}: the last day lies before the first: {}..{}",
                                                    spec.symbol, FormatDate(spec.from), FormatDate(spec.to)));
  }
  const std::string symbol = FmpSpelling(spec.symbol);
  net::QueryParams query = {{"from", FormatDate(spec.from)}, {"to", FormatDate(spec.to)}};
  std::string path;
  if (api_.options().shape == Shape::kLegacy) {
    path = "/api/v3/historical-price-full/" + net::PercentEncode(symbol);
  } else {
    path = api_.options().shape == Shape::kLight ? "/stable/historical-price-eod/light"
                                                 : "/stable/historical-price-eod/full";
    query.insert(query.begin(), {"symbol", symbol});
  }
  ASSIGN_OR_RETURN(RawAnswer answer, api_.Get(path, query, stop));
  if (!SaysNothing(answer.body)) return answer;
  std::optional<bool> listed;
  if (api_.options().symbol_list) {
    ASSIGN_OR_RETURN(listed, IsListed(symbol, stop));
  }
  if (listed.value_or(false)) return answer;
  return MakeError(ErrorCode::kNotFound,
                   fmt::format("FMP knows nothing of {} from {} to {}{}", symbol, FormatDate(spec.from),
                               FormatDate(spec.to), listed ? ", nor does its list of symbols" : ""),
                   "check the symbol: it may be delisted or renamed");
}

Result<std::optional<bool>> FmpSource::IsListed(const std::string& symbol, std::stop_token stop) {
  const std::lock_guard lock(mutex_);  // the others wait: their answer is in it
  if (!asked_) {
    const bool legacy = api_.options().shape == Shape::kLegacy;
    auto answer = api_.Get(legacy ? "/api/v3/stock/list" : "/stable/stock-list", {}, stop);
    const bool later =
        !answer.ok() && (IsRetryable(answer.status()) || CodeOf(answer.status()) == ErrorCode::kCancelled);
    if (later) return WithContext(answer.status(), "the list of symbols");
    asked_ = true;
    if (answer.ok()) {
      auto symbols = ReadSymbolList(answer->body, answer->masked_url);
      if (symbols.ok()) {
        listed_ = *std::move(symbols);
      } else {
        IgnoreError(symbols.status(), "a list that cannot be read is none");
      }
    } else {
      IgnoreError(answer.status(),
                  "not every plan holds the list; without it an empty answer is an unknown symbol");
    }
  }
  if (listed_.empty()) return std::optional<bool>();
  return std::optional<bool>(listed_.contains(symbol));
}

}  // namespace penstock::source::fmp
