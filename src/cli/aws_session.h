// AWS as this process sees it: one HTTP client and one source of credentials for all services.
#pragma once

#include <list>
#include <memory>
#include <string>

#include "aws/client.h"
#include "aws/credential_chain.h"
#include "aws/environment.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/status.h"
#include "net/curl_client.h"
#include "store/object_store.h"

namespace penstock::cli {

// Made when a verb first needs AWS; what it gives lives as long as it does. One thread at a time, the clients
// any number.
class AwsSession {
 public:
  // Configuration: what the environment says is wrong. Nothing is asked over the network yet.
  static Result<std::unique_ptr<AwsSession>> Open(Random& random, const Logger& log);

  // Region and endpoint of a service ("s3", "sqs"), from the standard variables and files.
  Result<aws::AwsSettings> Settings(std::string_view service) const { return environment_.Settings(service); }
  aws::AwsClient& NewClient(aws::ClientOptions options);
  // By Settings.
  Result<aws::AwsClient*> NewClient(const std::string& service);

  aws::CredentialSource& credentials() { return *credentials_; }
  net::HttpClient& http() { return *http_; }
  Clock& clock() { return clock_; }
  Random& random() { return random_; }
  // AWS_CA_BUNDLE; empty: the machine's certificates.
  std::string ca_file() const { return environment_.Variable("AWS_CA_BUNDLE").value_or(""); }

 private:
  AwsSession(aws::AwsEnvironment environment, Random& random, const Logger& log)
      : environment_(std::move(environment)), random_(random), log_(log) {}

  const aws::AwsEnvironment environment_;
  SystemClock clock_;  // signatures want the machine's time, also where PENSTOCK_NOW plays another
  Random& random_;
  const Logger log_;
  std::unique_ptr<net::CurlClient> http_;
  std::unique_ptr<aws::CredentialSource> credentials_;
  std::list<aws::AwsClient> clients_;
};

// The store of "s3://bucket/prefix". Usage: no such URI; Configuration, PermissionDenied and Unauthenticated,
// each with what to do: as S3Store::Open.
Result<std::shared_ptr<store::ObjectStore>> OpenS3Bucket(AwsSession& aws, const std::string& uri);

}  // namespace penstock::cli
