// The machines, states and transitions of a definition's JSON, faults and all: what the checks over a whole
// definition walk. Views into the document, which outlives it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace penstock::workflow {

// One place that names a next state: Next, Default, Next of a choice rule or of a catcher.
struct OutlineTransition {
  std::string pointer;
  int to = -1;  // position in OutlineMachine::states; -1: no such state
};

struct OutlineState {
  std::string_view name;
  std::string pointer;
  const json::object* fields = nullptr;
  std::string_view type;  // as written; empty: none
  bool jsonata = false;   // its own QueryLanguage, else the document's
  bool terminal = false;  // End, Succeed, Fail
  std::vector<OutlineTransition> transitions;
  std::vector<int> inner;  // machines of its branches or of its item processor: positions in the outline
};

struct OutlineMachine {
  std::string pointer;
  bool starts = false;  // StartAt is there
  int start = -1;       // -1: it names no state
  std::vector<OutlineState> states;
};

// The document's own machine first. Empty when it is no object. The document is at most 100 levels deep.
std::vector<OutlineMachine> OutlineOf(const json::value& document);

}  // namespace penstock::workflow
