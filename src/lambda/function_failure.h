// How an invocation failed, in Lambda's words. Source: AWS Lambda developer guide, "Troubleshoot invocation
// issues", and the error types that Lambda's runtime API proxy reports.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace penstock::lambda {

struct FunctionFailure {
  enum class Kind {
    kHandler,   // the handler's own error
    kInit,      // it did not come to asking for its first invocation
    kEnded,     // its process ended before it answered
    kTimedOut,  // of the invocation; its process was killed
    kTooLarge,  // its answer, or the event
  };
  Kind kind = Kind::kHandler;
  std::string type;     // "ValueError", "Runtime.ExitError", "Sandbox.Timedout", …
  std::string message;  // the handler's own where it gave one
};

// TaskFailed for the handler's own error and a failed start, Unavailable for a process that ended, Timeout,
// TooLarge. `text`: what, where, why; the failure travels with it.
Status MakeFunctionFailure(FunctionFailure failure, std::string text, std::string advice = "");

// The failure behind a failed Status of this module; nothing for another (Cancelled, Io, …).
std::optional<FunctionFailure> FunctionFailureOf(const Status& status);

// What a client posts to /error: {"errorType", "errorMessage", "stackTrace"}, or anything. `header`: its
// Lambda-Runtime-Function-Error-Type, which says the type where the document does not.
FunctionFailure ReadErrorDocument(std::string_view body, std::string_view header);

}  // namespace penstock::lambda
