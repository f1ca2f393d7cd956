#include "query/duckdb_s3.h"

#include <fnmatch.h>
#include <unistd.h>

#include "query/duckdb_views.h"
#include "query/parameter.h"

namespace penstock::query {
namespace {

// The extension's TLS library is built elsewhere, and looks where Debian and Fedora have no certificates.
std::string FindCertificates() {
  for (const char* path : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                           "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"}) {
    if (access(path, R_OK) == 0) return path;
  }
  return "";
}

struct Endpoint {
  std::string host;  // with port
  bool tls = true;
};

Result<Endpoint> ParseEndpoint(const std::string& text) {
  Endpoint endpoint;
  std::string_view rest = text;
  if (rest.starts_with("http://")) {
    endpoint.tls = false;
    rest.remove_prefix(7);
  } else if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else {
    rest = {};
  }
  while (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.empty() || rest.find_first_of("/?#@ ") != std::string_view::npos) {
    return MakeError(ErrorCode::kConfiguration, "the endpoint of S3 is no http://host[:port]: " + text,
                     "set AWS_ENDPOINT_URL_S3 without a path");
  }
  endpoint.host = rest;
  return endpoint;
}

}  // namespace

std::vector<std::string> HttpfsCandidates(const std::string& library) {
  std::vector<std::string> candidates = {library.substr(0, library.rfind('/') + 1) +
                                         "httpfs.duckdb_extension"};
#ifdef PENSTOCK_DUCKDB_HTTPFS
  candidates.push_back(PENSTOCK_DUCKDB_HTTPFS);
#endif
  return candidates;
}

Status OpenS3(DuckDbSession& session, const S3Access& s3, const std::vector<std::string>& scopes,
              const std::vector<std::string>& candidates, std::stop_token stop) {
  std::string extension, looked;
  for (const std::string& path : candidates) {
    looked += (looked.empty() ? "" : ", ") + path;
    if (extension.empty() && access(path.c_str(), R_OK) == 0) extension = path;
  }
  if (extension.empty()) {
    return MakeError(
        ErrorCode::kConfiguration, "DuckDB's extension for S3 is not there; looked at: " + looked,
        "run make build, or put httpfs.duckdb_extension of the same version beside libduckdb.so");
  }
  if (const Status loaded = session.Run("LOAD " + QuoteSqlText(extension)); !loaded.ok()) {
    return MakeError(ErrorCode::kConfiguration, "cannot load " + extension + ": " + loaded.message(),
                     "it must be of DuckDB " + std::string(kDuckDbVersion) + "; run make build");
  }

  const std::string certificates = s3.ca_file.empty() ? FindCertificates() : s3.ca_file;
  // The credentials are the ones below, and no others; s3://bucket/key?s3_endpoint=… is a key and not an
  // order; who answers shows a certificate (1.5.5: off unless it is said).
  RETURN_IF_ERROR(session.Run(
      "SET enable_global_s3_configuration = false; SET s3_url_compatibility_mode = true; "
      "SET enable_server_cert_verification = true; SET enable_curl_server_cert_verification = true" +
      (certificates.empty() ? "" : "; SET ca_cert_file = " + QuoteSqlText(certificates))));

  std::string where = "REGION " + QuoteSqlText(s3.region);
  if (!s3.endpoint.empty()) {
    ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint(s3.endpoint));
    where += ", ENDPOINT " + QuoteSqlText(endpoint.host) + ", USE_SSL " + (endpoint.tls ? "true" : "false");
  }
  where += std::string(", URL_STYLE ") + (s3.path_style ? "'path'" : "'vhost'");
  std::string scope;
  for (const std::string& uri : scopes) scope += (scope.empty() ? "" : ", ") + QuoteSqlText(uri);
  ASSIGN_OR_RETURN(const S3Credentials credentials, s3.credentials(stop));
  session.Hide({credentials.secret_access_key, credentials.session_token, credentials.access_key_id});
  return WithContext(
      session.RunWith("CREATE TEMPORARY SECRET lake (TYPE s3, KEY_ID $1, SECRET $2, SESSION_TOKEN $3, " +
                          where + ", SCOPE [" + scope + "])",
                      {credentials.access_key_id, credentials.secret_access_key, credentials.session_token}),
      "cannot give DuckDB the credentials for S3");
}

Result<FilesOfGlob> ListFiles(const std::vector<const ViewSpec*>& views, const S3Access* access,
                              std::stop_token stop) {
  FilesOfGlob files;
  for (const ViewSpec* view : views) {
    if ((!IsS3(view->glob) && view->snapshot == nullptr) || !view->has_files) continue;
    const std::string name = view->database.empty() ? view->name : view->database + "." + view->name;
    if (IsS3(view->glob) && access == nullptr) {
      return MakeError(ErrorCode::kConfiguration,
                       "table " + name + " lies in S3, and this engine has no access to it: " + view->glob);
    }
    if (view->snapshot != nullptr) {
      auto taken = view->snapshot(stop);
      RETURN_IF_ERROR(WithContext(taken.status(), "table " + name));
      files[view->glob] = std::move(*taken);
      continue;
    }
    const std::string folder = FolderOfGlob(view->glob);
    const auto listed = access->list(folder, stop);
    RETURN_IF_ERROR(WithContext(listed.status(), "table " + name));
    const std::string pattern = view->glob.substr(folder.size());
    auto& mine = files[view->glob].files;
    for (const std::string& uri : *listed) {
      if (uri.starts_with(folder) &&
          fnmatch(pattern.c_str(), uri.c_str() + folder.size(), FNM_PATHNAME | FNM_NOESCAPE) == 0) {
        mine.push_back(uri);
      }
    }
  }
  return files;
}

}  // namespace penstock::query
