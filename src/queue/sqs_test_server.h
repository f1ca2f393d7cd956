// For tests only: Amazon SQS as moto has it (tests/servers/sqs.py), shared by the tests of a process.
#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "aws/client.h"
#include "aws/credentials.h"
#include "aws/server_for_test.h"
#include "base/clock.h"
#include "net/curl_client.h"
#include "queue/ids.h"

namespace penstock::queue {

// Its address: PENSTOCK_TEST_SQS, or that of a server that is started now and ends with this process. Empty
// when it cannot be started; the server's own words are on stderr.
inline const std::string& SqsTestServer() {
  static const std::string origin = [] {
    if (const char* running = std::getenv("PENSTOCK_TEST_SQS"); running != nullptr)
      return std::string(running);
    return aws::StartTestServer(PENSTOCK_SOURCE_DIR, "sqs.py");
  }();
  return origin;
}

// A namespace and a time of its own on that server, with a client for it.
class SqsWorld {
 public:
  explicit SqsWorld(Clock& clock)
      : id_("t-" + NewId()),
        http_(net::CurlClient::Make().ValueOrDie()),
        credentials_({"test", "test", "", std::nullopt}),
        aws_(*http_, credentials_, clock, random_, Logger(),
             {.service = "sqs", .region = "us-east-1", .endpoint = SqsTestServer() + "/" + id_}) {
    SetTime(clock.Now());
  }
  // What tests of the same server do not share.
  std::string prefix() const { return id_.substr(0, 14) + "-"; }
  aws::AwsClient& aws() { return aws_; }
  Random& random() { return random_; }
  void SetTime(TimePoint now) {
    net::HttpRequest request;
    request.method = "PUT";
    request.url = SqsTestServer() + "/" + id_ + "/clock";
    request.body = std::to_string(now.time_since_epoch().count());
    const auto answer = http_->Send(request);
    if (!answer.ok() || answer->status != 204)
      std::fprintf(stderr, "%s\n", "the SQS of the tests does not answer");
  }

 private:
  const std::string id_;
  Random random_{1};
  std::unique_ptr<net::CurlClient> http_;
  aws::StaticCredentials credentials_;
  aws::AwsClient aws_;
};

}  // namespace penstock::queue
