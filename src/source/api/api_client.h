// Requests to an API with what proves who asks. Secrets come from the environment, go nowhere but into
// requests, and are taken out of every text that comes back.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http.h"
#include "net/url.h"
#include "source/api/api_spec.h"
#include "source/record_source.h"
#include "source/registry.h"

namespace penstock::source {

// The value of a variable, empty where it is not set.
std::string ValueOf(const SourceParts& parts, const std::string& variable);

struct ApiReply {
  RecordAnswer answer;
  net::Headers headers;
};

// Immutable, thread-safe.
class ApiClient {
 public:
  using Pairs = std::vector<std::pair<std::string, std::string>>;

  // `url` tells who is asked; of `headers` and `query`, ${NAME} is filled in, and query pairs without are not
  // looked at: they are part of the URL that is sent. Configuration: variables that are not set or hold what
  // is no secret, all of them at once; secrets and an http URL. For a server on loopback what is not set is
  // left out.
  static Result<ApiClient> Make(const ApiAuth& auth, const Pairs& headers, const Pairs& query,
                                std::string_view url, const SourceParts& parts);

  // `url` with its query, but for the secrets. OK: data, as JudgeAnswer says; fails as RecordSource::Fetch.
  // `format`: json, csv or auto.
  Result<ApiReply> Send(std::string_view method, std::string_view url, std::string body,
                        std::string_view format, std::stop_token stop) const;

  // Without secrets.
  std::string Scrub(std::string text) const;

 private:
  explicit ApiClient(const SourceParts& parts) : parts_(parts) {}
  // Text with ${NAME} filled in; what is missing or odd is added to `faults`. `complete`: nothing is missing.
  std::string Fill(std::string_view text, std::vector<std::string>* faults, bool* complete);
  std::string Secret(const std::string& variable, std::vector<std::string>* faults, bool* complete);
  void AddAuth(const ApiAuth& auth, std::vector<std::string>* faults);

  SourceParts parts_;
  bool loopback_ = false;
  net::Headers headers_;
  net::QueryParams secret_query_;
  std::vector<std::string> secrets_;  // and their encoded forms
};

}  // namespace penstock::source
