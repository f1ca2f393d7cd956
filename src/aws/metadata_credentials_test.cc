// The container's endpoint and the instance metadata service, spoken to over real connections: a server on
// loopback that does what AWS's documentation says of them.
#include "aws/metadata_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "aws/credential_chain.h"
#include "aws/environment_for_test.h"
#include "net/curl_client.h"
#include "net/http_server.h"

namespace penstock::aws {
namespace {

using net::ServerRequest;
using net::ServerResponse;
using ::testing::HasSubstr;
using ::testing::Not;

// Amazon EC2 User Guide, "Retrieve security credentials from instance metadata", its example.
std::string Document(const std::string& id, const std::string& expires) {
  return R"({"Code": "Success", "LastUpdated": "2026-11-21T09:00:00Z", "Type": "AWS-HMAC", "AccessKeyId": ")" +
         id + R"(", "SecretAccessKey": "verysecret", "Token": "verysecrettoken", "Expiration": ")" + expires +
         "\"}";
}

struct Rig {
  explicit Rig(net::ServerHandler handler)
      : server(net::HttpServer::Start({}, std::move(handler)).ValueOrDie()),
        http(net::CurlClient::Make().ValueOrDie()) {}

  Result<std::unique_ptr<CredentialSource>> Make(const Variables& variables) {
    ASSIGN_OR_RETURN(const AwsEnvironment environment, home.Load(variables));
    return MakeCredentials(environment, *http, clock, random, Logger());
  }
  Result<Credentials> Get(const Variables& variables) {
    ASSIGN_OR_RETURN(auto source, Make(variables));
    return source->Get();
  }

  TestHome home;
  std::unique_ptr<net::HttpServer> server;
  std::unique_ptr<net::CurlClient> http;
  ManualClock clock{*ParseTimestamp("2026-11-21T10:00:00Z")};
  Random random{1};
};

// IMDSv2: a PUT for a token with its time to live; every GET has to show it.
class InstanceService {
 public:
  ServerResponse Answer(const ServerRequest& request) {
    const std::lock_guard lock(mutex_);
    ++asked;
    if (request.path == "/latest/api/token") {
      const auto ttl = request.headers.Find("x-aws-ec2-metadata-token-ttl-seconds");
      if (request.method != "PUT" || !ttl) return {.status = 400};
      return {.body = "token-1"};
    }
    if (request.headers.Find("x-aws-ec2-metadata-token") != "token-1") return {.status = 401};
    if (request.path == "/latest/meta-data/iam/security-credentials/") {
      return role.empty() ? ServerResponse{.status = 404} : ServerResponse{.body = role};
    }
    if (request.path == "/latest/meta-data/iam/security-credentials/" + role) {
      if (failures > 0) {
        --failures;
        return {.status = 503};
      }
      return {.body = document};
    }
    return {.status = 404};
  }
  net::ServerHandler Handler() {
    return [this](const ServerRequest& request) { return Answer(request); };
  }

  std::string role = "lake-role";
  std::string document = Document("instance", "2026-11-21T16:00:00Z");
  int failures = 0;
  std::atomic<int> asked = 0;

 private:
  std::mutex mutex_;
};

Variables At(const Rig& rig) { return {{"AWS_EC2_METADATA_SERVICE_ENDPOINT", rig.server->origin() + "/"}}; }

TEST(InstanceMetadata, TokenRoleAndCredentials) {
  InstanceService service;
  Rig rig(service.Handler());
  const auto credentials = rig.Get(At(rig));
  ASSERT_TRUE(credentials.ok()) << credentials.status();
  EXPECT_EQ(credentials->access_key_id, "instance");
  EXPECT_EQ(credentials->session_token, "verysecrettoken");
  EXPECT_EQ(credentials->expires, *ParseTimestamp("2026-11-21T16:00:00Z"));
  EXPECT_EQ(service.asked, 3);
}

TEST(InstanceMetadata, KeptAndRenewed) {
  InstanceService service;
  Rig rig(service.Handler());
  auto source = rig.Make(At(rig)).ValueOrDie();
  EXPECT_EQ(service.asked, 0);
  ASSERT_TRUE(source->Get().ok());
  ASSERT_TRUE(source->Get().ok());
  EXPECT_EQ(service.asked, 3);
  rig.clock.Advance(std::chrono::minutes(350));
  service.document = Document("renewed", "2026-11-21T22:00:00Z");
  EXPECT_EQ(source->Get()->access_key_id, "renewed");
}

// "Static stability": in an outage the service gives, or does not even give, expired keys, and they work on.
TEST(InstanceMetadata, AnOutageIsOutlived) {
  InstanceService service;
  Rig rig(service.Handler());
  auto source = rig.Make(At(rig)).ValueOrDie();
  ASSERT_TRUE(source->Get().ok());
  rig.clock.Advance(std::chrono::hours(7));
  EXPECT_EQ(source->Get()->access_key_id, "instance");
  service.failures = 100;
  rig.clock.Advance(std::chrono::minutes(10));
  EXPECT_EQ(source->Get()->access_key_id, "instance");
}

TEST(InstanceMetadata, AHiccupIsTriedAgain) {
  InstanceService service;
  service.failures = 2;
  Rig rig(service.Handler());
  EXPECT_TRUE(rig.Get(At(rig)).ok());
}

TEST(InstanceMetadata, WithoutARoleThereAreNone) {
  InstanceService service;
  service.role = "";
  Rig rig(service.Handler());
  const Status status = rig.Get(At(rig)).status();
  EXPECT_EQ(CodeOf(status), ErrorCode::kUnauthenticated);
  EXPECT_THAT(status.message(), HasSubstr("no role"));
}

TEST(InstanceMetadata, ARefusalAndAnythingElseAreTold) {
  InstanceService service;
  Rig rig(service.Handler());
  service.document = R"({"Code": "AssumeRoleUnauthorizedAccess", "Message": "no trust"})";
  EXPECT_THAT(rig.Get(At(rig)).status().message(), HasSubstr("no trust"));
  service.document = R"({"Code": "Success", "AccessKeyId": "x", "SecretAccessKey": )";
  EXPECT_EQ(CodeOf(rig.Get(At(rig)).status()), ErrorCode::kInvalidData);
}

TEST(InstanceMetadata, NobodyThere) {
  Rig rig([](const ServerRequest&) { return ServerResponse{}; });
  const Variables variables = At(rig);
  rig.server->Stop();
  const Status status = rig.Get(variables).status();
  EXPECT_EQ(CodeOf(status), ErrorCode::kUnauthenticated);
  EXPECT_THAT(status.message(), HasSubstr("does not answer"));
}

// A role of a profile, whose base is the machine's.
TEST(InstanceMetadata, AsTheSourceOfARole) {
  InstanceService service;
  std::string signed_by;
  Rig rig([&](const ServerRequest& request) {
    if (request.method != "POST") return service.Answer(request);
    signed_by = request.headers.Find("authorization").value_or("");
    ServerResponse response;
    response.headers.Add("Date", "Sat, 21 Nov 2026 10:00:00 GMT");
    response.body =
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>session</AccessKeyId>"
        "<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
        "<Expiration>2026-11-21T11:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
    return response;
  });
  rig.home.Write(".aws/config",
                 "[default]\nrole_arn = arn:aws:iam::1:role/r\ncredential_source = Ec2InstanceMetadata\n"
                 "ec2_metadata_service_endpoint = " +
                     rig.server->origin() + "\n");
  const auto credentials = rig.Get({{"AWS_ENDPOINT_URL_STS", rig.server->origin()}});
  ASSERT_TRUE(credentials.ok()) << credentials.status();
  EXPECT_EQ(credentials->access_key_id, "session");
  EXPECT_THAT(signed_by, HasSubstr("Credential=instance/20261121/us-east-1/sts/aws4_request"));
}

// As of ECS and EKS: a document without Code, for who shows the token.
struct Container {
  ServerResponse Answer(const ServerRequest& request) {
    seen_path = request.target;
    if (request.headers.Find("authorization").value_or("") != token)
      return {.status = 401, .body = "verysecret"};
    return {
        .body =
            R"({"RoleArn": "arn:aws:iam::1:role/task", "AccessKeyId": "task", "SecretAccessKey": "verysecret",)"
            R"( "Token": "t", "Expiration": "2026-11-21T16:00:00Z"})"};
  }
  std::string token, seen_path;
};

TEST(ContainerEndpoint, ByItsWholeUri) {
  Container container;
  Rig rig([&](const ServerRequest& request) { return container.Answer(request); });
  const std::string url = rig.server->origin() + "/v2/credentials?id=7";
  EXPECT_EQ(rig.Get({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url}})->access_key_id, "task");
  EXPECT_EQ(container.seen_path, "/v2/credentials?id=7");
}

TEST(ContainerEndpoint, WithATokenOrAFileOfOne) {
  Container container{"Bearer one", ""};
  Rig rig([&](const ServerRequest& request) { return container.Answer(request); });
  const std::string file = rig.home.Write("token", "Bearer two\n");
  Variables variables{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", rig.server->origin() + "/"},
                      {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer one"}};
  EXPECT_TRUE(rig.Get(variables).ok());
  variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = file;
  const Status refused = rig.Get(variables).status();
  EXPECT_EQ(CodeOf(refused), ErrorCode::kUnauthenticated);
  EXPECT_THAT(refused.ToString(), Not(HasSubstr("verysecret")));
  EXPECT_THAT(refused.ToString(), Not(HasSubstr("Bearer")));
  container.token = "Bearer two";
  EXPECT_TRUE(rig.Get(variables).ok());
  rig.home.Write("token", "Bearer two\nInjected: header");
  EXPECT_EQ(CodeOf(rig.Get(variables).status()), ErrorCode::kConfiguration);
}

// A token must not be sent to whoever a variable names.
TEST(ContainerEndpoint, OnlyToTheMachineItselfOrOverTls) {
  Rig rig([](const ServerRequest&) { return ServerResponse{}; });
  for (const char* url : {"http://example.com/x", "http://192.168.1.1/x", "ftp://127.0.0.1/x", "/x"}) {
    EXPECT_EQ(CodeOf(rig.Get({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url}}).status()),
              ErrorCode::kConfiguration)
        << url;
  }
}

}  // namespace
}  // namespace penstock::aws
