#include "aws/access_keys.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/ascii.h"

namespace penstock::aws {
namespace {

constexpr const char* kVariable = "PENSTOCK_ACCESS_KEYS";
constexpr const char* kFileVariable = "PENSTOCK_ACCESS_KEYS_FILE";
constexpr const char* kAdvice =
    "write ID:SECRET, several with commas between them; `openssl rand -hex 20` makes a secret";

Status Bad(std::string what) { return MakeError(ErrorCode::kConfiguration, std::move(what), kAdvice); }

bool IsId(std::string_view id) {
  return id.size() >= 4 && id.size() <= 128 && std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

std::string Variable(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? "" : text;
}

}  // namespace

Result<AccessKeys> AccessKeys::Parse(std::string_view text) {
  AccessKeys keys;
  size_t number = 0;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find_first_of(",\n", begin), text.size());
    const std::string_view entry = TrimAscii(text.substr(begin, end - begin), " \t\r");
    begin = end + 1;
    if (entry.empty() || entry.front() == '#') continue;
    ++number;
    const size_t colon = entry.find(':');
    if (colon == std::string_view::npos || !IsId(entry.substr(0, colon))) {
      return Bad(fmt::format("access key {}: expected ID:SECRET, the id of 4 to 128 letters, digits or '_'",
                             number));
    }
    const std::string_view id = entry.substr(0, colon), secret = entry.substr(colon + 1);
    if (secret.size() < 16) {
      return Bad(fmt::format("access key {} ({}): a secret of at least 16 characters is needed", number, id));
    }
    if (!keys.secrets_.emplace(id, secret).second)
      return Bad(fmt::format("the access key {} stands twice", id));
  }
  return keys;
}

Result<AccessKeys> AccessKeys::FromEnvironment() {
  const std::string text = Variable(kVariable), path = Variable(kFileVariable);
  if (path.empty()) {
    ASSIGN_OR_RETURN(AccessKeys keys, Parse(text));
    // Whoever sets it wants a lock on the door.
    if (keys.empty() && !text.empty())
      return Bad(fmt::format("{} is set, and holds no access key", kVariable));
    return keys;
  }
  if (!text.empty()) return Bad(fmt::format("{} and {} are both set", kVariable, kFileVariable));
  struct stat info{};
  const bool there = stat(path.c_str(), &info) == 0;
  if (there && S_ISDIR(info.st_mode)) {
    return MakeError(ErrorCode::kConfiguration, fmt::format("{}: {} is a folder", kFileVariable, path),
                     "name a file of lines ID:SECRET");
  }
  if (there && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return MakeError(ErrorCode::kConfiguration, fmt::format("others than its owner have access to {}", path),
                     fmt::format("chmod 600 {}", path));
  }
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (!in) {
    return MakeError(ErrorCode::kConfiguration, fmt::format("{}: cannot read {}", kFileVariable, path),
                     "name a file of lines ID:SECRET");
  }
  ASSIGN_OR_RETURN(AccessKeys keys, Parse(bytes));
  if (keys.empty()) return Bad(fmt::format("{} holds no access key", path));
  return keys;
}

const std::string* AccessKeys::SecretOf(std::string_view id) const {
  const auto found = secrets_.find(id);
  return found == secrets_.end() ? nullptr : &found->second;
}

std::pair<std::string, std::string> AccessKeys::First() const {
  if (secrets_.empty()) return {};
  return *secrets_.begin();
}

}  // namespace penstock::aws
