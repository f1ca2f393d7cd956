#include "serve/schedule_store.h"

namespace penstock::serve {

std::string_view NameOf(RunState state) {
  switch (state) {
    case RunState::kClaimed: return "claimed";
    case RunState::kStarted: return "started";
    case RunState::kDone: return "done";
  }
  return "";
}

std::string_view NameOf(RunResult result) {
  switch (result) {
    case RunResult::kSucceeded: return "succeeded";
    case RunResult::kIncomplete: return "incomplete";
    case RunResult::kFailed: return "failed";
  }
  return "";
}

}  // namespace penstock::serve
