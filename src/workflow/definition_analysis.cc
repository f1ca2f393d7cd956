#include "workflow/definition_analysis.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_map>

namespace penstock::workflow {
namespace {

std::vector<bool> ReachableOf(const OutlineMachine& machine) {
  std::vector<bool> reached(machine.states.size(), false);
  std::vector<int> open;
  const auto enter = [&](int state) {
    if (state < 0 || reached[static_cast<size_t>(state)]) return;
    reached[static_cast<size_t>(state)] = true;
    open.push_back(state);
  };
  enter(machine.start);
  while (!open.empty()) {
    const auto& state = machine.states[static_cast<size_t>(open.back())];
    open.pop_back();
    for (const auto& transition : state.transitions) enter(transition.to);
  }
  return reached;
}

// Whether each state can come to an end: to a terminal state, or to a transition that is broken (another
// fault tells of it).
std::vector<bool> EndingOf(const OutlineMachine& machine) {
  std::vector<std::vector<int>> before(machine.states.size());
  std::vector<bool> ends(machine.states.size(), false);
  std::vector<int> open;
  for (size_t i = 0; i < machine.states.size(); ++i) {
    const auto& state = machine.states[i];
    bool here = state.terminal || state.transitions.empty();
    for (const auto& transition : state.transitions) {
      if (transition.to < 0)
        here = true;
      else
        before[static_cast<size_t>(transition.to)].push_back(static_cast<int>(i));
    }
    if (!here) continue;
    ends[i] = true;
    open.push_back(static_cast<int>(i));
  }
  while (!open.empty()) {
    const auto at = static_cast<size_t>(open.back());
    open.pop_back();
    for (const int state : before[at]) {
      if (ends[static_cast<size_t>(state)]) continue;
      ends[static_cast<size_t>(state)] = true;
      open.push_back(state);
    }
  }
  return ends;
}

// Follows transitions among states that never end until one comes again.
std::vector<int> LoopFrom(const OutlineMachine& machine, int from) {
  std::unordered_map<int, size_t> seen;
  std::vector<int> path;
  for (int at = from; seen.emplace(at, path.size()).second;) {
    path.push_back(at);
    at = machine.states[static_cast<size_t>(at)].transitions.front().to;
  }
  const int again = machine.states[static_cast<size_t>(path.back())].transitions.front().to;
  path.erase(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(seen[again]));
  return path;
}

void FindLoops(const OutlineMachine& machine, const std::vector<bool>& reached,
               std::vector<Diagnostic>& out) {
  const std::vector<bool> ends = EndingOf(machine);
  std::vector<bool> told(machine.states.size(), false);
  for (size_t i = 0; i < machine.states.size(); ++i) {
    if (ends[i] || !reached[i] || told[i]) continue;
    const std::vector<int> loop = LoopFrom(machine, static_cast<int>(i));
    bool new_one = true;
    bool may_fail = false;
    std::string names;
    for (const int at : loop) {
      const auto& state = machine.states[static_cast<size_t>(at)];
      new_one = new_one && !told[static_cast<size_t>(at)];
      told[static_cast<size_t>(at)] = true;
      may_fail = may_fail || state.type == "Task" || state.type == "Map" || state.type == "Parallel";
      if (names.size() < 200) names += fmt::format("{} → ", state.name);
    }
    told[i] = true;
    if (!new_one) continue;
    const auto& first = machine.states[static_cast<size_t>(loop.front())];
    out.push_back({first.pointer, 1, "LOOP_WITHOUT_EXIT",
                   fmt::format("The loop {}{} {}", names, first.name,
                               may_fail ? "is left by a failure only" : "is never left"),
                   Severity::kWarning,
                   "add a Choice state that leaves it; an execution ends with an error at 25,000 events"});
  }
}

}  // namespace

void AnalyseTransitions(const std::vector<OutlineMachine>& outline, std::vector<Diagnostic>& out) {
  std::unordered_map<std::string_view, const OutlineState*> names;
  for (size_t m = 0; m < outline.size(); ++m) {
    const OutlineMachine& machine = outline[m];
    for (const auto& state : machine.states) {
      const auto [first, is_new] = names.emplace(state.name, &state);
      if (!is_new) {
        out.push_back({state.pointer, 1, "DUPLICATE_STATE_NAME",
                       fmt::format("Duplicate State name: {}", state.name), Severity::kError,
                       fmt::format("rename it; the other one is {}", first->second->pointer)});
      }
    }
    if (machine.states.empty() || !machine.starts) continue;
    const bool ends = std::any_of(machine.states.begin(), machine.states.end(),
                                  [](const OutlineState& state) { return state.terminal; });
    // As on AWS: only the document's own machine must have a terminal state, and without one nothing is said
    // of reachability.
    if (!ends && m == 0) {
      out.push_back({"", 1, "MISSING_END_STATE", "Workflow has no terminal state", Severity::kError,
                     "give one state \"End\": true, or go on to a Succeed or Fail state"});
      continue;
    }
    const std::vector<bool> reached = ReachableOf(machine);
    for (size_t i = 0; i < machine.states.size(); ++i) {
      if (reached[i]) continue;
      const auto& state = machine.states[i];
      out.push_back({state.pointer, 1, "MISSING_TRANSITION_TARGET",
                     fmt::format("State \"{}\" is not reachable.", state.name), Severity::kError,
                     "remove it, or name it in a Next, Default or Catch"});
    }
    FindLoops(machine, reached, out);
  }
}

}  // namespace penstock::workflow
