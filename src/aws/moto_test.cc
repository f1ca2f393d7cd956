// Against moto with its access control on: it computes every signature again, by botocore, and asks the
// policies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <pugixml.hpp>

#include "aws/client.h"
#include "aws/credential_chain.h"
#include "aws/environment_for_test.h"
#include "aws/error.h"
#include "aws/server_for_test.h"
#include "net/curl_client.h"

namespace penstock::aws {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A server, with a user who may assume a role that may list queues.
class Moto : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    origin_ = StartTestServer(PENSTOCK_SOURCE_DIR, "sqs.py");
    if (origin_.empty()) return;
    CallIam("CreateUser", {{"UserName", "u"}});
    const std::string key = CallIam("CreateAccessKey", {{"UserName", "u"}});
    pugi::xml_document document;
    document.load_string(key.c_str());
    const pugi::xml_node node = document.select_node("//AccessKey").node();
    id_ = node.child_value("AccessKeyId");
    secret_ = node.child_value("SecretAccessKey");
    const std::string allow =
        R"({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", "Action": )";
    CallIam("PutUserPolicy",
            {{"UserName", "u"}, {"PolicyName", "p"}, {"PolicyDocument", allow + R"("sts:*"}]})"}});
    CallIam("CreateRole",
            {{"RoleName", "lake"}, {"AssumeRolePolicyDocument", allow + R"("sts:AssumeRole"}]})"}});
    CallIam(
        "PutRolePolicy",
        {{"RoleName", "lake"}, {"PolicyName", "p"}, {"PolicyDocument", allow + R"("sqs:ListQueues"}]})"}});
    GetWebSession();
    net::HttpRequest on{.method = "POST", .url = origin_ + "/moto-api/reset-auth", .body = "0"};
    on.headers.Add("Content-Type", "text/plain");
    ASSERT_EQ(Http().Send(on)->status, 200);
  }

  void SetUp() override {
    ASSERT_FALSE(origin_.empty()) << "no moto to test with: make build/venv (tests/servers/sqs.py)";
    ASSERT_FALSE(secret_.empty()) << "moto gave no access key";
  }

  static net::HttpClient& Http() {
    static const std::unique_ptr<net::CurlClient> http = net::CurlClient::Make().ValueOrDie();
    return *http;
  }

  static std::string CallIam(const std::string& action, net::QueryParams form) {
    SystemClock clock;
    Random random;
    StaticCredentials anybody({"test", "test", "", std::nullopt});
    AwsClient iam(Http(), anybody, clock, random, Logger(),
                  {.service = "iam", .region = "us-east-1", .endpoint = origin_});
    form.insert(form.begin(), {{"Action", action}, {"Version", "2010-05-08"}});
    AwsRequest request{.method = "POST", .body = net::FormatQuery(form)};
    request.headers.Add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    const auto response = iam.Send(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->body : "";
  }

  // Before access control is on: moto then wants a signature of this call, too, which AWS does not.
  static void GetWebSession() {
    SystemClock clock;
    Random random;
    TestHome home;
    const std::string file = home.Write("token", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln");
    const AwsEnvironment environment = home.Load({{"AWS_WEB_IDENTITY_TOKEN_FILE", file},
                                                  {"AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/lake"},
                                                  {"AWS_ENDPOINT_URL_STS", origin_}})
                                           .ValueOrDie();
    auto source = MakeCredentials(environment, Http(), clock, random, Logger()).ValueOrDie();
    web_session_ = source->Get();
  }

  // A call of SQS with what the chain finds.
  Status ListQueues(const TestHome& home, Variables variables) {
    variables.emplace("AWS_ENDPOINT_URL", origin_);
    variables.emplace("AWS_REGION", "us-east-1");
    ASSIGN_OR_RETURN(const AwsEnvironment environment, home.Load(variables));
    ASSIGN_OR_RETURN(auto source, MakeCredentials(environment, Http(), clock_, random_, Logger()));
    ASSIGN_OR_RETURN(const AwsSettings settings, environment.Settings("sqs"));
    AwsClient sqs(Http(), *source, clock_, random_, Logger(),
                  {.service = "sqs", .region = settings.region, .endpoint = settings.endpoint});
    AwsRequest request{.method = "POST", .body = "{}"};
    request.headers.Add("Content-Type", "application/x-amz-json-1.0");
    request.headers.Add("X-Amz-Target", "AmazonSQS.ListQueues");
    return sqs.Send(request).status();
  }

  static inline std::string origin_, id_, secret_;
  static inline Result<Credentials> web_session_ = Status::UnknownError("not asked for");
  SystemClock clock_;
  Random random_;
};

TEST_F(Moto, ARoleOfAProfileMayWhatItsPolicySays) {
  const TestHome home("[profile lake]\nrole_arn = arn:aws:iam::123456789012:role/lake\nsource_profile = u\n",
                      "[u]\naws_access_key_id = " + id_ + "\naws_secret_access_key = " + secret_ + "\n");
  const Status by_role = ListQueues(home, {{"AWS_PROFILE", "lake"}});
  EXPECT_TRUE(by_role.ok()) << by_role;
  const Status by_user = ListQueues(home, {{"AWS_PROFILE", "u"}});
  EXPECT_EQ(CodeOf(by_user), ErrorCode::kPermissionDenied) << by_user;
  EXPECT_EQ(AwsErrorCode(by_user), "AccessDenied");
  EXPECT_THAT(by_user.message(), HasSubstr("sqs:ListQueues"));
}

TEST_F(Moto, AWrongSecretIsFoundOutAndNotRepeated) {
  const Status status =
      ListQueues(TestHome(), {{"AWS_ACCESS_KEY_ID", id_}, {"AWS_SECRET_ACCESS_KEY", "wrongsecret"}});
  EXPECT_EQ(CodeOf(status), ErrorCode::kUnauthenticated) << status;
  EXPECT_THAT(status.ToString(), Not(HasSubstr("wrongsecret")));
  EXPECT_EQ(AwsErrorCode(status), "SignatureDoesNotMatch");
}

TEST_F(Moto, AnUnknownKeyIsFoundOut) {
  const Status status =
      ListQueues(TestHome(), {{"AWS_ACCESS_KEY_ID", "nobody"}, {"AWS_SECRET_ACCESS_KEY", "x"}});
  EXPECT_EQ(CodeOf(status), ErrorCode::kUnauthenticated) << status;
}

TEST_F(Moto, AWebIdentityBecomesARole) {
  ASSERT_TRUE(web_session_.ok()) << web_session_.status();
  EXPECT_GT(*web_session_->expires, clock_.Now() + std::chrono::minutes(50));
  const Status status = ListQueues(TestHome(), {{"AWS_ACCESS_KEY_ID", web_session_->access_key_id},
                                                {"AWS_SECRET_ACCESS_KEY", web_session_->secret_access_key},
                                                {"AWS_SESSION_TOKEN", web_session_->session_token}});
  EXPECT_TRUE(status.ok()) << status;
}

}  // namespace
}  // namespace penstock::aws
