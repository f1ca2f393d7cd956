// Distributed Map: each item, or each batch of items, is a child execution with a history of its own, in a
// lane beside the parent's (Lane in journal.h).
//
// What a child leaves in the store, all with HistoryEvent::child = its path, "/Map#1[37]":
//   STANDARD  its whole history: ExecutionStarted, its states, ExecutionSucceeded or -Failed
//   EXPRESS   ExecutionStarted and its outcome, written together when it has ended
// and for the Map Run itself, at the path of the Map's attempt: MapRunItems, what an ItemReader read. A Map
// that is taken up again takes its items and the outcomes of its children from there.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/json_text.h"
#include "base/sha256.h"
#include "workflow/distributed_map.h"
#include "workflow/interpreter.h"

namespace penstock::workflow {
namespace {

// Where items that are read come from, as the context object says it. Source: developer guide, "Context
// object data for Map states".
std::string SourceOf(const ItemFormat& format, const json::value& arguments) {
  std::string source = "S3://" + GetStringOr(arguments, "Bucket", "").ValueOr("");
  if (format.source == ItemFormat::Source::kObject)
    source += "/" + GetStringOr(arguments, "Key", "").ValueOr("");
  return source;
}

// A UUID that is a function of `text`: the same when an execution is taken up again.
std::string StableUuid(const std::string& text) {
  const std::string hex = Sha256Hex(text);
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20, 12));
}

// "…:stateMachine:M" of a Map's label is "…:stateMachine:M/Label".
MapRunNames NamesOf(const ExecutionFacts& facts, const std::string& label, const std::string& path) {
  MapRunNames names;
  names.id = StableUuid(facts.id + path);
  const std::string arn = facts.state_machine_id.substr(0, facts.state_machine_id.find(":stateMachine:"));
  const std::string machine = fmt::format("{}/{}", facts.state_machine, label);
  names.map_run_arn = fmt::format("{}:mapRun:{}:{}", arn, machine, names.id);
  names.state_machine_arn = fmt::format("{}:stateMachine:{}", arn, machine);
  names.execution_prefix = fmt::format("{}:execution:{}:", arn, machine);
  return names;
}

Status ThresholdExceeded() {
  return MakeTaskError("States.ExceedToleratedFailureThreshold",
                       "The specified tolerated failure threshold was exceeded");
}

// The value of an amount; `type` is how its failure calls it ("integer", "float").
Result<double> ValueOf(const Amount& amount, const Scope& scope, std::string_view field,
                       std::string_view type) {
  if (amount.fixed) return *amount.fixed;
  json::value value;
  if (amount.path) {
    auto found = EvaluatePath(*amount.path, scope);
    if (!found.ok()) {
      return MakeTaskError("States.Runtime", fmt::format("Invalid path '{}' : {}", amount.path->text(),
                                                         found.status().message()));
    }
    value = *std::move(found);
  } else {
    ASSIGN_OR_RETURN(value, amount.computed->Evaluate(scope));
  }
  if (value.is_number() && (type == "float" || value.is_int64())) return value.to_number<double>();
  if (value.is_string()) {  // the service takes "2" as well
    const std::string text(value.get_string());
    char* end = nullptr;
    const double number = std::strtod(text.c_str(), &end);
    if (!text.empty() && end == text.c_str() + text.size() &&
        (type == "float" || number == std::floor(number)))
      return number;
  }
  const std::string shown =
      value.is_string() ? std::string(value.get_string()) : JsonText(value).substr(0, 200);
  return MakeTaskError(
      "States.Runtime",
      fmt::format("The {}{} field refers to value \"{}\" which is not a valid {}: {}", field,
                  amount.path ? "Path" : "", shown, type, amount.path ? amount.path->text() : field));
}

}  // namespace

// One attempt of a distributed Map.
struct Interpreter::MapRun {
  const DistributedMap& map;
  const std::string path;  // of the attempt
  MapRunNames names;
  json::value buffer;                  // holds what `items` points to, when it was made
  const json::array* items = nullptr;  // as they came
  // Of an ItemBatcher: the input of each batch, and how many items it has.
  std::vector<std::pair<json::value, int64_t>> batches;
  double tolerated_items = 0;
  std::vector<ChildOutcome> children;

  std::mutex mutex;
  int64_t failed_items = 0;
  std::string source = "STATE_DATA";  // MapItem::source
  bool exceeded() const { return static_cast<double>(failed_items) > tolerated_items; }
};

Result<json::value> Interpreter::AttemptDistributedMap(Visit& visit, const json::value& effective,
                                                       int attempt) {
  const State& state = visit.state;
  const DistributedMap& map = *state.distributed;
  const Scope scope = visit.scope.On(effective);
  MapRun run{map, AttemptPath(visit.path, attempt), {}, {}, nullptr, {}, 0, {}, {}, 0};
  run.names = NamesOf(context_.facts, map.label, run.path);
  if (!map.reader) {
    ASSIGN_OR_RETURN(run.items, ItemsOf(visit, effective, run.buffer));
  }
  ASSIGN_OR_RETURN(int64_t concurrency, ConcurrencyOf(visit, effective));
  if (state.processor->pure) concurrency = 1;  // nothing to wait for: threads would only cost

  HistoryEvent event;
  event.type = EventType::kMapStateStarted;
  event.path = run.path;
  event.name = state.name;
  event.number = run.items == nullptr ? 0 : static_cast<int64_t>(run.items->size());
  RETURN_IF_ERROR(Emit(visit.frame, event).status());

  double count = 0, percentage = 0;
  if (map.tolerated_count.given()) {
    const auto value = ValueOf(map.tolerated_count, scope, "ToleratedFailureCount", "integer");
    if (!value.ok()) return InState(visit, value.status());
    if (*value < 0)
      return InState(visit, MakeTaskError("States.Runtime", "ToleratedFailureCount cannot be negative."));
    count = *value;
  }
  if (map.tolerated_percentage.given()) {
    const auto value = ValueOf(map.tolerated_percentage, scope, "ToleratedFailurePercentage", "float");
    if (!value.ok()) return InState(visit, value.status());
    if (*value < 0 || *value > 100) {
      return InState(
          visit, MakeTaskError("States.Runtime", "ToleratedFailurePercentage must be between 0 and 100."));
    }
    percentage = *value;
  }

  visit.started = true;
  event.resource = run.names.map_run_arn;
  if (const auto* failed = context_.recorded.Find(EventType::kMapRunFailed, run.path)) {
    return MakeTaskError(failed->error, failed->cause);
  }
  // After a redrive the Map Run goes on under its own name.
  event.type = EventType::kMapRunStarted;
  const int64_t redrives = context_.recorded.redrives();
  const bool again = redrives > 0 && context_.recorded.Find(EventType::kMapRunStarted, run.path) != nullptr;
  RETURN_IF_ERROR(Emit(visit.frame, event).status());
  if (again) {
    event.type = EventType::kMapRunRedriven;
    event.number = redrives;
    RETURN_IF_ERROR(Emit(visit.frame, event).status());
  }
  const auto failed = [&](const Status& status) -> Status {
    if (!IsTaskError(status)) return status;
    event.type = EventType::kMapRunFailed;
    event.error = TaskErrorOf(status).error;
    event.cause = TaskErrorOf(status).cause;
    RETURN_IF_ERROR(Emit(visit.frame, event).status());
    return status;
  };

  if (const Status prepared = PrepareItems(visit, effective, run); !prepared.ok()) return failed(prepared);
  if (const Status prepared = PrepareBatches(visit, effective, run); !prepared.ok()) return failed(prepared);
  // Either threshold, when only one is given; the one that is reached first, when both are.
  const auto total = static_cast<double>(run.items->size());
  const double share = std::floor(total * percentage / 100);
  run.tolerated_items = !map.tolerated_percentage.given() ? count
                        : !map.tolerated_count.given()    ? share
                                                          : std::min(count, share);
  run.children.resize(map.batcher ? run.batches.size() : run.items->size());
  const Status forked = Fork(visit, run.path, run.children.size(), concurrency, [&](size_t i, Frame& frame) {
    return RunChild(visit, effective, run, i, frame);
  });
  if (!forked.ok() && !IsTaskError(forked)) {
    if (CodeOf(forked) == ErrorCode::kCancelled && context_.halt.reason() == Halt::Reason::kNone) {
      event.type = EventType::kMapRunAborted;
      RETURN_IF_ERROR(Emit(visit.frame, event).status());
    }
    return forked;
  }
  json::value result;
  const Status written = WriteResults(visit, effective, run, result);
  if (!forked.ok()) return failed(forked);
  if (!written.ok()) return failed(written);
  event.type = EventType::kMapRunSucceeded;
  RETURN_IF_ERROR(Emit(visit.frame, event).status());
  return result;
}

Status Interpreter::PrepareItems(Visit& visit, const json::value& effective, MapRun& run) {
  if (!run.map.reader) return Status::OK();
  const DistributedMap::Reader& reader = *run.map.reader;
  const Scope scope = visit.scope.On(effective);
  if (reader.arguments == nullptr) return MakeError(ErrorCode::kInternal, "an ItemReader without arguments");
  const auto arguments = reader.arguments->Evaluate(scope);
  if (!arguments.ok()) return InState(visit, arguments.status());
  run.source = SourceOf(reader.format, *arguments);
  if (const auto* known = context_.recorded.Find(EventType::kMapRunItems, run.path)) {
    ASSIGN_OR_RETURN(run.buffer, ParseJson(known->data));
    run.items = run.buffer.if_array();
    return run.items != nullptr
               ? Status::OK()
               : MakeError(ErrorCode::kCorrupt, "the items of a Map Run are no array: " + run.path);
  }
  double limit = 0;
  if (reader.max_items.given()) {
    auto value = ValueOf(reader.max_items, scope, "MaxItems", "integer");
    if (!value.ok()) return InState(visit, value.status());
    limit = *value;
  }
  if (limit < 0) return MakeTaskError("States.ItemReaderFailed", "field MaxItems must be positive");
  const int64_t max_items = limit == 0 ? kMaxItems : static_cast<int64_t>(std::min<double>(limit, kMaxItems));
  ASSIGN_OR_RETURN(json::array items, ReadItems(reader.format, *arguments, max_items, context_.sources));
  run.buffer = std::move(items);
  run.items = run.buffer.if_array();
  // Kept: what is read again later may be something else, and then children would change places.
  HistoryEvent event;
  event.type = EventType::kMapRunItems;
  event.path = run.path;
  event.number = static_cast<int64_t>(run.items->size());
  event.data = JsonText(run.buffer);
  Lane lane{run.path, 0, {}, true};
  return context_.journal.Append(std::move(event), &lane).status();
}

// Items in their order, as many as fit; one that is larger than a batch may be is alone in its own.
Status Interpreter::PrepareBatches(Visit& visit, const json::value& effective, MapRun& run) {
  if (!run.map.batcher) return Status::OK();
  const DistributedMap::Batcher& batcher = *run.map.batcher;
  const Scope scope = visit.scope.On(effective);
  const auto amount = [&](const Amount& given, std::string_view field, double fallback) -> Result<double> {
    if (!given.given()) return fallback;
    auto value = ValueOf(given, scope, field, "integer");
    if (!value.ok()) return InState(visit, value.status());
    if (*value >= 1) return value;
    return InState(visit, MakeTaskError("States.Runtime", fmt::format("{} must be positive.", field)));
  };
  const auto largest = static_cast<double>(context_.max_payload_bytes);
  ASSIGN_OR_RETURN(const double max_items, amount(batcher.max_items, "MaxItemsPerBatch", 1e18));
  ASSIGN_OR_RETURN(double max_bytes, amount(batcher.max_bytes, "MaxInputBytesPerBatch", largest));
  max_bytes = std::min(max_bytes, largest);
  json::value common;
  if (batcher.input != nullptr) {
    auto made = batcher.input->Evaluate(scope);
    if (!made.ok()) return InState(visit, made.status());
    common = *std::move(made);
  }
  json::object empty;
  if (batcher.input != nullptr) empty["BatchInput"] = common;
  empty["Items"] = json::array();
  const auto overhead = static_cast<double>(JsonText(empty).size());
  json::array current;
  double bytes = overhead;
  const auto close = [&] {
    if (current.empty()) return;
    json::object input = empty;
    const auto items = static_cast<int64_t>(current.size());
    input["Items"] = std::exchange(current, {});
    run.batches.emplace_back(std::move(input), items);
    bytes = overhead;
  };
  for (size_t i = 0; i < run.items->size(); ++i) {
    ASSIGN_OR_RETURN(json::value item, InputOfChild(visit, visit.frame, effective, run, i));
    const auto size = static_cast<double>(JsonText(item).size()) + (current.empty() ? 0 : 1);
    if (!current.empty() && (static_cast<double>(current.size()) >= max_items || bytes + size > max_bytes))
      close();
    bytes += size;
    current.push_back(std::move(item));
  }
  close();
  return Status::OK();
}

// The item itself, or what ItemSelector makes of it.
Result<json::value> Interpreter::InputOfChild(Visit& visit, Frame& frame, const json::value& effective,
                                              const MapRun& run, size_t i) {
  if (visit.state.item_selector == nullptr) return (*run.items)[i];
  const MapItem item{static_cast<int64_t>(i), &(*run.items)[i], run.source};
  const ContextObject context(context_.facts, visit.state.name, visit.entered, &item);
  StatesObject states(effective, context);
  Scope scope = visit.scope.On(effective);
  scope.context = &context;
  if (visit.states) scope.states = &states;
  auto made = visit.state.item_selector->Evaluate(scope);
  if (!made.ok()) return InState(visit, frame, made.status());
  return made;
}

// Fails only when the Map Run as a whole does.
Status Interpreter::RunChild(Visit& visit, const json::value& effective, MapRun& run, size_t i,
                             Frame& frame) {
  const std::string& path = frame.prefix;
  const Recorded& recorded = context_.recorded;
  ChildOutcome& child = run.children[i];
  child.items = run.map.batcher ? run.batches[i].second : 1;
  child.name = StableUuid(run.names.execution_prefix + path);
  child.started = true;
  const bool with_details =
      run.map.writer && (run.map.writer->arguments != nullptr ||
                         run.map.writer->format.transformation == ResultFormat::Transformation::kNone);
  json::value input;
  if (run.map.batcher) {
    input = run.batches[i].first;
  } else {
    ASSIGN_OR_RETURN(input, InputOfChild(visit, frame, effective, run, i));
  }
  HistoryEvent event;
  event.path = path;
  event.name = child.name;
  event.data = JsonText(input);
  if (event.data.size() > context_.max_payload_bytes) {
    return MakeTaskError(
        "States.DataLimitExceeded",
        fmt::format("The state/task '{}' returned a result with a size exceeding the maximum "
                    "number of bytes service limit.",
                    visit.state.name));
  }
  if (with_details) child.input = event.data;

  Lane lane{path, recorded.LastIdOf(path), recorded.last_time(), !run.map.express};
  if (const auto* known = recorded.Find(EventType::kExecutionStarted, path)) child.start = known->timestamp;
  const HistoryEvent* ended = nullptr;
  for (const EventType type : {EventType::kExecutionSucceeded, EventType::kExecutionFailed}) {
    if (ended == nullptr) ended = recorded.Find(type, path);
  }
  if (ended != nullptr) {
    child.stop = ended->timestamp;
    child.error = ended->error;
    child.cause = ended->cause;
    child.status = ended->type == EventType::kExecutionSucceeded ? ExecutionStatus::kSucceeded
                                                                 : ExecutionStatus::kFailed;
    if (child.status == ExecutionStatus::kSucceeded) {
      ASSIGN_OR_RETURN(child.output, ParseJson(ended->data));
    }
  } else {
    ExecutionFacts facts;
    facts.name = child.name;
    facts.id = run.names.execution_prefix + child.name;
    facts.role_arn = context_.facts.role_arn;
    facts.state_machine = fmt::format("{}/{}", context_.facts.state_machine, run.map.label);
    facts.state_machine_id = run.names.state_machine_arn;
    facts.input = input;
    facts.depth = context_.facts.depth;
    facts.redrive_count = recorded.redrives();
    facts.redrive_time = context_.facts.redrive_time;
    event.type = EventType::kExecutionStarted;
    event.number = child.items;
    HistoryEvent first = event;
    Frame own;
    own.prefix = path;
    own.stop = frame.stop;
    own.last_effect = frame.last_effect;
    own.last_event = 1;
    if (child.start == TimePoint{}) {
      ASSIGN_OR_RETURN(const EventRef ref, context_.journal.Append(std::move(first), &lane));
      child.start = ref.timestamp;
    }
    facts.start_time = FormatTimestamp(child.start);
    const InterpreterContext child_context{context_.definition,
                                           facts,
                                           context_.recorded,
                                           context_.journal,
                                           context_.tasks,
                                           context_.clock,
                                           context_.random,
                                           context_.watch,
                                           context_.halt,
                                           context_.max_parallel,
                                           context_.max_payload_bytes,
                                           context_.deadline,
                                           &lane,
                                           context_.store,
                                           context_.tokens,
                                           context_.sources,
                                           context_.nested};
    auto result = Interpreter(child_context).RunMachine(*visit.state.processor, own, std::move(input));
    frame.last_effect = std::max(frame.last_effect, own.last_effect);
    if (!result.ok() && !IsTaskError(result.status())) {
      if (CodeOf(result.status()) != ErrorCode::kCancelled || context_.halt.reason() != Halt::Reason::kNone)
        return result.status();
      child.error.clear();  // stopped with the Map Run: its status stays running
    }
    HistoryEvent last;
    last.path = path;
    last.previous_id = own.last_event;
    if (result.ok()) {
      child.status = ExecutionStatus::kSucceeded;
      last.type = EventType::kExecutionSucceeded;
      last.data = JsonText(*result);
      child.output = *std::move(result);
    } else if (IsTaskError(result.status())) {
      child.status = ExecutionStatus::kFailed;
      last.type = EventType::kExecutionFailed;
      last.error = child.error = TaskErrorOf(result.status()).error;
      last.cause = child.cause = TaskErrorOf(result.status()).cause;
    } else {
      last.type = EventType::kExecutionAborted;
    }
    if (run.map.express) {  // now, both at once
      lane = Lane{path, recorded.LastIdOf(path), child.start, true};
      event.timestamp = child.start;
      RETURN_IF_ERROR(context_.journal.Append(std::move(event), &lane).status());
      last.previous_id = lane.last_id;
    }
    ASSIGN_OR_RETURN(const EventRef ref, context_.journal.Append(std::move(last), &lane));
    child.stop = ref.timestamp;
    if (child.status == ExecutionStatus::kRunning) return result.status();
  }
  if (child.status == ExecutionStatus::kSucceeded) return Status::OK();
  std::lock_guard lock(run.mutex);
  run.failed_items += child.items;
  return run.exceeded() ? ThresholdExceeded() : Status::OK();
}

Status Interpreter::WriteResults(Visit& visit, const json::value& effective, MapRun& run,
                                 json::value& result) {
  if (!run.map.writer) {
    result = TransformResults(run.children, {ResultFormat::Transformation::kCompact, false}, run.names);
    return Status::OK();
  }
  const DistributedMap::Writer& writer = *run.map.writer;
  if (writer.arguments == nullptr) {
    result = TransformResults(run.children, writer.format, run.names);
    return Status::OK();
  }
  for (size_t i = 0; i < run.children.size(); ++i) {  // those that did not begin
    ChildOutcome& child = run.children[i];
    if (child.started) continue;
    child.name = StableUuid(fmt::format("{}{}[{}]", run.names.execution_prefix, run.path, i));
    auto input = run.map.batcher ? Result<json::value>(run.batches[i].first)
                                 : InputOfChild(visit, visit.frame, effective, run, i);
    if (input.ok()) child.input = JsonText(*input);
  }
  const Scope scope = visit.scope.On(effective);
  auto arguments = writer.arguments->Evaluate(scope);
  if (!arguments.ok()) return InState(visit, arguments.status());
  const auto bucket = GetString(*arguments, "Bucket");
  const auto prefix = GetStringOr(*arguments, "Prefix", "");
  if (!bucket.ok() || !prefix.ok()) {
    return MakeTaskError("States.ResultWriterFailed",
                         "ResultWriter needs a Bucket, and a Prefix that is a text");
  }
  auto store = context_.sources.bucket
                   ? context_.sources.bucket(*bucket)
                   : Result<store::ObjectStore*>(MakeError(ErrorCode::kNotFound, "no buckets here"));
  if (!store.ok()) {
    return MakeTaskError("States.ResultWriterFailed", "The specified bucket does not exist: " + *bucket);
  }
  ASSIGN_OR_RETURN(result, ExportResults(**store, *bucket, *prefix, run.children, writer.format, run.names));
  return Status::OK();
}

}  // namespace penstock::workflow
