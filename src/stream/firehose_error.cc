#include "stream/firehose_error.h"

#include <array>

#include "base/json.h"
#include "base/json_text.h"

namespace penstock::stream {
namespace {

struct ErrorType {
  std::string_view name;
  ErrorCode code;
  int http_status;
};

constexpr std::array<ErrorType, 15> kTypes{{
    {"ResourceNotFoundException", ErrorCode::kNotFound, 400},
    {"ResourceInUseException", ErrorCode::kAlreadyExists, 400},
    {"LimitExceededException", ErrorCode::kResourceExhausted, 400},
    {"InvalidArgumentException", ErrorCode::kInvalidData, 400},
    {"ConcurrentModificationException", ErrorCode::kConflict, 400},
    {"ServiceUnavailableException", ErrorCode::kUnavailable, 500},
    // Of AWS JSON, not of Firehose alone.
    {"ValidationException", ErrorCode::kInvalidData, 400},
    {"SerializationException", ErrorCode::kInvalidData, 400},
    {"UnknownOperationException", ErrorCode::kInvalidData, 400},
    {"AccessDeniedException", ErrorCode::kPermissionDenied, 400},
    {"MissingAuthenticationTokenException", ErrorCode::kUnauthenticated, 400},
    {"IncompleteSignatureException", ErrorCode::kUnauthenticated, 400},
    {"UnrecognizedClientException", ErrorCode::kUnauthenticated, 400},
    {"InvalidSignatureException", ErrorCode::kUnauthenticated, 400},
    {"InternalFailure", ErrorCode::kInternal, 500},
}};

const ErrorType& TypeOf(std::string_view name) {
  for (const auto& type : kTypes) {
    if (type.name == name) return type;
  }
  return kTypes.back();
}

class FirehoseDetail : public ErrorDetail {
 public:
  explicit FirehoseDetail(const ErrorType& type) : ErrorDetail(type.code), type_(type) {}
  const ErrorType& type() const { return type_; }

 private:
  const ErrorType& type_;
};

std::string_view NameFor(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound: return "ResourceNotFoundException";
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kConflict: return "ResourceInUseException";
    case ErrorCode::kUsage:
    case ErrorCode::kConfiguration:
    case ErrorCode::kInvalidData:
    case ErrorCode::kTooLarge: return "InvalidArgumentException";
    case ErrorCode::kPermissionDenied: return "AccessDeniedException";
    case ErrorCode::kThrottled:
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout:
    case ErrorCode::kNoSpace:
    case ErrorCode::kReadOnly:
    case ErrorCode::kIo:
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kCancelled: return "ServiceUnavailableException";
    default: return "InternalFailure";
  }
}

}  // namespace

Status FirehoseError(std::string_view type, std::string message) {
  return MakeError(std::make_shared<FirehoseDetail>(TypeOf(type)), std::move(message));
}

FirehoseRefusal RefusalOf(const Status& status) {
  const auto* detail = dynamic_cast<const FirehoseDetail*>(DetailOf(status));
  const ErrorType& type = detail != nullptr ? detail->type() : TypeOf(NameFor(CodeOf(status)));
  return {std::string(type.name), Describe(status), type.http_status};
}

net::ServerResponse AnswerOf(const FirehoseRefusal& refusal) {
  net::ServerResponse response;
  response.status = refusal.http_status;
  response.headers.Add("Content-Type", kAmzJson);
  response.headers.Add("x-amzn-ErrorType", refusal.type);
  response.body = ToJson(json::object{{"__type", refusal.type}, {"message", ToValidUtf8(refusal.message)}});
  return response;
}

}  // namespace penstock::stream
