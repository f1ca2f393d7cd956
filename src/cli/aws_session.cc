#include "cli/aws_session.h"

#include "store/s3_location.h"
#include "store/s3_store.h"

namespace penstock::cli {

Result<std::unique_ptr<AwsSession>> AwsSession::Open(Random& random, const Logger& log) {
  ASSIGN_OR_RETURN(auto environment, aws::AwsEnvironment::Load());
  std::unique_ptr<AwsSession> session(new AwsSession(std::move(environment), random, log));
  net::CurlOptions curl;
  curl.ca_file = session->ca_file();
  curl.max_in_flight = curl.max_per_host = 32;
  // An object of any size takes the time it takes; a connection that stands still is given up (low_speed_s).
  curl.total_timeout_ms = int64_t{6} * 3600 * 1000;
  ASSIGN_OR_RETURN(session->http_, net::CurlClient::Make(curl));
  ASSIGN_OR_RETURN(session->credentials_, aws::MakeCredentials(session->environment_, *session->http_,
                                                               session->clock_, random, log));
  return session;
}

aws::AwsClient& AwsSession::NewClient(aws::ClientOptions options) {
  return clients_.emplace_back(*http_, *credentials_, clock_, random_, log_, std::move(options));
}

Result<aws::AwsClient*> AwsSession::NewClient(const std::string& service) {
  ASSIGN_OR_RETURN(aws::AwsSettings settings, Settings(service));
  return &NewClient(
      {.service = service, .region = std::move(settings.region), .endpoint = std::move(settings.endpoint)});
}

Result<std::shared_ptr<store::ObjectStore>> OpenS3Bucket(AwsSession& aws, const std::string& uri) {
  store::S3StoreOptions options;
  ASSIGN_OR_RETURN(options.location, store::ParseS3Uri(uri));
  ASSIGN_OR_RETURN(aws::AwsSettings settings, aws.Settings("s3"));
  const std::string& bucket = options.location.bucket;
  options.path_style = store::UsesPathStyle(bucket, !settings.endpoint.empty());
  const std::string endpoint =
      settings.endpoint.empty() ? aws::DefaultEndpoint("s3", settings.region) : settings.endpoint;
  aws::ClientOptions client;
  client.service = "s3";
  client.region = settings.region;
  client.endpoint = store::BucketEndpoint(endpoint, bucket, options.path_style);
  // Under TLS the checksum of each object says that it arrived as it is.
  client.unsigned_payload = true;
  ASSIGN_OR_RETURN(auto opened,
                   store::S3Store::Open(aws.NewClient(client), aws.clock(), aws.random(), options));
  return std::shared_ptr<store::ObjectStore>(std::move(opened));
}

}  // namespace penstock::cli
