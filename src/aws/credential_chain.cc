#include "aws/credential_chain.h"

namespace penstock::aws {
namespace {

class NoCredentials : public CredentialSource {
 public:
  Result<Credentials> Get(std::stop_token) override {
    return MakeError(
        ErrorCode::kUnauthenticated,
        "no AWS credentials: the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
  }
};

Result<std::unique_ptr<CredentialSource>> FromVariables(const AwsEnvironment& environment) {
  const auto id = environment.Variable("AWS_ACCESS_KEY_ID");
  const auto secret = environment.Variable("AWS_SECRET_ACCESS_KEY");
  if (id.has_value() != secret.has_value()) {
    return MakeError(ErrorCode::kConfiguration,
                     id ? "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not"
                        : "AWS_SECRET_ACCESS_KEY is set, and AWS_ACCESS_KEY_ID is not",
                     "set both, or neither");
  }
  if (!id) return nullptr;
  return std::make_unique<StaticCredentials>(
      Credentials{*id, *secret, environment.Variable("AWS_SESSION_TOKEN").value_or(""), std::nullopt});
}

}  // namespace

Result<std::unique_ptr<CredentialSource>> MakeCredentials(const AwsEnvironment& environment, net::HttpClient&,
                                                          Clock&, Random&, Logger) {
  ASSIGN_OR_RETURN(auto source, FromVariables(environment));
  if (source == nullptr) source = std::make_unique<NoCredentials>();
  return source;
}

}  // namespace penstock::aws
