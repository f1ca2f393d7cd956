#include "workflow/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

namespace penstock::workflow {
namespace {

std::string ErrorNames(const Catcher& catcher) {
  if (catcher.error_equals.size() == 1) return catcher.error_equals.front();
  return fmt::format("{} errors", catcher.error_equals.size());
}

// "Task lambda:invoke", "Wait 10 s".
std::string DetailOf(const State& state) {
  std::string text(NameOf(state.type));
  constexpr std::string_view kPrefix = "arn:aws:states:::";
  if (state.type == StateType::kTask) {
    const std::string_view resource = state.resource;
    text += " ";
    text += resource.substr(0, kPrefix.size()) == kPrefix ? resource.substr(kPrefix.size())
                                                          : resource.substr(resource.rfind(':') + 1);
  }
  if (state.type == StateType::kWait && state.seconds) text += fmt::format(" {} s", *state.seconds);
  if (state.type == StateType::kFail && state.error) text += " " + *state.error;
  return text;
}

// Before the name, so that a status is seen without colours too.
std::string_view SignOf(StateStatus status) {
  switch (status) {
    case StateStatus::kNotEntered: return "";
    case StateStatus::kSucceeded: return "✓ ";
    case StateStatus::kCaught: return "! ";
    case StateStatus::kRunning: return "▶ ";
    case StateStatus::kAborted: return "■ ";
    case StateStatus::kFailed: return "✗ ";
  }
  return "";
}

class Builder {
 public:
  static GraphBlock Block(const Machine& machine, const std::string& key, bool outermost) {
    GraphBlock block;
    const int count = static_cast<int>(machine.states.size());
    for (const auto& state : machine.states) block.nodes.push_back(Node(state, key));
    if (outermost) {
      block.nodes.push_back(Marker(GraphNode::Kind::kStart, "Start"));
      block.nodes.push_back(Marker(GraphNode::Kind::kEnd, "End"));
      block.edges.push_back({count, machine.start});
    }
    for (int i = 0; i < count; ++i) {
      const State& state = machine.states[static_cast<size_t>(i)];
      for (const auto& choice : state.choices) Add(block, i, choice.next, false, "");
      if (state.next >= 0)
        Add(block, i, state.next, false, state.type == StateType::kChoice ? "default" : "");
      for (const auto& catcher : state.catchers) Add(block, i, catcher.next, true, ErrorNames(catcher));
      const bool ends = state.next < 0 && state.type != StateType::kChoice;
      if (outermost && ends) Add(block, i, count + 1, false, "");
    }
    return block;
  }

 private:
  // One line between two states, whatever the number of rules that lead there.
  static void Add(GraphBlock& block, int from, int to, bool caught, const std::string& label) {
    if (to < 0) return;
    const auto same = std::find_if(block.edges.begin(), block.edges.end(), [&](const GraphEdge& edge) {
      return edge.from == from && edge.to == to && edge.caught == caught;
    });
    if (same == block.edges.end())
      block.edges.push_back({from, to, caught, false, label, {}});
    else if (same->label.empty())
      same->label = label;
  }

  static GraphNode Marker(GraphNode::Kind kind, const char* name) {
    GraphNode node;
    node.kind = kind;
    node.lines = {name};
    return node;
  }

  static GraphNode Node(const State& state, const std::string& key) {
    GraphNode node;
    node.key = key + "/" + state.token;
    node.pointer = state.pointer;
    node.type = NameOf(state.type);
    node.lines = {state.name, DetailOf(state)};
    if (state.processor != nullptr) node.inner.push_back(Block(*state.processor, node.key, false));
    for (const auto& branch : state.branches) node.inner.push_back(Block(*branch, node.key, false));
    return node;
  }
};

// "/Map#1[37]/Fetch#2.1" as "/Map/Fetch", and whether it ends with an attempt.
struct Place {
  std::string key;
  std::string visit;  // the path without the attempt
  int64_t attempt = 0;
};

Place PlaceOf(const std::string& path) {
  Place place;
  bool in_name = true;
  size_t last_hash = std::string::npos;
  for (size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    if (c == '/') in_name = true, last_hash = std::string::npos;
    if (c == '#') last_hash = i;
    if (c == '#' || c == '[') in_name = false;
    if (in_name) place.key += c;
  }
  place.visit = path;
  if (last_hash == std::string::npos) return place;
  const size_t dot = path.find('.', last_hash);
  if (dot == std::string::npos || path.find('[', last_hash) != std::string::npos) return place;
  place.visit = path.substr(0, dot);
  place.attempt = std::atoll(path.c_str() + dot + 1);
  return place;
}

struct Visit {
  bool left = false, failed = false, aborted = false;
};

struct Tally {
  std::map<std::string, Visit> visits;
  StateProgress progress;
};

bool IsFailure(EventType type) {
  switch (type) {
    case EventType::kEvaluationFailed:
    case EventType::kTaskFailed:
    case EventType::kTaskTimedOut:
    case EventType::kLambdaFunctionFailed:
    case EventType::kLambdaFunctionTimedOut:
    case EventType::kMapStateFailed:
    case EventType::kMapRunFailed:
    case EventType::kParallelStateFailed: return true;
    default: return false;
  }
}

bool IsSuccess(EventType type) {
  return type == EventType::kTaskSucceeded || type == EventType::kLambdaFunctionSucceeded ||
         type == EventType::kMapStateSucceeded || type == EventType::kParallelStateSucceeded ||
         type == EventType::kMapRunSucceeded;
}

void Count(const HistoryEvent& event, std::unordered_map<std::string, Tally>& tallies) {
  // Each child execution of a distributed Map is one of its items, or a batch of them.
  if (!event.child.empty()) {
    StateProgress& map = tallies[PlaceOf(event.child).key].progress;
    map.items_done += event.type == EventType::kExecutionSucceeded ? 1 : 0;
    map.items_failed +=
        event.type == EventType::kExecutionFailed || event.type == EventType::kExecutionTimedOut ? 1 : 0;
  }
  if (event.path.empty() || event.path == event.child) return;
  const Place place = PlaceOf(event.path);
  Tally& tally = tallies[place.key];
  StateProgress& progress = tally.progress;
  switch (event.type) {
    case EventType::kMapStateStarted: progress.items += event.number; return;
    case EventType::kMapIterationSucceeded: ++progress.items_done; return;
    case EventType::kMapIterationFailed: ++progress.items_failed; return;
    case EventType::kTaskScheduled:
    case EventType::kLambdaFunctionScheduled: progress.retries += place.attempt > 1 ? 1 : 0; return;
    default: break;
  }
  const bool of_visit = event.type == EventType::kStateEntered || event.type == EventType::kStateExited ||
                        event.type == EventType::kStateAborted || IsFailure(event.type) ||
                        IsSuccess(event.type);
  if (!of_visit) return;
  Visit& visit = tally.visits[place.visit];
  if (event.type == EventType::kStateExited) visit.left = true;
  if (event.type == EventType::kStateAborted) visit.aborted = true;
  if (IsFailure(event.type)) visit.failed = true;
  if (IsSuccess(event.type)) visit.failed = false;
}

StateStatus StatusOf(const Visit& visit, ExecutionStatus execution, const std::string& type) {
  if (visit.left) return visit.failed ? StateStatus::kCaught : StateStatus::kSucceeded;
  if (visit.aborted) return StateStatus::kAborted;
  if (visit.failed || type == "Fail") return StateStatus::kFailed;
  switch (execution) {
    case ExecutionStatus::kRunning: return StateStatus::kRunning;
    case ExecutionStatus::kAborted: return StateStatus::kAborted;
    default: return StateStatus::kFailed;
  }
}

std::string Plural(int64_t n, const char* one, const char* more) {
  return fmt::format("{} {}", n, n == 1 ? one : more);
}

void Fill(std::unordered_map<std::string, Tally>& tallies, ExecutionStatus status, GraphBlock& block) {
  for (auto& node : block.nodes) {
    if (node.kind == GraphNode::Kind::kStart) node.progress.status = StateStatus::kSucceeded;
    if (node.kind == GraphNode::Kind::kEnd && status != ExecutionStatus::kRunning)
      node.progress.status =
          status == ExecutionStatus::kSucceeded ? StateStatus::kSucceeded : StateStatus::kFailed;
    for (auto& inner : node.inner) Fill(tallies, status, inner);
    const auto found = tallies.find(node.key);
    if (node.kind != GraphNode::Kind::kState || found == tallies.end()) continue;
    node.progress = found->second.progress;
    for (const auto& [path, visit] : found->second.visits)
      node.progress.status = std::max(node.progress.status, StatusOf(visit, status, node.type));
    node.progress.visits = static_cast<int64_t>(found->second.visits.size());
    std::vector<std::string> details;
    const auto& progress = node.progress;
    if (node.type == "Map") {
      details.push_back(fmt::format("{} of {} items", progress.items_done, progress.items));
      if (progress.items_failed > 0) details.push_back(fmt::format("{} failed", progress.items_failed));
    } else if (progress.visits > 1) {
      details.push_back(fmt::format("{} times", progress.visits));
    }
    if (progress.retries > 0) details.push_back(Plural(progress.retries, "retry", "retries"));
    const bool worth_a_word = progress.status != StateStatus::kSucceeded;
    if (worth_a_word) details.insert(details.begin(), std::string(NameOf(progress.status)));
    node.lines.front().insert(0, SignOf(progress.status));
    if (!details.empty()) node.lines.push_back(fmt::format("{}", fmt::join(details, ", ")));
  }
}

}  // namespace

std::string_view NameOf(StateStatus status) {
  switch (status) {
    case StateStatus::kNotEntered: return "not entered";
    case StateStatus::kSucceeded: return "succeeded";
    case StateStatus::kCaught: return "caught";
    case StateStatus::kRunning: return "running";
    case StateStatus::kAborted: return "aborted";
    case StateStatus::kFailed: return "failed";
  }
  return "";
}

GraphBlock GraphOf(const Machine& machine) { return Builder::Block(machine, "", true); }

void ShowProgress(const std::vector<HistoryEvent>& events, ExecutionStatus status, GraphBlock& graph) {
  std::unordered_map<std::string, Tally> tallies;
  for (const auto& event : events) Count(event, tallies);
  Fill(tallies, status, graph);
}

}  // namespace penstock::workflow
