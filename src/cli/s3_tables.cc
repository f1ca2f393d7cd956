#include "cli/s3_tables.h"

#include <fmt/format.h>

namespace penstock::cli {

Result<query::S3Access> AccessToTables(AwsSession& aws, store::ObjectStore& store) {
  ASSIGN_OR_RETURN(const aws::AwsSettings settings, aws.Settings("s3"));
  const std::string root = store.uri() + "/";  // s3://bucket/prefix/
  const std::string bucket = root.substr(5, root.find('/', 5) - 5);
  query::S3Access access;
  access.region = settings.region;
  access.endpoint = settings.endpoint;
  // Servers of one's own have no name for each bucket; a dot in it is no part of AWS' certificate.
  access.path_style = !settings.endpoint.empty() || bucket.find('.') != std::string::npos;
  access.ca_file = aws.ca_file();
  access.credentials = [&aws](std::stop_token stop) -> Result<query::S3Credentials> {
    ASSIGN_OR_RETURN(auto credentials, aws.credentials().Get(std::move(stop)));
    return query::S3Credentials{std::move(credentials.access_key_id),
                                std::move(credentials.secret_access_key),
                                std::move(credentials.session_token)};
  };
  access.list = [&store, root](const std::string& folder,
                               std::stop_token) -> Result<std::vector<std::string>> {
    if (!folder.starts_with(root)) {
      return MakeError(ErrorCode::kInternal, fmt::format("{} does not lie in {}", folder, root));
    }
    ASSIGN_OR_RETURN(const auto objects, store::ListAll(store, folder.substr(root.size())));
    std::vector<std::string> uris;
    for (const auto& object : objects) uris.push_back(root + object.key);
    return uris;
  };
  return access;
}

}  // namespace penstock::cli
