// The keys that clients of ours sign with, as they are configured.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"

namespace penstock::aws {

// Ids with their secrets. Nothing prints them.
class AccessKeys {
 public:
  // "ID:SECRET,ID:SECRET"; line breaks separate as commas do, and lines that begin with '#' are left out. An
  // id is 4 to 128 letters, digits or '_', a secret at least 16 characters. Configuration: another text, or
  // an id twice; its text holds no secret.
  static Result<AccessKeys> Parse(std::string_view text);
  // Of PENSTOCK_ACCESS_KEYS, which holds them, or PENSTOCK_ACCESS_KEYS_FILE, which names a file with them;
  // none when neither is set. Configuration: both are, the one that is set holds no key, the file cannot be
  // read, or others than its owner may read it.
  static Result<AccessKeys> FromEnvironment();

  bool empty() const { return secrets_.empty(); }
  // nullptr: no such id.
  const std::string* SecretOf(std::string_view id) const;
  // The first by id, for a client beside the server; empty texts when there is none.
  std::pair<std::string, std::string> First() const;

 private:
  std::map<std::string, std::string, std::less<>> secrets_;
};

}  // namespace penstock::aws
