// The kinds of sources, as a plain list. A new provider is a folder beside yahoo/ and a line in registry.cc.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "source/family.h"
#include "source/minute_source.h"
#include "source/record_source.h"
#include "source/source.h"

namespace penstock {
class Clock;
namespace net {
class HttpClient;
}
}  // namespace penstock

namespace penstock::source {

// What stands under `source:` of pipeline.yaml, but for `kind`; nested keys joined by dots:
// "pagination.kind".
using SourceSettings = std::map<std::string, std::string>;

// What a source is made of; all of it outlives the source.
struct SourceParts {
  net::HttpClient* client = nullptr;  // with quota and retry; null where only Parse is wanted
  const Clock* clock = nullptr;       // not null
  // The value of a variable that holds a secret, empty where it is not set. Null: the process's environment.
  std::function<std::string(const char* name)> environment = nullptr;
};

struct SourceKind {
  std::string_view name;    // `kind:` in pipeline.yaml
  std::string_view sample;  // commented YAML of all settings, with the values that hold by default
  Family family;
  // Of the family kMarket. Configuration names an unknown setting or an impossible value.
  Result<std::unique_ptr<Source>> (*make)(const SourceSettings& settings, const SourceParts& parts);
  // Of the other families, which make what they need of the settings themselves; fails as `make`, but with
  // all faults, a line each.
  Status (*check)(const SourceSettings& settings) = nullptr;
  // Of the family kRecords.
  Result<std::unique_ptr<RecordSource>> (*make_records)(const SourceSettings& settings,
                                                        const SourceParts& parts) = nullptr;
  // Of the family kStream.
  Result<std::unique_ptr<MinuteSource>> (*make_minutes)(const SourceSettings& settings,
                                                        const SourceParts& parts) = nullptr;
  // Of the settings, those whose members anybody may name. Their ${NAME} is left to the source.
  std::span<const std::string_view> open = {};

  // Whether the settings are possible. Configuration, "source.KEY: expected …".
  Status Check(const SourceSettings& settings) const;
};

std::span<const SourceKind> SourceKinds();

// Configuration: no such kind (the message lists them).
Result<const SourceKind*> FindSourceKind(std::string_view name);

// Configuration: no such kind, one of another family, or as `make`.
Result<std::unique_ptr<Source>> MakeSource(std::string_view kind, const SourceSettings& settings,
                                           const SourceParts& parts);

// Of the kinds iex and http. Configuration: no such kind, one of another family, settings or secrets that are
// missing or malformed (secrets only where parts.client is there). `parts` outlive the source.
Result<std::unique_ptr<RecordSource>> MakeRecordSource(std::string_view kind, const SourceSettings& settings,
                                                       const SourceParts& parts);

// Of the kind yahoo-minutes. Configuration: no such kind, or one of another family; `parts` outlive the
// source.
Result<std::unique_ptr<MinuteSource>> MakeMinuteSource(std::string_view kind, const SourceSettings& settings,
                                                       const SourceParts& parts);

}  // namespace penstock::source
