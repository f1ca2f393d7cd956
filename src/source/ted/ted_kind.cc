#include "source/ted/ted_kind.h"

#include "net/url.h"

namespace penstock::source::ted {

Status CheckSettings(const SourceSettings& settings) {
  for (const auto& [key, value] : settings) {
    if (key == "endpoint") {
      const auto url = net::ParseUrl(value);
      if (url.ok() && (url->scheme == "https" || net::IsLoopback(url->host))) continue;
      return MakeError(ErrorCode::kConfiguration,
                       "source.endpoint: expected https://HOST, or http on this machine, got " + value);
    }
    return MakeError(ErrorCode::kConfiguration, "source." + key + ": ted has no such setting",
                     "it knows endpoint");
  }
  return Status::OK();
}

}  // namespace penstock::source::ted
