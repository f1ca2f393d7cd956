#include "source/registry.h"

#include "source/fmp/fmp_source.h"
#include "source/yahoo/yahoo_source.h"

namespace penstock::source {
namespace {

const SourceKind kKinds[] = {
    {"fmp", fmp::kSampleConfiguration, &fmp::MakeFmpSource},
    {"yahoo", yahoo::kSampleConfiguration, &yahoo::MakeYahooSource},
};

}  // namespace

std::span<const SourceKind> SourceKinds() { return kKinds; }

Result<std::unique_ptr<Source>> MakeSource(std::string_view kind, const SourceSettings& settings,
                                           const SourceParts& parts) {
  std::string known;
  for (const SourceKind& entry : kKinds) {
    if (entry.name == kind) return entry.make(settings, parts);
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  return MakeError(ErrorCode::kConfiguration, "no such kind of source: " + std::string(kind),
                   "known kinds: " + known);
}

}  // namespace penstock::source
