#include "aws/role_credentials.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

namespace penstock::aws {
namespace {

// STS says by its own clock when they expire; we ask ours.
Result<Credentials> ByOurClock(Result<Credentials> credentials, const AwsClient& sts) {
  if (credentials.ok() && credentials->expires) *credentials->expires -= sts.clock_skew();
  return credentials;
}

class RoleCredentials : public CredentialSource {
 public:
  RoleCredentials(std::unique_ptr<CredentialSource> base, RoleRequest role, ClientOptions sts,
                  net::HttpClient& http, Clock& clock, Random& random, const Logger& logger)
      : base_(std::move(base)),
        role_(std::move(role)),
        sts_(http, *base_, clock, random, logger, std::move(sts)),
        session_(
            role_.role_arn,
            [this](std::stop_token stop) { return ByOurClock(AssumeRole(sts_, role_, stop), sts_); }, clock,
            logger) {}

  Result<Credentials> Get(std::stop_token stop) override { return session_.Get(stop); }

 private:
  const std::unique_ptr<CredentialSource> base_;
  const RoleRequest role_;
  AwsClient sts_;
  RefreshingCredentials session_;
};

Result<std::string> ReadToken(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string token((std::istreambuf_iterator<char>(in)), {});
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.pop_back();
  if (token.empty()) {
    return MakeError(ErrorCode::kConfiguration,
                     fmt::format("the web identity token file cannot be read or is empty: {}", path),
                     "check AWS_WEB_IDENTITY_TOKEN_FILE, or web_identity_token_file of the profile");
  }
  return token;
}

class WebIdentityCredentials : public CredentialSource {
 public:
  WebIdentityCredentials(std::string token_file, RoleRequest role, ClientOptions sts, net::HttpClient& http,
                         Clock& clock, Random& random, const Logger& logger)
      : token_file_(std::move(token_file)),
        role_(std::move(role)),
        nobody_({}),
        sts_(http, nobody_, clock, random, logger, std::move(sts)),
        session_(role_.role_arn, [this](std::stop_token stop) { return Assume(stop); }, clock, logger) {}

  Result<Credentials> Get(std::stop_token stop) override { return session_.Get(stop); }

 private:
  Result<Credentials> Assume(std::stop_token stop) {
    ASSIGN_OR_RETURN(const std::string token, ReadToken(token_file_));
    return ByOurClock(AssumeRoleWithWebIdentity(sts_, role_, token, stop), sts_);
  }

  const std::string token_file_;
  const RoleRequest role_;
  StaticCredentials nobody_;  // the call is not signed
  AwsClient sts_;
  RefreshingCredentials session_;
};

}  // namespace

std::unique_ptr<CredentialSource> MakeRoleCredentials(std::unique_ptr<CredentialSource> base,
                                                      RoleRequest role, ClientOptions sts,
                                                      net::HttpClient& http, Clock& clock, Random& random,
                                                      const Logger& logger) {
  return std::make_unique<RoleCredentials>(std::move(base), std::move(role), std::move(sts), http, clock,
                                           random, logger);
}

std::unique_ptr<CredentialSource> MakeWebIdentityCredentials(std::string token_file, RoleRequest role,
                                                             ClientOptions sts, net::HttpClient& http,
                                                             Clock& clock, Random& random,
                                                             const Logger& logger) {
  return std::make_unique<WebIdentityCredentials>(std::move(token_file), std::move(role), std::move(sts),
                                                  http, clock, random, logger);
}

}  // namespace penstock::aws
