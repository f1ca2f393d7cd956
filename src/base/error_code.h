// The one registry of error codes: name, HTTP status, exit code and the error
// name that a state machine's Retry and Catch see.
#pragma once

#include <string_view>

namespace penstock {

enum class ErrorCode {
  kOk,
  // The caller's fault: nothing was attempted.
  kUsage,          // a wrong flag or argument
  kConfiguration,  // a wrong pipeline folder, definition or environment
  // What the other side said.
  kNotFound,
  kAlreadyExists,
  kPreconditionFailed,  // a conditional write met another version
  kPermissionDenied,
  kUnauthenticated,
  kThrottled,    // a quota; retry after the hint
  kUnavailable,  // 5xx, reset, refused
  kTimeout,
  kRejectedByProvider,  // a final "no" of a provider (4xx that is none of the above)
  // Data.
  kInvalidData,  // bytes that are not what they should be
  kTooLarge,
  kCorrupt,  // our own file is damaged
  // This machine.
  kNoSpace,
  kReadOnly,
  kIo,
  kResourceExhausted,  // memory or another bound of ours
  // Work.
  kCancelled,
  kTaskFailed,
  kConflict,  // somebody else is doing it now
  kInternal,
};

struct ErrorCodeInfo {
  ErrorCode code;
  std::string_view name;      // stable, snake case; in logs and JSON
  int http_status;            // when we answer it over HTTP
  int exit_code;              // when it ends the command: 1 work failed, 2 usage or configuration
  std::string_view asl_name;  // what States.* or custom error name a Task fails with
  bool retryable;
};

const ErrorCodeInfo& InfoOf(ErrorCode code);
inline std::string_view NameOf(ErrorCode code) { return InfoOf(code).name; }

}  // namespace penstock
