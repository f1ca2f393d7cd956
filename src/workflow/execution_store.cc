#include "workflow/execution_store.h"

#include <array>
#include <utility>

namespace penstock::workflow {
namespace {

constexpr std::array kNames{std::pair{ExecutionStatus::kRunning, std::string_view("RUNNING")},
                            std::pair{ExecutionStatus::kSucceeded, std::string_view("SUCCEEDED")},
                            std::pair{ExecutionStatus::kFailed, std::string_view("FAILED")},
                            std::pair{ExecutionStatus::kTimedOut, std::string_view("TIMED_OUT")},
                            std::pair{ExecutionStatus::kAborted, std::string_view("ABORTED")}};

}  // namespace

std::string_view NameOf(ExecutionStatus status) { return kNames[static_cast<size_t>(status)].second; }

Result<ExecutionStatus> ParseExecutionStatus(std::string_view name) {
  for (const auto& [status, text] : kNames) {
    if (text == name) return status;
  }
  return MakeError(ErrorCode::kInvalidData,
                   "not a status (RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED): " + std::string(name));
}

}  // namespace penstock::workflow
