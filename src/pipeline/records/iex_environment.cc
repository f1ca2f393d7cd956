#include "pipeline/records/iex_environment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <regex>
#include <vector>

#include "pipeline/prefix.h"

namespace penstock::pipeline {
namespace {

constexpr std::string_view kBucket = "IEX_S3_BUCKET", kPrefix = "IEX_S3_PREFIX", kRole = "IEX_ROLE";

// Amazon S3 user guide, "General purpose bucket naming rules".
bool IsBucketName(std::string_view name) {
  if (name.size() < 3 || name.size() > 63) return false;
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return plain(name.front()) && plain(name.back()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return plain(c) || c == '-' || c == '.'; });
}

// The bucket as --bucket takes it; nothing: malformed.
std::optional<std::string> BucketOf(const std::string& text) {
  constexpr std::string_view kScheme = "s3://";
  if (text.starts_with(kScheme)) {
    const std::string name = text.substr(kScheme.size(), text.find('/', kScheme.size()) - kScheme.size());
    return IsBucketName(name) ? std::optional(text) : std::nullopt;
  }
  if (text.find("://") != std::string::npos) return std::nullopt;
  if (text.find('/') != std::string::npos) return text;
  return IsBucketName(text) ? std::optional(std::string(kScheme) + text) : std::nullopt;
}

bool IsRole(const std::string& text) {
  static const std::regex kArn("arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,576}");
  return std::regex_match(text, kArn);
}

}  // namespace

Result<IexEnvironment> ReadIexEnvironment(Environment environment) {
  IexEnvironment out;
  std::vector<std::string> faults;
  if (const auto text = environment(kBucket)) {
    out.bucket = BucketOf(*text);
    if (!out.bucket) {
      faults.push_back(
          fmt::format("{}: expected a bucket's name, s3://NAME, or a folder as a path with a '/', got '{}'",
                      kBucket, *text));
    }
  }
  if (const auto text = environment(kPrefix)) {
    out.prefix = *text;
    if (text->empty() || !IsPrefix(*text)) {
      faults.push_back(fmt::format(
          "{}: expected a prefix with a '/' at its end and none at its beginning, such as iex/, got '{}'",
          kPrefix, *text));
    }
  }
  if (const auto text = environment(kRole)) {
    out.role = *text;
    if (!IsRole(*text)) {
      faults.push_back(fmt::format(
          "{}: expected the ARN of a role, arn:aws:iam::123456789012:role/NAME, got '{}'", kRole, *text));
    }
  }
  if (faults.empty()) return out;
  return MakeError(ErrorCode::kConfiguration, fmt::format("the environment: {}", fmt::join(faults, "\n  ")),
                   "correct the variable, or unset it");
}

Result<IexEnvironment> RequireIexEnvironment(Environment environment) {
  ASSIGN_OR_RETURN(auto out, ReadIexEnvironment(environment));
  const auto missing = [](std::string_view name, std::string_view what) {
    return MakeError(ErrorCode::kConfiguration,
                     fmt::format("the environment variable {} is not set: {}", name, what),
                     fmt::format("export {}=…, or name the bucket by --bucket", name));
  };
  if (!out.bucket) return missing(kBucket, "the bucket that the answers are kept in");
  if (!out.prefix) return missing(kPrefix, "the prefix in that bucket, with its trailing '/'");
  return out;
}

}  // namespace penstock::pipeline
