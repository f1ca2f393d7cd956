// The replay server inside this process, and the days that a pipeline's demo runs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/date_set.h"
#include "base/status.h"

namespace penstock {
class Clock;
class Logger;
namespace pipeline {
struct Pipeline;
}
namespace source {
class ReplayServer;
}
}  // namespace penstock

namespace penstock::cli {

// The recorded data: PENSTOCK_DATA, ./data, or beside the binary. Configuration: not there.
Result<std::string> FindDataFolder();

Result<std::unique_ptr<source::ReplayServer>> StartDemoServer(const pipeline::Pipeline& pipeline,
                                                              const Clock& clock);

// For the days of the demo: symbols of which answers are recorded, though the symbol file has them no longer
// (demo.symbols), and no history before its first day.
void PrepareDemo(pipeline::Pipeline& pipeline);

// One backfill of all but the last `demo.daily` sessions, then these one by one, as the schedule would have
// run them. Configuration: the pipeline has no demo.
Result<std::vector<DateRange>> DemoDays(const pipeline::Pipeline& pipeline);

}  // namespace penstock::cli
