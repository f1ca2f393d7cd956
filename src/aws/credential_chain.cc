#include "aws/credential_chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "aws/metadata_credentials.h"
#include "aws/process_credentials.h"
#include "aws/refreshing_credentials.h"
#include "aws/role_credentials.h"

namespace penstock::aws {
namespace {

using Source = std::unique_ptr<CredentialSource>;

// Get's failure when the last in the chain, the machine, has none.
class NoCredentials : public CredentialSource {
 public:
  NoCredentials(const AwsEnvironment& environment, std::string why)
      : text_(fmt::format(
            "no AWS credentials: the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set, "
            "profile {} has none in {} or {}, {}",
            environment.profile_name(), environment.credentials_path(), environment.config_path(), why)) {}
  Result<Credentials> Get(std::stop_token) override { return Failure(); }
  Status Failure() const {
    return MakeError(ErrorCode::kUnauthenticated, text_,
                     "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE");
  }

 private:
  const std::string text_;
};

class Chain {
 public:
  Chain(const AwsEnvironment& environment, net::HttpClient& http, Clock& clock, Random& random, Logger logger)
      : environment_(environment), http_(http), clock_(clock), random_(random), logger_(std::move(logger)) {}

  Result<Source> Make() {
    ASSIGN_OR_RETURN(Source source, FromVariables());
    if (source == nullptr && environment_.FindProfile(environment_.profile_name()) != nullptr) {
      std::vector<std::string> visited;
      ASSIGN_OR_RETURN(source, FromProfile(environment_.profile_name(), &visited));
    }
    if (source == nullptr) {
      ASSIGN_OR_RETURN(source, FromWebIdentityVariables());
    }
    if (source == nullptr && HasContainerEndpoint(environment_)) source = FromContainer();
    if (source == nullptr && HasInstanceMetadata(environment_)) source = FromInstance(true);
    if (source == nullptr) {
      source = std::make_unique<NoCredentials>(environment_, "and AWS_EC2_METADATA_DISABLED is true");
    }
    return source;
  }

 private:
  Result<Source> FromVariables() const {
    const auto id = environment_.Variable("AWS_ACCESS_KEY_ID");
    const auto secret = environment_.Variable("AWS_SECRET_ACCESS_KEY");
    if (id.has_value() != secret.has_value()) {
      return MakeError(ErrorCode::kConfiguration,
                       id ? "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not"
                          : "AWS_SECRET_ACCESS_KEY is set, and AWS_ACCESS_KEY_ID is not",
                       "set both, or neither");
    }
    if (!id) return nullptr;
    return std::make_unique<StaticCredentials>(
        Credentials{*id, *secret, environment_.Variable("AWS_SESSION_TOKEN").value_or(""), std::nullopt});
  }

  Result<Source> FromWebIdentityVariables() const {
    const auto file = environment_.Variable("AWS_WEB_IDENTITY_TOKEN_FILE");
    if (!file) return nullptr;
    const auto arn = environment_.Variable("AWS_ROLE_ARN");
    if (!arn) {
      return MakeError(ErrorCode::kConfiguration,
                       "AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not",
                       "set AWS_ROLE_ARN to the role that the token is for");
    }
    RoleRequest role{*arn, environment_.Variable("AWS_ROLE_SESSION_NAME").value_or(SessionName()), "", 0};
    ASSIGN_OR_RETURN(ClientOptions sts, StsOptions());
    return MakeWebIdentityCredentials(*file, std::move(role), std::move(sts), http_, clock_, random_,
                                      logger_);
  }

  Source FromContainer() const {
    return std::make_unique<RefreshingCredentials>(
        "container",
        [environment = environment_, this_http = &http_, clock = &clock_, random = &random_,
         logger = logger_](std::stop_token stop) {
          return FetchContainerCredentials(environment, *this_http, *clock, *random, logger, stop);
        },
        clock_, logger_);
  }

  // `last`: of the chain, so that its failure says where else was looked.
  Source FromInstance(bool last) const {
    RefreshPolicy policy;
    policy.use_expired = true;
    return std::make_unique<RefreshingCredentials>(
        "instance metadata",
        [environment = environment_, this_http = &http_, clock = &clock_, random = &random_, logger = logger_,
         last](std::stop_token stop) -> Result<Credentials> {
          auto result = FetchInstanceCredentials(environment, *this_http, *clock, *random, logger, stop);
          if (last && CodeOf(result.status()) == ErrorCode::kUnauthenticated) {
            return NoCredentials(environment, "and " + result.status().message()).Failure();
          }
          return result;
        },
        clock_, logger_, policy);
  }

  // --- the profile
  // ---------------------------------------------------------------------------------------------

  Status Wrong(std::string_view profile, std::string_view why, std::string advice = "") const {
    return MakeError(ErrorCode::kConfiguration,
                     fmt::format("AWS profile {} ({}): {}", profile, environment_.config_path(), why),
                     std::move(advice));
  }

  // Null when the profile says nothing of credentials. `visited`: the profiles that led here.
  Result<Source> FromProfile(const std::string& name, std::vector<std::string>* visited) {
    const Properties* profile = environment_.FindProfile(name);
    if (profile == nullptr) {
      return Wrong(visited->back(),
                   fmt::format("source_profile is {}, and there is none of this name", name));
    }
    const bool again = std::find(visited->begin(), visited->end(), name) != visited->end();
    // A role may name its own profile as the source: then its keys are meant. As a source, keys go before a
    // role.
    const bool is_source = !visited->empty();
    const auto role = PropertyOf(*profile, "role_arn");
    ASSIGN_OR_RETURN(Source keys, KeysOf(name, *profile));
    if (keys != nullptr && (is_source || !role)) return keys;
    if (again) return Wrong(name, "source_profile leads back to it", "name a profile with keys of its own");
    visited->push_back(name);
    if (const auto file = PropertyOf(*profile, "web_identity_token_file")) {
      if (!role) return Wrong(name, "it has web_identity_token_file and no role_arn");
      ASSIGN_OR_RETURN(RoleRequest request, RoleOf(name, *profile, *role));
      ASSIGN_OR_RETURN(ClientOptions sts, StsOptions());
      return MakeWebIdentityCredentials(ExpandHome(*file, environment_), std::move(request), std::move(sts),
                                        http_, clock_, random_, logger_);
    }
    if (role) return FromRole(name, *profile, *role, visited);
    if (const auto command = PropertyOf(*profile, "credential_process")) {
      return std::make_unique<RefreshingCredentials>(
          "credential_process of profile " + name,
          [command = *command](std::stop_token stop) {
            return RunCredentialProcess(command, std::chrono::seconds(60), stop);
          },
          clock_, logger_);
    }
    if (PropertyOf(*profile, "sso_session") || PropertyOf(*profile, "sso_start_url") ||
        PropertyOf(*profile, "login_session")) {
      return Wrong(name, "Penstock does not sign in by SSO itself",
                   fmt::format("let the AWS CLI do it: a profile with credential_process = aws configure "
                               "export-credentials --profile {} --format process",
                               name));
    }
    return nullptr;
  }

  Result<Source> KeysOf(const std::string& name, const Properties& profile) const {
    const auto id = PropertyOf(profile, "aws_access_key_id");
    const auto secret = PropertyOf(profile, "aws_secret_access_key");
    if (id.has_value() != secret.has_value()) {
      return Wrong(name, id ? "it has aws_access_key_id without aws_secret_access_key"
                            : "it has aws_secret_access_key without aws_access_key_id");
    }
    if (!id) return nullptr;
    return std::make_unique<StaticCredentials>(
        Credentials{*id, *secret, PropertyOf(profile, "aws_session_token").value_or(""), std::nullopt});
  }

  Result<Source> FromRole(const std::string& name, const Properties& profile, const std::string& arn,
                          std::vector<std::string>* visited) {
    if (PropertyOf(profile, "mfa_serial")) {
      return Wrong(name, "its role wants a code of a device (mfa_serial), and nobody is there to give it",
                   "sign in by the AWS CLI and name it by credential_process, or take a role without it");
    }
    const auto source = PropertyOf(profile, "source_profile");
    const auto kind = PropertyOf(profile, "credential_source");
    if (source.has_value() == kind.has_value()) {
      return Wrong(name, source ? "it has both source_profile and credential_source"
                                : "it has role_arn, and neither source_profile nor credential_source");
    }
    Source base;
    if (source) {
      ASSIGN_OR_RETURN(base, FromProfile(*source, visited));
      if (base == nullptr)
        return Wrong(name, fmt::format("its source_profile {} has no credentials", *source));
    } else {
      ASSIGN_OR_RETURN(base, FromKind(name, *kind));
    }
    ASSIGN_OR_RETURN(RoleRequest request, RoleOf(name, profile, arn));
    ASSIGN_OR_RETURN(ClientOptions sts, StsOptions());
    return MakeRoleCredentials(std::move(base), std::move(request), std::move(sts), http_, clock_, random_,
                               logger_);
  }

  Result<Source> FromKind(const std::string& name, const std::string& kind) const {
    if (kind == "Environment") {
      ASSIGN_OR_RETURN(Source source, FromVariables());
      if (source == nullptr)
        return Wrong(name, "credential_source is Environment, and AWS_ACCESS_KEY_ID is not set");
      return source;
    }
    if (kind == "EcsContainer") {
      if (!HasContainerEndpoint(environment_)) {
        return Wrong(name, "credential_source is EcsContainer, and the variables of a container are not set");
      }
      return FromContainer();
    }
    if (kind == "Ec2InstanceMetadata") {
      if (!HasInstanceMetadata(environment_)) {
        return Wrong(name, "credential_source is Ec2InstanceMetadata, and AWS_EC2_METADATA_DISABLED is true");
      }
      return FromInstance(false);
    }
    return Wrong(name, fmt::format("credential_source is {}", kind),
                 "it may be Environment, EcsContainer or Ec2InstanceMetadata");
  }

  Result<RoleRequest> RoleOf(const std::string& name, const Properties& profile,
                             const std::string& arn) const {
    RoleRequest role{arn, PropertyOf(profile, "role_session_name").value_or(SessionName()),
                     PropertyOf(profile, "external_id").value_or(""), 0};
    if (const auto text = PropertyOf(profile, "duration_seconds")) {
      const auto parsed = std::from_chars(text->data(), text->data() + text->size(), role.duration_s);
      if (parsed.ec != std::errc() || parsed.ptr != text->data() + text->size() || role.duration_s < 1) {
        return Wrong(name, fmt::format("duration_seconds is {}", *text), "give a number of 900 to 43200");
      }
    }
    return role;
  }

  Result<ClientOptions> StsOptions() const {
    ASSIGN_OR_RETURN(const AwsSettings settings, environment_.Settings("sts"));
    return ClientOptions{.service = "sts", .region = settings.region, .endpoint = settings.endpoint};
  }

  std::string SessionName() const {
    return fmt::format("penstock-{}", clock_.Now().time_since_epoch() / std::chrono::milliseconds(1));
  }

  const AwsEnvironment& environment_;
  net::HttpClient& http_;
  Clock& clock_;
  Random& random_;
  const Logger logger_;
};

}  // namespace

Result<std::unique_ptr<CredentialSource>> MakeCredentials(const AwsEnvironment& environment,
                                                          net::HttpClient& http, Clock& clock, Random& random,
                                                          Logger logger) {
  return Chain(environment, http, clock, random, std::move(logger)).Make();
}

}  // namespace penstock::aws
