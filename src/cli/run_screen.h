// What `run` shows when it is done.
#pragma once

#include <string>
#include <vector>

#include "cli/rows.h"
#include "pipeline/run.h"

namespace penstock::cli {

// A row a run: sessions, symbols, rows read, accepted, rejected, in the dead-letter queue, seconds.
Rows ToRows(const std::vector<pipeline::RunReport>& reports);

// The same for people, with what was rejected by which rule, and what was already done.
std::string RenderRuns(const std::vector<pipeline::RunReport>& reports, const Terminal& terminal);

// "2017-08-11", "2012-08-13 … 2017-08-04".
std::string SpanText(Date from, Date to);

}  // namespace penstock::cli
