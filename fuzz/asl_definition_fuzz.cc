// A definition of any bytes: either faults are reported, each with its place, or it runs to an end within its
// limits.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "workflow/case_tasks.h"
#include "workflow/engine.h"
#include "workflow/memory_execution_store.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock;
  using namespace penstock::workflow;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto faults = Validate(text);
  bool refused = false;
  for (const auto& fault : faults) {
    if (fault.line < 1 || fault.column < 1 || fault.code.empty() || fault.message.empty()) std::abort();
    refused = refused || fault.severity == Severity::kError;
  }
  if (refused == ParseDefinition(text).ok()) std::abort();
  // An Express workflow may call less, never more.
  if (Validate(text, MachineType::kExpress).size() < faults.size()) std::abort();
  if (refused) return 0;
  ManualClock clock(TimePoint{});
  Random random(1);
  CaseTasks tasks({}, clock);
  MemoryExecutionStore store;
  EngineOptions options;
  options.max_events = 200;
  options.commit_interval_ms = 0;
  Engine engine(store, tasks, clock, random, Logger(), options);
  const auto run = engine.Run({"fuzz", "machine", text, json::value{{"a", {1, 2, 3}}, {"b", "text"}}});
  if (!run.ok() || run->status == ExecutionStatus::kRunning) std::abort();
  if (engine.History("fuzz")->size() > 200) std::abort();
  return 0;
}
