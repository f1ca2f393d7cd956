#include "aws/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <pugixml.hpp>

#include "base/json.h"
#include "base/utf8.h"

namespace penstock::aws {
namespace {

constexpr size_t kLongestMessage = 600;

class AwsErrorDetail : public ErrorDetail {
 public:
  AwsErrorDetail(ErrorCode code, std::string aws_code, int http_status)
      : ErrorDetail(code), aws_code_(std::move(aws_code)), http_status_(http_status) {}
  const std::string& aws_code() const { return aws_code_; }
  int http_status() const { return http_status_; }

 private:
  const std::string aws_code_;
  const int http_status_;
};

const AwsErrorDetail* AwsDetailOf(const Status& status) {
  return dynamic_cast<const AwsErrorDetail*>(DetailOf(status));
}

// "com.amazonaws.sqs#QueueDoesNotExist:http://…" is QueueDoesNotExist.
std::string BareCode(std::string_view code) {
  code = code.substr(0, code.find(':'));
  if (const size_t hash = code.rfind('#'); hash != std::string_view::npos) code.remove_prefix(hash + 1);
  return std::string(code);
}

// The element that holds Code and Message: of S3 the root, of the query protocol one below, of EC2's two.
pugi::xml_node ErrorElement(const pugi::xml_document& document) {
  const pugi::xml_node root = document.document_element();
  const std::string_view name = root.name();
  if (name == "Error") return root;
  if (name != "ErrorResponse" && name != "Response") return {};
  const pugi::xml_node error = root.child("Error");
  return error ? error : root.child("Errors").child("Error");
}

bool LooksLikeXml(std::string_view body) {
  const size_t begin = body.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  return begin != std::string_view::npos && body[begin] == '<';
}

void ReadXml(const std::string& body, AwsError* error) {
  pugi::xml_document document;
  if (!document.load_buffer(body.data(), body.size(), pugi::parse_default, pugi::encoding_utf8)) return;
  const pugi::xml_node element = ErrorElement(document);
  error->code = element.child_value("Code");
  error->message = element.child_value("Message");
  error->request_id = element.child_value("RequestId");
  if (error->request_id.empty()) error->request_id = document.document_element().child_value("RequestId");
}

void ReadJson(const std::string& body, AwsError* error) {
  const auto value = ParseJson(body);
  if (!value.ok() || !value->is_object()) return;
  const json::object& fields = value->as_object();
  const auto text = [&](std::initializer_list<std::string_view> names) -> std::string {
    for (const std::string_view name : names) {
      if (const auto* found = fields.if_contains(name); found != nullptr && found->is_string()) {
        return std::string(found->as_string());
      }
    }
    return "";
  };
  error->code = BareCode(text({"__type", "code", "Code"}));
  error->message = text({"message", "Message", "errorMessage"});
}

// By AWS's code. What is not here follows from the HTTP status.
const std::map<std::string_view, ErrorCode>& KnownCodes() {
  using enum ErrorCode;
  static const std::map<std::string_view, ErrorCode> kCodes{
      // S3
      {"NoSuchKey", kNotFound},
      {"NoSuchBucket", kNotFound},
      {"NoSuchUpload", kNotFound},
      {"NoSuchVersion", kNotFound},
      {"PreconditionFailed", kPreconditionFailed},
      {"NotModified", kPreconditionFailed},
      {"ConditionalRequestConflict", kConflict},
      {"OperationAborted", kConflict},
      {"BucketAlreadyExists", kAlreadyExists},
      {"BucketAlreadyOwnedByYou", kAlreadyExists},
      {"EntityTooLarge", kTooLarge},
      {"BadDigest", kInvalidData},
      {"InvalidDigest", kInvalidData},
      {"XAmzContentSHA256Mismatch", kInvalidData},
      {"XAmzContentChecksumMismatch", kInvalidData},
      {"InvalidObjectState", kRejectedByProvider},
      {"PermanentRedirect", kConfiguration},
      {"AuthorizationHeaderMalformed", kConfiguration},
      {"IllegalLocationConstraintException", kConfiguration},
      // SQS, its query names too
      {"QueueDoesNotExist", kNotFound},
      {"AWS.SimpleQueueService.NonExistentQueue", kNotFound},
      {"QueueNameExists", kAlreadyExists},
      {"QueueAlreadyExists", kAlreadyExists},
      {"QueueDeletedRecently", kConflict},
      {"AWS.SimpleQueueService.QueueDeletedRecently", kConflict},
      {"BatchRequestTooLong", kTooLarge},
      {"AWS.SimpleQueueService.BatchRequestTooLong", kTooLarge},
      {"OverLimit", kThrottled},
      // Firehose, Glue, DynamoDB
      {"ResourceNotFoundException", kNotFound},
      // Who asks
      {"AccessDenied", kPermissionDenied},
      {"AccessDeniedException", kPermissionDenied},
      {"UnauthorizedOperation", kPermissionDenied},
      {"InvalidAccessKeyId", kUnauthenticated},
      {"SignatureDoesNotMatch", kUnauthenticated},
      {"InvalidSignatureException", kUnauthenticated},
      {"IncompleteSignature", kUnauthenticated},
      {"MissingAuthenticationToken", kUnauthenticated},
      {"MissingAuthenticationTokenException", kUnauthenticated},
      {"UnrecognizedClientException", kUnauthenticated},
      {"InvalidClientTokenId", kUnauthenticated},
      {"InvalidToken", kUnauthenticated},
      {"InvalidIdentityToken", kUnauthenticated},
      {"ExpiredToken", kUnauthenticated},
      {"ExpiredTokenException", kUnauthenticated},
      {"IDPRejectedClaim", kUnauthenticated},
      {"AuthFailure", kUnauthenticated},
      {"RequestExpired", kUnauthenticated},
      {"RequestInTheFuture", kUnauthenticated},
      {"RequestTimeTooSkewed", kUnauthenticated},
      // AWS SDKs and Tools Reference Guide, "Retry behavior": throttling, then transient.
      {"Throttling", kThrottled},
      {"ThrottlingException", kThrottled},
      {"ThrottledException", kThrottled},
      {"RequestThrottledException", kThrottled},
      {"RequestThrottled", kThrottled},
      {"TooManyRequestsException", kThrottled},
      {"ProvisionedThroughputExceededException", kThrottled},
      {"TransactionInProgressException", kThrottled},
      {"RequestLimitExceeded", kThrottled},
      {"BandwidthLimitExceeded", kThrottled},
      {"LimitExceededException", kThrottled},
      {"SlowDown", kThrottled},
      {"PriorRequestNotComplete", kThrottled},
      {"EC2ThrottledException", kThrottled},
      {"KmsThrottled", kThrottled},
      {"RequestTimeout", kTimeout},
      {"RequestTimeoutException", kTimeout},
      {"InternalError", kUnavailable},
      {"InternalFailure", kUnavailable},
      {"InternalServerError", kUnavailable},
      {"ServiceUnavailable", kUnavailable},
      {"ServiceUnavailableException", kUnavailable},
      {"IDPCommunicationError", kUnavailable},
  };
  return kCodes;
}

ErrorCode Classify(std::string_view aws_code, int http_status) {
  const auto known = KnownCodes().find(aws_code);
  if (known != KnownCodes().end()) return known->second;
  switch (http_status) {
    case 200: return ErrorCode::kUnavailable;  // an error in the body of a success: as a 500
    case 301:
    case 307:
    case 308: return ErrorCode::kConfiguration;
    case 304:
    case 412: return ErrorCode::kPreconditionFailed;
    case 401: return ErrorCode::kUnauthenticated;
    case 403: return ErrorCode::kPermissionDenied;
    case 404:
    case 410: return ErrorCode::kNotFound;
    case 408: return ErrorCode::kTimeout;
    case 409: return ErrorCode::kConflict;
    case 413: return ErrorCode::kTooLarge;
    case 429: return ErrorCode::kThrottled;
    case 500:
    case 502:
    case 503:
    case 504: return ErrorCode::kUnavailable;
    default: return ErrorCode::kRejectedByProvider;
  }
}

std::string AdviceFor(ErrorCode code, std::string_view aws_code, const net::HttpResponse& response) {
  if (aws_code == "RequestTimeTooSkewed" || aws_code == "RequestExpired" ||
      aws_code == "RequestInTheFuture") {
    return "set this machine's clock: AWS accepts requests of the last 5 to 15 minutes";
  }
  switch (code) {
    case ErrorCode::kConfiguration:
      if (const auto region = response.headers.Find("x-amz-bucket-region")) {
        return fmt::format("the bucket is in another region: set AWS_REGION={}", Redact(*region, {}));
      }
      return "check region and endpoint: AWS_REGION, AWS_ENDPOINT_URL";
    case ErrorCode::kPermissionDenied:
      return "allow this action in the policy of the user or role, or of the bucket or queue";
    case ErrorCode::kUnauthenticated:
      return "check the credentials: AWS_PROFILE, the AWS_ variables, or the role of this machine";
    case ErrorCode::kThrottled: return "try again later, or with less at once";
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout: return "try again later";
    default: return "";
  }
}

std::optional<std::chrono::milliseconds> RetryAfter(const net::HttpResponse& response, TimePoint now) {
  if (const auto value = response.headers.Find("x-amz-retry-after")) {
    int64_t milliseconds = 0;
    const auto parsed = std::from_chars(value->data(), value->data() + value->size(), milliseconds);
    if (parsed.ec == std::errc() && parsed.ptr == value->data() + value->size() && milliseconds >= 0) {
      return std::chrono::milliseconds(milliseconds);
    }
  }
  const auto value = response.headers.Find("retry-after");
  return value.has_value() ? net::ParseRetryAfter(*value, now) : std::nullopt;
}

}  // namespace

std::string AwsErrorCode(const Status& status) {
  const auto* detail = AwsDetailOf(status);
  return detail == nullptr ? "" : detail->aws_code();
}

int AwsHttpStatus(const Status& status) {
  const auto* detail = AwsDetailOf(status);
  return detail == nullptr ? 0 : detail->http_status();
}

AwsError ParseError(const net::HttpResponse& response) {
  AwsError error;
  if (LooksLikeXml(response.body)) {
    ReadXml(response.body, &error);
  } else if (!response.body.empty()) {
    ReadJson(response.body, &error);
  }
  if (const auto type = response.headers.Find("x-amzn-errortype"); type.has_value() && error.code.empty()) {
    error.code = BareCode(*type);
  }
  if (const auto query = response.headers.Find("x-amzn-query-error");
      query.has_value() && error.code.empty()) {
    error.code = query->substr(0, query->find(';'));
  }
  for (const char* name : {"x-amz-request-id", "x-amzn-requestid", "x-amz-id-2"}) {
    if (const auto id = response.headers.Find(name); id.has_value() && error.request_id.empty()) {
      error.request_id = *id;
    }
  }
  return error;
}

bool IsErrorBody(std::string_view body) {
  if (!LooksLikeXml(body)) return false;
  pugi::xml_document document;
  return document.load_buffer(body.data(), body.size(), pugi::parse_default, pugi::encoding_utf8) &&
         ErrorElement(document);
}

Status ToStatus(const net::HttpResponse& response, std::string_view what, TimePoint now,
                const std::vector<std::string>& secrets) {
  const AwsError error = ParseError(response);
  const std::string code = Redact(error.code, secrets);
  const std::string id = Redact(error.request_id, secrets);
  ErrorCode kind = Classify(code, response.status);
  // So S3 refuses a HEAD that was signed for another region.
  if (code.empty() && response.status == 400 && response.headers.Find("x-amz-bucket-region")) {
    kind = ErrorCode::kConfiguration;
  }
  auto detail = std::make_shared<AwsErrorDetail>(kind, code, response.status);
  detail->request_id = id;
  detail->retry_after = RetryAfter(response, now);
  detail->advice = AdviceFor(detail->code(), code, response);

  std::string text = fmt::format("{}: ", what);
  if (!code.empty()) text += code + ": ";
  text += error.message.empty() ? "refused" : Redact(error.message, secrets);
  if (code.empty() && !response.body.empty()) {
    const std::string type = Redact(response.headers.Find("content-type").value_or("no type"), secrets);
    text += fmt::format(", with an answer that AWS does not give ({})", type);
  }
  text += fmt::format(" (HTTP {}", response.status);
  text += id.empty() ? ")" : fmt::format(", request {})", id);
  return MakeError(std::move(detail), std::move(text));
}

std::string Redact(std::string_view text, const std::vector<std::string>& secrets) {
  std::string clean(text);
  for (const std::string& secret : secrets) {
    if (secret.empty()) continue;
    for (size_t at = 0; (at = clean.find(secret, at)) != std::string::npos; at += 3) {
      clean.replace(at, secret.size(), "***");
    }
  }
  if (clean.size() > kLongestMessage) clean = clean.substr(0, kLongestMessage) + "…";
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return ReplaceInvalidUtf8(clean);
}

}  // namespace penstock::aws
