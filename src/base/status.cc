#include "base/status.h"

#include <memory>
#include <utility>

namespace penstock {
namespace {

arrow::StatusCode ArrowCodeOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound: return arrow::StatusCode::KeyError;
    case ErrorCode::kAlreadyExists: return arrow::StatusCode::AlreadyExists;
    case ErrorCode::kCancelled: return arrow::StatusCode::Cancelled;
    case ErrorCode::kUsage:
    case ErrorCode::kConfiguration:
    case ErrorCode::kInvalidData:
    case ErrorCode::kTooLarge: return arrow::StatusCode::Invalid;
    case ErrorCode::kResourceExhausted: return arrow::StatusCode::CapacityError;
    case ErrorCode::kInternal: return arrow::StatusCode::UnknownError;
    default: return arrow::StatusCode::IOError;
  }
}

}  // namespace

std::string ErrorDetail::ToString() const {
  std::string text(NameOf(code_));
  if (!request_id.empty()) text += ", request " + request_id;
  return text;
}

Status MakeError(std::shared_ptr<ErrorDetail> detail, std::string message) {
  const auto code = ArrowCodeOf(detail->code());
  return Status(code, std::move(message), std::move(detail));
}

Status MakeError(ErrorCode code, std::string message, std::string advice) {
  auto detail = std::make_shared<ErrorDetail>(code);
  detail->advice = std::move(advice);
  return MakeError(std::move(detail), std::move(message));
}

const ErrorDetail* DetailOf(const Status& status) {
  if (status.ok() || status.detail() == nullptr) return nullptr;
  return dynamic_cast<const ErrorDetail*>(status.detail().get());
}

ErrorCode CodeOf(const Status& status) {
  if (status.ok()) return ErrorCode::kOk;
  if (const auto* detail = DetailOf(status)) return detail->code();
  switch (status.code()) {
    case arrow::StatusCode::KeyError: return ErrorCode::kNotFound;
    case arrow::StatusCode::AlreadyExists: return ErrorCode::kAlreadyExists;
    case arrow::StatusCode::Cancelled: return ErrorCode::kCancelled;
    case arrow::StatusCode::OutOfMemory:
    case arrow::StatusCode::CapacityError: return ErrorCode::kResourceExhausted;
    case arrow::StatusCode::Invalid:
    case arrow::StatusCode::TypeError:
    case arrow::StatusCode::SerializationError: return ErrorCode::kInvalidData;
    case arrow::StatusCode::IOError: return ErrorCode::kIo;
    default: return ErrorCode::kInternal;
  }
}

std::string AdviceOf(const Status& status) {
  const auto* detail = DetailOf(status);
  return detail == nullptr ? "" : detail->advice;
}

bool IsRetryable(const Status& status) { return !status.ok() && InfoOf(CodeOf(status)).retryable; }

Status WithContext(const Status& status, std::string_view context) {
  if (status.ok()) return status;
  return status.WithMessage(context, ": ", status.message());
}

std::string Describe(const Status& status) {
  if (status.ok()) return "ok";
  std::string text = status.message();
  const std::string advice = AdviceOf(status);
  if (!advice.empty()) text += "\n  what to do: " + advice;
  return text;
}

}  // namespace penstock
