// ~/.aws/config and ~/.aws/credentials.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "aws/profile_file.h"

using namespace penstock;
using namespace penstock::aws;

namespace {
void Check(bool holds) {
  if (!holds) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto config = ParseProfileFile(text, ProfileFileKind::kConfig, "config");
  const auto credentials = ParseProfileFile(text, ProfileFileKind::kCredentials, "credentials");
  // The kind changes which sections count, not what a line is.
  Check(config.ok() == credentials.ok());
  if (!config.ok()) {
    Check(CodeOf(config.status()) == ErrorCode::kConfiguration && config.status().message().size() < 200);
    return 0;
  }
  Check(credentials->services.empty() && credentials->sso_sessions.empty());
  const ProfileFile merged = MergeProfileFiles(*config, *credentials);
  for (const auto& [name, properties] : merged.profiles) {
    Check(!name.empty());
    for (const auto& [key, value] : properties) {
      Check(!key.empty());
      for (const auto& [sub, subvalue] : SubProperties(value)) Check(sub.find('\n') == std::string::npos);
    }
  }
  return 0;
}
