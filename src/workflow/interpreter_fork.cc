// Map and Parallel: several lines of states at once.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include "base/json_text.h"
#include "workflow/interpreter.h"

namespace penstock::workflow {

Status Interpreter::Fork(Visit& visit, const std::string& prefix, size_t count, int64_t threads,
                         const std::function<Status(size_t, Frame&)>& work) {
  Frame& parent = visit.frame;
  std::stop_source stop;
  const std::stop_callback with_parent(parent.stop, [&] { stop.request_stop(); });
  const int64_t origin = parent.last_event;
  std::mutex mutex;
  Status failure;  // the first one that is more than the echo of another
  int64_t last_effect = parent.last_effect;
  std::atomic<size_t> next{0};
  const auto loop = [&] {
    for (size_t i = next++; i < count && !stop.stop_requested(); i = next++) {
      Frame frame;
      const fmt::format_int index(i);
      frame.prefix.reserve(prefix.size() + index.size() + 2);
      frame.prefix.append(prefix).append("[").append(index.data(), index.size()).append("]");
      frame.item = parent.item;
      frame.stop = stop.get_token();
      frame.last_event = origin;
      frame.last_effect = parent.last_effect;
      frame.variables = Variables(&parent.variables);
      const Status status = work(i, frame);
      std::lock_guard lock(mutex);
      last_effect = std::max(last_effect, frame.last_effect);
      if (status.ok()) continue;
      if (failure.ok() ||
          (CodeOf(failure) == ErrorCode::kCancelled && CodeOf(status) != ErrorCode::kCancelled)) {
        failure = status;
      }
      stop.request_stop();
    }
  };
  const auto workers = std::min<int64_t>(threads, static_cast<int64_t>(count)) - 1;
  std::vector<std::jthread> pool;
  for (int64_t i = 0; i < workers; ++i) pool.emplace_back(loop);
  loop();
  for (auto& thread : pool) thread.join();
  parent.last_effect = last_effect;
  if (failure.ok()) return CheckHalt(parent);
  // A machinery's failure in one branch stops them all, whatever else failed.
  if (context_.halt.reason() != Halt::Reason::kNone)
    return MakeError(ErrorCode::kCancelled, "the execution was stopped");
  return failure;
}

Result<const json::array*> Interpreter::ItemsOf(const Visit& visit, const json::value& effective,
                                                json::value& buffer) const {
  const State& state = visit.state;
  const json::value* items = &effective;
  if (state.items != nullptr) {
    auto made = state.items->Evaluate(visit.scope);
    if (!made.ok()) return InState(visit, made.status());
    buffer = *std::move(made);
    items = &buffer;
  } else if (state.items_path.path) {
    auto found = EvaluatePath(*state.items_path.path, visit.scope.On(effective));
    if (!found.ok()) {
      return InState(visit, MakeTaskError("States.Runtime",
                                          fmt::format("Invalid path '{}' : {}", state.items_path.path->text(),
                                                      found.status().message())));
    }
    buffer = *std::move(found);
    items = &buffer;
  }
  if (const json::array* array = items->if_array()) return array;
  if (visit.states) {
    return InState(
        visit,
        MakeQueryError(fmt::format("The JSONata expression '{}' specified for the field 'Items' returned an "
                                   "unexpected result type. Expected 'array', but was '{}' for value: {}",
                                   state.items == nullptr ? "$states.input" : state.items->text(),
                                   JsonTypeName(*items), JsonText(*items)),
                       "Items"));
  }
  return InState(visit,
                 MakeTaskError("States.Runtime",
                               fmt::format("Reference path \"{}\" must point to array.",
                                           state.items_path.path ? state.items_path.path->text() : "$")));
}

Result<int64_t> Interpreter::ConcurrencyOf(const Visit& visit, const json::value& effective) const {
  const State& state = visit.state;
  int64_t concurrency = state.max_concurrency;
  if (state.max_concurrency_path) {
    const auto value =
        SecondsFrom(*state.max_concurrency_path, visit.scope.On(effective), "MaxConcurrencyPath");
    if (!value.ok()) return InState(visit, value.status());
    concurrency = *value;
  } else if (state.max_concurrency_query) {
    const auto value = SecondsFrom(*state.max_concurrency_query, visit.scope);
    if (!value.ok()) return InState(visit, value.status());
    concurrency = *value;
  }
  return concurrency == 0 ? context_.max_parallel : concurrency;
}

Result<json::value> Interpreter::AttemptMap(Visit& visit, const json::value& effective, int attempt) {
  if (visit.state.distributed != nullptr) return AttemptDistributedMap(visit, effective, attempt);
  const State& state = visit.state;
  const std::string path = AttemptPath(visit.path, attempt);
  json::value buffer;
  ASSIGN_OR_RETURN(const json::array* array, ItemsOf(visit, effective, buffer));
  ASSIGN_OR_RETURN(int64_t concurrency, ConcurrencyOf(visit, effective));
  if (state.processor->pure) concurrency = 1;  // nothing to wait for: threads would only cost

  HistoryEvent started;
  started.type = EventType::kMapStateStarted;
  started.path = path;
  started.name = state.name;
  started.number = static_cast<int64_t>(array->size());
  RETURN_IF_ERROR(Emit(visit.frame, std::move(started)).status());
  visit.started = true;
  if (const auto* failed = context_.recorded.FailedIteration(path))
    return MakeTaskError(failed->error, failed->cause);

  json::array results(array->size());
  RETURN_IF_ERROR(Fork(visit, path, array->size(), concurrency, [&](size_t i, Frame& frame) -> Status {
    const auto index = static_cast<int64_t>(i);
    ASSIGN_OR_RETURN(json::value output, RunIteration(visit, effective, frame, (*array)[i], index));
    results[i] = std::move(output);
    return Status::OK();
  }));
  return json::value(std::move(results));
}

Result<json::value> Interpreter::RunIteration(Visit& visit, const json::value& effective, Frame& frame,
                                              const json::value& item, int64_t index) {
  const State& state = visit.state;
  const MapItem current{index, &item};
  frame.item = &current;
  HistoryEvent event;
  event.type = EventType::kMapIterationStarted;
  event.path = frame.prefix;
  event.name = state.name;
  event.number = index;
  RETURN_IF_ERROR(Emit(frame, event).status());

  Result<json::value> result = state.item_selector == nullptr ? item : json::value();
  if (state.item_selector != nullptr) {
    const ContextObject context(context_.facts, state.name, visit.entered, &current);
    StatesObject states(effective, context);
    Scope scope = visit.scope.On(effective);
    scope.context = &context;
    if (visit.states) scope.states = &states;
    result = state.item_selector->Evaluate(scope);
    if (!result.ok()) result = InState(visit, frame, result.status());
  }
  if (result.ok()) result = RunMachine(*state.processor, frame, *std::move(result));

  if (result.ok()) {
    event.type = EventType::kMapIterationSucceeded;
  } else if (IsTaskError(result.status())) {
    event.type = EventType::kMapIterationFailed;
    event.error = TaskErrorOf(result.status()).error;
    event.cause = TaskErrorOf(result.status()).cause;
  } else if (CodeOf(result.status()) == ErrorCode::kCancelled &&
             context_.halt.reason() == Halt::Reason::kNone) {
    event.type = EventType::kMapIterationAborted;
  } else {
    return result;
  }
  RETURN_IF_ERROR(Emit(frame, std::move(event)).status());
  return result;
}

Result<json::value> Interpreter::AttemptParallel(Visit& visit, const json::value& effective, int attempt) {
  const State& state = visit.state;
  const std::string path = AttemptPath(visit.path, attempt);
  HistoryEvent started;
  started.type = EventType::kParallelStateStarted;
  started.path = path;
  started.name = state.name;
  RETURN_IF_ERROR(Emit(visit.frame, std::move(started)).status());
  visit.started = true;

  const bool pure = std::all_of(state.branches.begin(), state.branches.end(),
                                [](const std::unique_ptr<Machine>& branch) { return branch->pure; });
  json::array results(state.branches.size());
  // Every branch at once, whatever the engine's limit: a branch may wait for what another one does.
  const auto threads = pure ? 1 : static_cast<int64_t>(state.branches.size());
  RETURN_IF_ERROR(Fork(visit, path, state.branches.size(), threads, [&](size_t i, Frame& frame) -> Status {
    ASSIGN_OR_RETURN(json::value output, RunMachine(*state.branches[i], frame, effective));
    results[i] = std::move(output);
    return Status::OK();
  }));
  return json::value(std::move(results));
}

}  // namespace penstock::workflow
