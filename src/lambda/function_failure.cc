#include "lambda/function_failure.h"

#include <memory>
#include <utility>

#include "base/json.h"

namespace penstock::lambda {
namespace {

constexpr size_t kLongestMessage = 4 << 10;

class FailureDetail : public ErrorDetail {
 public:
  FailureDetail(ErrorCode code, FunctionFailure failure) : ErrorDetail(code), failure_(std::move(failure)) {}
  const FunctionFailure& failure() const { return failure_; }

 private:
  FunctionFailure failure_;
};

ErrorCode CodeFor(FunctionFailure::Kind kind) {
  switch (kind) {
    case FunctionFailure::Kind::kEnded: return ErrorCode::kUnavailable;
    case FunctionFailure::Kind::kTimedOut: return ErrorCode::kTimeout;
    case FunctionFailure::Kind::kTooLarge: return ErrorCode::kTooLarge;
    case FunctionFailure::Kind::kHandler:
    case FunctionFailure::Kind::kInit: break;
  }
  return ErrorCode::kTaskFailed;
}

}  // namespace

Status MakeFunctionFailure(FunctionFailure failure, std::string text, std::string advice) {
  const ErrorCode code = CodeFor(failure.kind);
  auto detail = std::make_shared<FailureDetail>(code, std::move(failure));
  detail->advice = std::move(advice);
  return MakeError(std::move(detail), std::move(text));
}

std::optional<FunctionFailure> FunctionFailureOf(const Status& status) {
  const auto* detail = dynamic_cast<const FailureDetail*>(DetailOf(status));
  if (detail == nullptr) return std::nullopt;
  return detail->failure();
}

FunctionFailure ReadErrorDocument(std::string_view body, std::string_view header) {
  FunctionFailure failure{.type = std::string(header)};
  const auto document = ParseJson(body);
  const auto text = [&](std::string_view key) -> std::string {
    const auto* value = document.ok() ? FindMember(*document, key) : nullptr;
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  if (std::string type = text("errorType"); !type.empty()) failure.type = std::move(type);
  failure.message = text("errorMessage");
  // Not in the form that AWS's clients write: whatever it is, a person reads it.
  if (failure.message.empty() && failure.type == header) failure.message = std::string(body);
  if (failure.message.size() > kLongestMessage) failure.message.resize(kLongestMessage);
  if (failure.type.empty()) failure.type = "Runtime.Unknown";
  return failure;
}

}  // namespace penstock::lambda
