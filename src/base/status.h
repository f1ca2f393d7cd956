// Errors as values. Everything that can fail returns Status or Result<T>.
//
// The text says what, where, why and what to do next, in that order; the
// runtime value ends the sentence. Callers act on ErrorCode, never on text.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error_code.h"

namespace penstock {

using arrow::Result;
using arrow::Status;

// What a failure carries beside its text. Survives ARROW_ASSIGN_OR_RAISE.
class ErrorDetail : public arrow::StatusDetail {
 public:
  explicit ErrorDetail(ErrorCode code) : code_(code) {}

  const char* type_id() const override { return "penstock::ErrorDetail"; }
  std::string ToString() const override;

  ErrorCode code() const { return code_; }

  // How long the other side asked us to wait before trying again.
  std::optional<std::chrono::milliseconds> retry_after;
  // The other side's name for the request, for a support case.
  std::string request_id;
  // What a person should do next; empty when the message already says it.
  std::string advice;

 private:
  ErrorCode code_;
};

// A failed Status with our code. `message`: what, where, why.
Status MakeError(ErrorCode code, std::string message, std::string advice = "");
Status MakeError(std::shared_ptr<ErrorDetail> detail, std::string message);

// The code of a status: ours where it has one, otherwise the nearest to
// Arrow's (its IOError is kIo, its Invalid kInvalidData). OK is kOk.
ErrorCode CodeOf(const Status& status);
const ErrorDetail* DetailOf(const Status& status);

// The advice of a status, empty when there is none.
std::string AdviceOf(const Status& status);

// Whether trying the same again may help.
bool IsRetryable(const Status& status);

// The same failure with `context: ` in front of its text; code and detail stay.
Status WithContext(const Status& status, std::string_view context);

// The message and the advice, for a person; without Arrow's code prefix.
std::string Describe(const Status& status);

// The only way to drop a failure. `why` is for the reader of the call.
inline void IgnoreError(const Status&, std::string_view why) { (void)why; }

}  // namespace penstock

#define PENSTOCK_CONCAT_(a, b) a##b
#define PENSTOCK_CONCAT(a, b) PENSTOCK_CONCAT_(a, b)
// Short names for Arrow's macros.
#define RETURN_IF_ERROR(expr) ARROW_RETURN_NOT_OK(expr)
#define ASSIGN_OR_RETURN(lhs, rexpr) ARROW_ASSIGN_OR_RAISE(lhs, rexpr)
