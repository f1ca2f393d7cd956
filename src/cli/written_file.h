// What a verb writes to the file that its --out or --svg names.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace penstock::cli {

class Session;

// Says that it did; the exit code. Io: it cannot be written.
Result<int> WriteTextFile(const Session& session, std::string_view text, const std::string& path);

}  // namespace penstock::cli
