#include "aws/credential_document.h"

#include <fmt/format.h>

#include "aws/error.h"
#include "base/json.h"

namespace penstock::aws {
namespace {

std::string TextOf(const json::object& fields, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (const auto* found = fields.if_contains(name); found != nullptr && found->is_string()) {
      return std::string(found->as_string());
    }
  }
  return "";
}

}  // namespace

Result<Credentials> ParseCredentialDocument(std::string_view text, std::string_view what) {
  const auto value = ParseJson(text);
  if (!value.ok() || !value->is_object()) {
    return MakeError(ErrorCode::kInvalidData, fmt::format("{} gave no JSON object", what));
  }
  const json::object& fields = value->as_object();
  Credentials credentials{TextOf(fields, {"AccessKeyId"}), TextOf(fields, {"SecretAccessKey"}),
                          TextOf(fields, {"Token", "SessionToken"}), std::nullopt};
  const std::string code = TextOf(fields, {"Code", "code"});
  if (!code.empty() && code != "Success") {
    const std::vector<std::string> secrets{credentials.secret_access_key, credentials.session_token};
    return MakeError(ErrorCode::kUnauthenticated,
                     fmt::format("{} gave no credentials: {}: {}", what, Redact(code, secrets),
                                 Redact(TextOf(fields, {"Message", "message"}), secrets)));
  }
  for (const auto& [name, part] : {std::pair{"AccessKeyId", &credentials.access_key_id},
                                   {"SecretAccessKey", &credentials.secret_access_key}}) {
    if (part->empty()) {
      return MakeError(ErrorCode::kInvalidData, fmt::format("{} gave credentials without {}", what, name));
    }
  }
  if (const std::string expiration = TextOf(fields, {"Expiration"}); !expiration.empty()) {
    const auto time = ParseTimestamp(expiration);
    if (!time.ok()) {
      return MakeError(ErrorCode::kInvalidData,
                       fmt::format("{} gave credentials with an Expiration that is no time", what));
    }
    credentials.expires = *time;
  }
  return credentials;
}

}  // namespace penstock::aws
