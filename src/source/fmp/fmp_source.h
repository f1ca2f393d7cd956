// Financial Modeling Prep: daily bars of a symbol (US-1). The formats are those of body.h.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>

#include "base/thread_annotations.h"
#include "source/fmp/fmp_api.h"
#include "source/registry.h"
#include "source/source.h"

namespace penstock::source::fmp {

Result<std::unique_ptr<Source>> MakeFmpSource(const SourceSettings& settings, const SourceParts& parts);

class FmpSource : public Source {
 public:
  FmpSource(FmpOptions options, std::string key, const SourceParts& parts)
      : api_(std::move(options), std::move(key), parts) {}

  Status CheckAccess() const override { return api_.CheckAccess(); }
  // One request. An answer that says nothing is "no data in that range" for a symbol that stands in the list
  // of all symbols, otherwise NotFound; the list is asked for once (FmpOptions::symbol_list).
  Result<RawAnswer> Fetch(const FetchSpec& spec, std::stop_token stop = {}) override;
  Result<ParsedAnswer> Parse(std::string_view bytes, const ParseContext& context) const override;

 private:
  // Nothing: nobody can say, for the list is not to be had.
  Result<std::optional<bool>> IsListed(const std::string& symbol, std::stop_token stop);

  const FmpApi api_;
  std::mutex mutex_;
  bool asked_ GUARDED_BY(mutex_) = false;
  std::unordered_set<std::string> listed_ GUARDED_BY(mutex_);  // in FMP's spelling; empty: not to be had
};

}  // namespace penstock::source::fmp
