// What `run` shows when it is done.
#pragma once

#include <string>
#include <vector>

#include "cli/rows.h"
#include "pipeline/market/run.h"

namespace penstock::cli {

class Session;
struct RunTarget;

// A row a run: sessions, symbols, rows read, accepted, rejected, in the dead-letter queue, seconds.
Rows ToRows(const std::vector<pipeline::RunReport>& reports);

// What a person would type next, in the place and at the provider of this run.
struct RunHints {
  std::string program = "penstock";
  std::string bucket = "lake";
  std::string target;  // " --demo", or nothing
};
RunHints HintsOf(const Session& session, const RunTarget& target);

// The same for people, with what was rejected by which rule, and what was already done.
std::string RenderRuns(const std::vector<pipeline::RunReport>& reports, const Terminal& terminal,
                       const RunHints& hints);

// "2017-08-11", "2012-08-13 … 2017-08-04".
std::string SpanText(Date from, Date to);

}  // namespace penstock::cli
