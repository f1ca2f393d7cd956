// Which page comes after the one that was read.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"
#include "net/url.h"
#include "source/api/api_spec.h"

namespace penstock::source {

// Walks through the pages of one fetch. Not thread-safe.
class ApiPages {
 public:
  // `url`, `query`: of the first page, without what the pagination adds. All outlive the walk.
  ApiPages(const ApiPagination& pagination, std::string url, net::QueryParams query)
      : pagination_(pagination), url_(std::move(url)), query_(std::move(query)) {}

  // Of the page to ask for, with query.
  std::string Url() const;

  // The page was answered with `body` of `records` records (not looked at where the kind does not count).
  // True: there is one more, and Url() is its. InvalidData: a cursor or page that comes again and again, or
  // an answer that is no JSON where a path leads into it. RejectedByProvider: a link to another site, which
  // would get the secrets.
  Result<bool> Advance(std::string_view body, std::string_view extension, const net::Headers& headers,
                       int64_t records);

  bool counts_records() const {
    return pagination_.kind == ApiPagination::Kind::kPage || pagination_.kind == ApiPagination::Kind::kOffset;
  }
  int page() const { return page_; }

 private:
  Result<bool> NextNumber(std::string_view body, int64_t records);
  Result<bool> NextCursor(std::string_view body, std::string_view extension);
  Result<bool> NextLink(std::string_view body, std::string_view extension, const net::Headers& headers);

  const ApiPagination& pagination_;
  const std::string url_;
  const net::QueryParams query_;
  int page_ = 1;
  std::string cursor_, link_;  // of the page to ask for; empty: the first
  size_t last_body_ = 0;       // a hash
};

// The target of rel=next (or rel="prev next") in a Link header (RFC 8288 section 3); nothing: there is none.
std::optional<std::string> NextOfLinkHeader(std::string_view value);

// `link` as seen from `base` (RFC 3986 section 5, but for dot segments): absolute, //host, /path, ?query,
// name. Usage: it is not http or https.
Result<std::string> ResolveLink(std::string_view base, std::string_view link);

}  // namespace penstock::source
