// A graph of a state machine as a file.
#pragma once

#include <string>

#include "base/status.h"
#include "cli/session.h"
#include "workflow/graph.h"

namespace penstock::cli {

// SVG; the exit code. Io: it cannot be written.
Result<int> WriteGraphFile(const Session& session, const workflow::GraphBlock& graph,
                           const std::string& title, const std::string& path);

}  // namespace penstock::cli
