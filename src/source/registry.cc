#include "source/registry.h"

#include "base/clock.h"
#include "source/api/api_source.h"
#include "source/fmp/fmp_source.h"
#include "source/iex/iex_source.h"
#include "source/ted/ted_kind.h"
#include "source/yahoo/yahoo_minutes.h"
#include "source/yahoo/yahoo_source.h"

namespace penstock::source {
namespace {

Status CheckHttpSettings(const SourceSettings& settings) { return ReadApiSpec(settings).status(); }

Status CheckMinuteSettings(const SourceSettings& settings) {
  const SystemClock clock;
  return yahoo::MakeYahooMinutes(settings, {nullptr, &clock}).status();
}

const SourceKind kKinds[] = {
    {"fmp", fmp::kSampleConfiguration, Family::kMarket, &fmp::MakeFmpSource},
    {"http", kHttpSample, Family::kRecords, nullptr, &CheckHttpSettings, &MakeHttpSource, nullptr,
     kHttpOpenSettings},
    {"iex", iex::kSampleConfiguration, Family::kRecords, nullptr, &iex::CheckIexSettings,
     &iex::MakeIexSource},
    {"ted", ted::kSampleConfiguration, Family::kTenders, nullptr, &ted::CheckSettings},
    {"yahoo", yahoo::kSampleConfiguration, Family::kMarket, &yahoo::MakeYahooSource},
    {"yahoo-minutes", yahoo::kMinutesSample, Family::kStream, nullptr, &CheckMinuteSettings, nullptr,
     &yahoo::MakeYahooMinutes},
};

}  // namespace

Status SourceKind::Check(const SourceSettings& settings) const {
  if (check != nullptr) return check(settings);
  const SystemClock clock;
  return make(settings, {nullptr, &clock}).status();
}

std::span<const SourceKind> SourceKinds() { return kKinds; }

Result<const SourceKind*> FindSourceKind(std::string_view name) {
  std::string known;
  for (const SourceKind& kind : kKinds) {
    if (kind.name == name) return &kind;
    known += (known.empty() ? "" : ", ") + std::string(kind.name);
  }
  return MakeError(ErrorCode::kConfiguration, "no such kind of source: " + std::string(name),
                   "known kinds: " + known);
}

Result<std::unique_ptr<Source>> MakeSource(std::string_view kind, const SourceSettings& settings,
                                           const SourceParts& parts) {
  ASSIGN_OR_RETURN(const SourceKind* found, FindSourceKind(kind));
  if (found->make == nullptr) {
    return MakeError(ErrorCode::kConfiguration,
                     "a source of kind " + std::string(kind) + " has no bars of symbols");
  }
  return found->make(settings, parts);
}

Result<std::unique_ptr<RecordSource>> MakeRecordSource(std::string_view kind, const SourceSettings& settings,
                                                       const SourceParts& parts) {
  ASSIGN_OR_RETURN(const SourceKind* found, FindSourceKind(kind));
  if (found->make_records == nullptr) {
    return MakeError(ErrorCode::kConfiguration, "a source of kind " + std::string(kind) + " has no records");
  }
  return found->make_records(settings, parts);
}

Result<std::unique_ptr<MinuteSource>> MakeMinuteSource(std::string_view kind, const SourceSettings& settings,
                                                       const SourceParts& parts) {
  ASSIGN_OR_RETURN(const SourceKind* found, FindSourceKind(kind));
  if (found->make_minutes == nullptr) {
    return MakeError(ErrorCode::kConfiguration,
                     "a source of kind " + std::string(kind) + " has no minute bars");
  }
  return found->make_minutes(settings, parts);
}

}  // namespace penstock::source
