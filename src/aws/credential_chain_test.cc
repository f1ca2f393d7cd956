// Where credentials come from: variables, profiles, roles; in the order of the SDKs.
#include "aws/credential_chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/environment_for_test.h"
#include "aws/scripted_http.h"
#include "net/url.h"

namespace penstock::aws {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const TimePoint kStart = *ParseTimestamp("2026-11-21T10:00:00Z");

// As STS answers; `action` is AssumeRole or AssumeRoleWithWebIdentity.
net::HttpResponse Session(const std::string& action, const std::string& id,
                          const std::string& expires = "2026-11-21T11:00:00Z") {
  return Answer(
      200, "<" + action + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" + action +
               "Result><AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/s</Arn></AssumedRoleUser>"
               "<Credentials><AccessKeyId>" +
               id + "</AccessKeyId><SecretAccessKey>s-" + id + "</SecretAccessKey><SessionToken>t-" + id +
               "</SessionToken><Expiration>" + expires + "</Expiration></Credentials></" + action +
               "Result></" + action + "Response>");
}

struct Rig {
  // What the chain of these files and variables gives. The environment is gone when it is asked.
  Result<std::unique_ptr<CredentialSource>> Make(const TestHome& home, Variables variables = {}) {
    variables.emplace("AWS_REGION", "eu-west-1");
    ASSIGN_OR_RETURN(const AwsEnvironment environment, home.Load(variables));
    return MakeCredentials(environment, http, clock, random, Logger());
  }
  Result<Credentials> Get(const TestHome& home, Variables variables = {}) {
    ASSIGN_OR_RETURN(auto source, Make(home, std::move(variables)));
    return source->Get();
  }
  std::string IdOf(const TestHome& home, Variables variables = {}) {
    const auto credentials = Get(home, std::move(variables));
    return credentials.ok() ? credentials->access_key_id : std::string(NameOf(CodeOf(credentials.status())));
  }
  // The form of request `i`.
  std::map<std::string, std::string> Form(size_t i) const {
    std::map<std::string, std::string> form;
    for (const auto& [name, value] : *net::ParseQuery(http.asked.at(i).body)) form[name] = value;
    return form;
  }
  std::string SignedBy(size_t i) const {
    const std::string header = http.asked.at(i).headers.Find("authorization").value_or("");
    const size_t at = header.find("Credential=") + 11;
    return header.empty() ? "" : header.substr(at, header.find('/', at) - at);
  }

  ManualClock clock{kStart};
  Random random{1};
  ScriptedHttp http;
};

const Variables kKeys{{"AWS_ACCESS_KEY_ID", "variable"}, {"AWS_SECRET_ACCESS_KEY", "s"}};

TEST(CredentialChain, Variables) {
  const auto keys = Rig().Get(
      TestHome(),
      {{"AWS_ACCESS_KEY_ID", "id"}, {"AWS_SECRET_ACCESS_KEY", "secret"}, {"AWS_SESSION_TOKEN", "token"}});
  ASSERT_TRUE(keys.ok());
  EXPECT_EQ(keys->access_key_id, "id");
  EXPECT_EQ(keys->secret_access_key, "secret");
  EXPECT_EQ(keys->session_token, "token");
  EXPECT_EQ(keys->expires, std::nullopt);
}

TEST(CredentialChain, HalfAPairIsAMistake) {
  for (const Variables& half : {Variables{{"AWS_SECRET_ACCESS_KEY", "hush"}},
                                Variables{{"AWS_ACCESS_KEY_ID", "id"}, {"AWS_SECRET_ACCESS_KEY", ""}}}) {
    const Status status = Rig().Get(TestHome(), half).status();
    EXPECT_EQ(CodeOf(status), ErrorCode::kConfiguration);
    EXPECT_THAT(status.ToString(), Not(HasSubstr("hush")));
  }
  EXPECT_EQ(Rig().IdOf(TestHome("", "[default]\naws_access_key_id = id\n")), "configuration");
}

TEST(CredentialChain, NoneIsSaidWithWhereWasLooked) {
  Rig rig;
  rig.http.Add(MakeError(ErrorCode::kTimeout, "nobody there"));
  const Status status = rig.Get(TestHome()).status();
  EXPECT_EQ(CodeOf(status), ErrorCode::kUnauthenticated);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("AWS_ACCESS_KEY_ID"), HasSubstr("profile default"),
                                      HasSubstr(".aws/credentials"), HasSubstr("http://169.254.169.254")));
  EXPECT_THAT(AdviceOf(status), HasSubstr("AWS_PROFILE"));
  Rig off;
  EXPECT_EQ(off.IdOf(TestHome(), {{"AWS_EC2_METADATA_DISABLED", "TRUE"}}), "unauthenticated");
  EXPECT_TRUE(off.http.asked.empty());
}

const char kProfiles[] = R"([default]
region = eu-west-1
[profile role]
role_arn = arn:aws:iam::123456789012:role/lake
source_profile = keys
external_id = ext-1
role_session_name = nightly
duration_seconds = 900
[profile second]
role_arn = arn:aws:iam::123456789012:role/second
source_profile = role
[profile own]
role_arn = arn:aws:iam::123456789012:role/own
source_profile = own
aws_access_key_id = own-key
aws_secret_access_key = s
[profile process]
credential_process = printf '{"Version": 1, "AccessKeyId": "printed", "SecretAccessKey": "s"}'
[profile circle]
role_arn = arn:aws:iam::1:role/a
source_profile = circle2
[profile circle2]
role_arn = arn:aws:iam::1:role/b
source_profile = circle
[profile lost]
role_arn = arn:aws:iam::1:role/a
source_profile = nobody
[profile both]
role_arn = arn:aws:iam::1:role/a
source_profile = keys
credential_source = Environment
[profile neither]
role_arn = arn:aws:iam::1:role/a
[profile from-variables]
role_arn = arn:aws:iam::1:role/v
credential_source = Environment
[profile from-moon]
role_arn = arn:aws:iam::1:role/v
credential_source = Moon
[profile device]
role_arn = arn:aws:iam::1:role/a
source_profile = keys
mfa_serial = arn:aws:iam::1:mfa/me
[profile sso]
sso_session = corp
[profile long]
role_arn = arn:aws:iam::1:role/a
source_profile = keys
duration_seconds = 1h
[profile empty-source]
role_arn = arn:aws:iam::1:role/a
source_profile = default
)";
const char kKeysFile[] = "[keys]\naws_access_key_id = key\naws_secret_access_key = verysecret\n";

TEST(CredentialChain, KeysOfAProfile) {
  const TestHome home(kProfiles, kKeysFile);
  EXPECT_EQ(Rig().IdOf(home, {{"AWS_PROFILE", "keys"}}), "key");
  EXPECT_EQ(Rig().IdOf(home, {{"AWS_PROFILE", "process"}}), "printed");
  Variables variables = kKeys;
  variables["AWS_PROFILE"] = "keys";
  EXPECT_EQ(Rig().IdOf(home, variables), "variable");
}

TEST(CredentialChain, ARoleOfAProfile) {
  Rig rig;
  rig.http.Add(Session("AssumeRole", "session"));
  const TestHome home(kProfiles, kKeysFile);
  const auto credentials = rig.Get(home, {{"AWS_PROFILE", "role"}});
  ASSERT_TRUE(credentials.ok()) << credentials.status();
  EXPECT_EQ(credentials->access_key_id, "session");
  EXPECT_EQ(credentials->session_token, "t-session");
  EXPECT_EQ(credentials->expires, kStart + std::chrono::hours(1));
  EXPECT_EQ(rig.http.asked[0].url, "https://sts.eu-west-1.amazonaws.com/");
  EXPECT_EQ(rig.SignedBy(0), "key");
  const std::map<std::string, std::string> expected{{"Action", "AssumeRole"},
                                                    {"Version", "2011-06-15"},
                                                    {"RoleArn", "arn:aws:iam::123456789012:role/lake"},
                                                    {"RoleSessionName", "nightly"},
                                                    {"ExternalId", "ext-1"},
                                                    {"DurationSeconds", "900"}};
  EXPECT_EQ(rig.Form(0), expected);
}

TEST(CredentialChain, RolesInARow) {
  Rig rig;
  rig.http.Add(Session("AssumeRole", "first"));
  rig.http.Add(Session("AssumeRole", "second"));
  EXPECT_EQ(rig.IdOf(TestHome(kProfiles, kKeysFile), {{"AWS_PROFILE", "second"}}), "second");
  EXPECT_EQ(rig.SignedBy(0), "key");
  EXPECT_EQ(rig.SignedBy(1), "first");
  EXPECT_EQ(rig.Form(1)["RoleSessionName"], "penstock-1795255200000");
}

TEST(CredentialChain, ARoleMayNameItsOwnProfilesKeys) {
  Rig own;
  own.http.Add(Session("AssumeRole", "session"));
  EXPECT_EQ(own.IdOf(TestHome(kProfiles), {{"AWS_PROFILE", "own"}}), "session");
  EXPECT_EQ(own.SignedBy(0), "own-key");
  // Without the variables that it names; with them, they would come before the profile, as with the SDKs.
  EXPECT_EQ(Rig().IdOf(TestHome(kProfiles), {{"AWS_PROFILE", "from-variables"}}), "configuration");
}

TEST(CredentialChain, RoleSessionsAreRenewed) {
  Rig rig;
  rig.http.Add(Session("AssumeRole", "first"));
  rig.http.Add(Session("AssumeRole", "second", "2026-11-21T12:00:00Z"));
  const TestHome home(kProfiles, kKeysFile);
  auto source = rig.Make(home, {{"AWS_PROFILE", "role"}}).ValueOrDie();
  EXPECT_TRUE(rig.http.asked.empty());
  EXPECT_EQ(source->Get()->access_key_id, "first");
  rig.clock.Advance(std::chrono::minutes(44));
  EXPECT_EQ(source->Get()->access_key_id, "first");
  rig.clock.Advance(std::chrono::minutes(2));
  EXPECT_EQ(source->Get()->access_key_id, "second");
}

// A clock that is two hours ahead: what STS gives for an hour has expired by it.
TEST(CredentialChain, RoleSessionsLiveByTheClockOfSts) {
  Rig rig;
  net::HttpResponse session = Session("AssumeRole", "session", "2026-11-21T09:00:00Z");
  session.headers.Add("Date", "Sat, 21 Nov 2026 08:00:00 GMT");
  rig.http.Add(session);
  const auto credentials = rig.Get(TestHome(kProfiles, kKeysFile), {{"AWS_PROFILE", "role"}});
  ASSERT_TRUE(credentials.ok()) << credentials.status();
  EXPECT_EQ(credentials->expires, kStart + std::chrono::hours(1));
}

TEST(CredentialChain, MistakesInProfilesAreSaid) {
  const TestHome home(kProfiles, kKeysFile);
  for (const auto& [profile, part] : std::vector<std::pair<std::string, std::string>>{
           {"circle", "leads back"},
           {"lost", "nobody"},
           {"both", "both source_profile and credential_source"},
           {"neither", "neither source_profile nor credential_source"},
           {"from-moon", "Moon"},
           {"device", "mfa_serial"},
           {"sso", "SSO"},
           {"long", "duration_seconds"},
           {"empty-source", "has no credentials"}}) {
    const Status status = Rig().Get(home, {{"AWS_PROFILE", profile}}).status();
    EXPECT_EQ(CodeOf(status), ErrorCode::kConfiguration) << profile << status;
    EXPECT_THAT(status.message(), HasSubstr(part)) << profile;
    EXPECT_THAT(status.message(), HasSubstr("profile")) << profile;
  }
}

TEST(CredentialChain, WebIdentityByVariables) {
  TestHome home;
  const std::string file = home.Write("token", "eyJ-one\n");
  Rig rig;
  rig.http.Add(Session("AssumeRoleWithWebIdentity", "web"));
  rig.http.Add(Session("AssumeRoleWithWebIdentity", "web2", "2026-11-21T13:00:00Z"));
  auto source = rig.Make(home, {{"AWS_WEB_IDENTITY_TOKEN_FILE", file},
                                {"AWS_ROLE_ARN", "arn:aws:iam::1:role/pod"},
                                {"AWS_ROLE_SESSION_NAME", "pod-7"}})
                    .ValueOrDie();
  EXPECT_EQ(source->Get()->access_key_id, "web");
  EXPECT_EQ(rig.SignedBy(0), "");  // the token is what is believed
  EXPECT_EQ(rig.Form(0)["WebIdentityToken"], "eyJ-one");
  EXPECT_EQ(rig.Form(0)["RoleSessionName"], "pod-7");
  // The kubelet writes a new token before the old one ends.
  home.Write("token", "eyJ-two\n");
  rig.clock.Advance(std::chrono::minutes(50));
  EXPECT_EQ(source->Get()->access_key_id, "web2");
  EXPECT_EQ(rig.Form(1)["WebIdentityToken"], "eyJ-two");
}

TEST(CredentialChain, WebIdentityByAProfile) {
  TestHome home("[default]\nrole_arn = arn:aws:iam::1:role/pod\nweb_identity_token_file = ~/token\n");
  Rig gone;
  EXPECT_EQ(gone.IdOf(home), "configuration");
  home.Write("token", "eyJ");
  Rig rig;
  rig.http.Add(Session("AssumeRoleWithWebIdentity", "web"));
  EXPECT_EQ(rig.IdOf(home), "web");
  EXPECT_EQ(Rig().IdOf(TestHome("[default]\nweb_identity_token_file = x\n")), "configuration");
  EXPECT_EQ(Rig().IdOf(TestHome(), {{"AWS_WEB_IDENTITY_TOKEN_FILE", "x"}}), "configuration");
}

const char kDocument[] = R"({"AccessKeyId": "machine", "SecretAccessKey": "s", "Token": "t"})";

TEST(CredentialChain, TheMachineComesLast) {
  Rig container;
  container.http.Add(Answer(200, kDocument));
  EXPECT_EQ(container.IdOf(TestHome(), {{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/7"}}),
            "machine");
  EXPECT_EQ(container.http.asked[0].url, "http://169.254.170.2/v2/credentials/7");

  const std::vector<std::pair<Variables, std::string>> expected{
      {{}, "http://169.254.169.254"},
      {{{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6"}}, "http://[fd00:ec2::254]"},
      {{{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1338/"},
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6"}},
       "http://127.0.0.1:1338"}};
  for (const auto& [variables, origin] : expected) {
    Rig instance;
    for (const char* body : {"token", "a role\n", kDocument}) instance.http.Add(Answer(200, body));
    EXPECT_EQ(instance.IdOf(TestHome(), variables), "machine");
    EXPECT_EQ(instance.http.asked[0].url, origin + "/latest/api/token");
    EXPECT_EQ(instance.http.asked[2].url, origin + "/latest/meta-data/iam/security-credentials/a%20role");
  }
}

// ALL-4
TEST(CredentialChain, ARefusalOfStsRepeatsNoSecret) {
  TestHome home(kProfiles, kKeysFile);
  Rig rig;
  rig.http.Add(
      Answer(403,
             "<ErrorResponse><Error><Code>AccessDenied</Code><Message>verysecret may not</Message></Error>"
             "</ErrorResponse>"));
  const Status status = rig.Get(home, {{"AWS_PROFILE", "role"}}).status();
  EXPECT_EQ(CodeOf(status), ErrorCode::kPermissionDenied);
  EXPECT_THAT(status.message(), HasSubstr("AssumeRole of arn:aws:iam::123456789012:role/lake"));
  EXPECT_THAT(status.ToString(), Not(HasSubstr("verysecret")));

  const std::string file = home.Write("token", "eyJsecret");
  Rig web;
  web.http.Add(
      Answer(400,
             "<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>eyJsecret is old</Message>"
             "</Error></ErrorResponse>"));
  const Status refused =
      web.Get(home, {{"AWS_WEB_IDENTITY_TOKEN_FILE", file}, {"AWS_ROLE_ARN", "arn:aws:iam::1:role/pod"}})
          .status();
  EXPECT_EQ(CodeOf(refused), ErrorCode::kUnauthenticated);
  EXPECT_THAT(refused.ToString(), Not(HasSubstr("eyJsecret")));
}

TEST(CredentialChain, AnAnswerOfStsWithoutCredentialsIsNone) {
  for (const char* body : {"", "<html/>", "<AssumeRoleResponse/>", "not xml"}) {
    Rig rig;
    rig.http.Add(Answer(200, body));
    EXPECT_EQ(rig.IdOf(TestHome(kProfiles, kKeysFile), {{"AWS_PROFILE", "role"}}), "invalid_data") << body;
  }
}

}  // namespace
}  // namespace penstock::aws
