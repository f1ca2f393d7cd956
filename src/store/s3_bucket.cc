#include "store/s3_bucket.h"

#include <fmt/format.h>

#include <charconv>

#include "aws/error.h"
#include "aws/retry.h"
#include "base/uuid.h"
#include "store/s3_answers.h"

namespace penstock::store {
namespace {

constexpr int kMaxAttempts = 6;

// A service that keeps keys as files says so; S3 itself holds a key and keys below it.
bool IsFolderOfOthers(const Status& status) {
  const std::string code = aws::AwsErrorCode(status);
  return code == "ObjectParentIsFile" || code == "ExistingObjectIsDirectory";
}

// S3 did not do it because of a condition. 404 is how it says that there is nothing to match.
bool IsRefusal(const Status& status, const PutOptions& options) {
  return CodeOf(status) == ErrorCode::kPreconditionFailed ||
         (options.if_match && (aws::AwsErrorCode(status) == "NoSuchKey" || IsFolderOfOthers(status)));
}

// An upload that is no more: completed by an attempt whose answer was lost, or aborted.
bool IsUploadGone(const Status& status) { return aws::AwsErrorCode(status) == "NoSuchUpload"; }

std::string ActionOf(std::string_view method, bool list) {
  if (list) return "s3:ListBucket";
  if (method == "PUT" || method == "POST") return "s3:PutObject";
  return method == "DELETE" ? "s3:DeleteObject" : "s3:GetObject";
}

}  // namespace

int64_t ContentLength(const net::HttpResponse& response) {
  const std::string text = response.headers.Find("content-length").value_or("");
  int64_t size = -1;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), size);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() ? size : -1;
}

Result<ObjectInfo> InfoOfAnswer(std::string_view key, int64_t size, const net::HttpResponse& response) {
  ObjectInfo info{std::string(key), size, UnquotedEtag(response.headers.Find("etag").value_or("")), {}};
  if (info.etag.empty()) info.etag = S3CompletedEtag(response.body);
  if (info.etag.empty()) {
    return MakeError(ErrorCode::kInvalidData, fmt::format("S3 gave no ETag for {}", key));
  }
  // An answer to a put has no time of the object; it was made when the answer was.
  auto time = response.headers.Find("last-modified");
  if (!time) time = response.headers.Find("date");
  ASSIGN_OR_RETURN(info.modified, ParseHttpDate(time.value_or("")));
  return info;
}

aws::AwsRequest S3Bucket::ForBucket(std::string method) const {
  aws::AwsRequest request{.method = std::move(method)};
  request.path = path_style_ ? "/" + location_.bucket : "/";
  request.as_stored = true;
  return request;
}

aws::AwsRequest S3Bucket::ForObject(std::string method, std::string_view key) const {
  aws::AwsRequest request = ForBucket(std::move(method));
  request.path += (path_style_ ? "/" : "") + WholeKey(key);
  return request;
}

Status S3Bucket::Explain(const Status& status, std::string_view doing) const {
  if (aws::AwsErrorCode(status) == "NoSuchBucket") {
    return MakeError(ErrorCode::kConfiguration,
                     fmt::format("cannot {}: there is no bucket \"{}\"", doing, location_.bucket),
                     fmt::format("check the name, or make it: aws s3 mb s3://{} --region {}",
                                 location_.bucket, client_.options().region));
  }
  return WithContext(status, fmt::format("cannot {}", doing));
}

Result<net::HttpResponse> S3Bucket::Send(const aws::AwsRequest& request, std::string_view doing) {
  auto response = client_.Send(request);
  if (response.ok()) return response;
  const Status& status = response.status();
  if (CodeOf(status) != ErrorCode::kPermissionDenied) return Explain(status, doing);
  const bool list = request.path == ForBucket("GET").path;
  return MakeError(
      ErrorCode::kPermissionDenied, fmt::format("cannot {}: {}", doing, status.message()),
      fmt::format("allow {} on arn:aws:s3:::{} in the policy of the user or role, or of the bucket{}",
                  ActionOf(request.method, list),
                  list ? location_.bucket : location_.bucket + "/" + WholeKey("*"),
                  request.method == "GET" || request.method == "HEAD"
                      ? "; without s3:ListBucket an object that is not there is refused too"
                      : ""));
}

Result<net::HttpResponse> S3Bucket::SendHead(std::string_view key) {
  auto response = Send(ForObject("HEAD", key), fmt::format("look for {}", UriOf(key)));
  if (!response.ok() && CodeOf(response.status()) == ErrorCode::kNotFound) {
    return MakeError(ErrorCode::kNotFound, fmt::format("no such object: {}", UriOf(key)));
  }
  return response;
}

Result<ObjectInfo> S3Bucket::Head(std::string_view key) {
  ASSIGN_OR_RETURN(const net::HttpResponse response, SendHead(key));
  const int64_t size = ContentLength(response);
  if (size < 0) return MakeError(ErrorCode::kInvalidData, fmt::format("S3 gave no size of {}", UriOf(key)));
  return InfoOfAnswer(key, size, response);
}

std::string S3Bucket::NewToken() { return RandomUuid(random_); }

// NotFound: what is there, if anything, is not of this token.
Result<ObjectInfo> S3Bucket::FindOurs(std::string_view key, const std::string& token) {
  ASSIGN_OR_RETURN(const net::HttpResponse response, SendHead(key));
  if (response.headers.Find(kTokenHeader) != token) {
    return MakeError(ErrorCode::kNotFound, "another object is there");
  }
  return InfoOfAnswer(key, ContentLength(response), response);
}

Result<ObjectInfo> S3Bucket::Publish(aws::AwsRequest request, std::string_view key, int64_t size,
                                     const PutOptions& options, const std::string& token) {
  if (options.if_absent) request.headers.Add("If-None-Match", "*");
  if (options.if_match) request.headers.Add("If-Match", fmt::format("\"{}\"", *options.if_match));
  // Repeated here, where it is known which attempt's outcome is in doubt.
  request.idempotent = token.empty();
  const std::string doing = fmt::format("write {}", UriOf(key));
  bool in_doubt = false;
  for (int attempt = 1;; ++attempt) {
    auto response = Send(request, doing);
    if (response.ok()) return InfoOfAnswer(key, size, *response);
    const Status& status = response.status();
    const bool refused = IsRefusal(status, options);
    // That a folder is in the way is asked again, too: it may be on its way out, with its last object.
    const bool conflict = CodeOf(status) == ErrorCode::kConflict || IsFolderOfOthers(status);
    const bool throttled = CodeOf(status) == ErrorCode::kThrottled;
    const bool last =
        refused || IsUploadGone(status) || attempt >= kMaxAttempts || !(conflict || IsRetryable(status));
    // A 5xx or a lost connection says nothing about whether it was done.
    if (!refused && !conflict && !throttled && IsRetryable(status)) in_doubt = !token.empty();
    if (last) {
      if (in_doubt) {
        auto ours = FindOurs(key, token);
        if (ours.ok()) return ours;
        if (CodeOf(ours.status()) != ErrorCode::kNotFound) {
          return WithContext(
              status, fmt::format("whether it was done could not be asked ({})", ours.status().message()));
        }
      }
      if (IsUploadGone(status)) {
        return MakeError(ErrorCode::kConflict, fmt::format("somebody aborted the upload of {}", UriOf(key)),
                         "run again");
      }
      if (!refused && IsFolderOfOthers(status)) {
        return MakeError(
            ErrorCode::kUsage,
            fmt::format("a key cannot be an object and the folder of others at once: \"{}\"", key),
            "choose another key, or delete what stands there");
      }
      if (!refused) return status;
      if (options.if_absent) {
        return MakeError(ErrorCode::kAlreadyExists,
                         fmt::format("there is an object of this key: {}", UriOf(key)));
      }
      return MakeError(ErrorCode::kPreconditionFailed,
                       fmt::format("{} changed or was deleted since it was read", UriOf(key)));
    }
    if (request.idempotent && !conflict) return status;  // the client has tried again already
    clock_.SleepFor(aws::RetryPause(throttled, attempt, std::nullopt, random_));
  }
}

}  // namespace penstock::store
