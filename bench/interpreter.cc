#include "interpreter.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "base/clock.h"
#include "base/random.h"
#include "workflow/engine.h"
#include "workflow/function_tasks.h"
#include "workflow/memory_execution_store.h"
#include "workflow/sqlite_execution_store.h"

namespace penstock {
namespace {

// The definition of bench/peers/interpreter.js and .py.
std::string Machine(bool distributed) {
  return std::string(R"({"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{)") +
         (distributed ? R"("ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},)" : "") +
         R"("StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}}}})";
}

}  // namespace

Status RunInterpreter(const std::string& how, const std::string& folder, int64_t items) {
  if (how != "memory" && how != "durable" && how != "distributed") {
    return MakeError(ErrorCode::kUsage, "memory, durable or distributed, not " + how);
  }
  SystemClock clock;
  Random random(1);
  workflow::MemoryExecutionStore memory;
  std::unique_ptr<workflow::SqliteExecutionStore> durable;
  if (how != "memory") {
    ASSIGN_OR_RETURN(durable, workflow::SqliteExecutionStore::Open(folder + "/state.db"));
  }
  workflow::ExecutionStore& store =
      durable == nullptr ? static_cast<workflow::ExecutionStore&>(memory) : *durable;
  workflow::FunctionTasks tasks([](const workflow::TaskRequest& request,
                                   std::stop_token) -> Result<json::value> { return request.input; });
  workflow::EngineOptions options;
  options.max_events = 100 * items;
  options.max_payload_bytes = 64 << 20;
  workflow::Engine engine(store, tasks, clock, random, Logger(), options);
  json::array input;
  for (int64_t i = 0; i < items; ++i) input.emplace_back(json::object{{"n", i}});
  const auto begin = std::chrono::steady_clock::now();
  ASSIGN_OR_RETURN(const auto ended,
                   engine.Run({"bench", "bench", Machine(how == "distributed"), std::move(input)}));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  if (ended.status != workflow::ExecutionStatus::kSucceeded ||
      static_cast<int64_t>(ended.output.as_array().size()) != items) {
    return MakeError(ErrorCode::kInternal, ended.error + ": " + ended.cause);
  }
  fmt::print("{{\"items\": {}, \"seconds\": {:.4f}, \"transitions_per_second\": {:.0f}}}\n", items,
             took.count(), static_cast<double>(items + 1) / took.count());
  return Status::OK();
}

}  // namespace penstock
