// URLs of RFC 3986, as far as http and https need them: parts, percent-encoding, and which two are the same
// site.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace penstock::net {

// Pairs in order; a name may stand more than once.
using QueryParams = std::vector<std::pair<std::string, std::string>>;

// Everything but unreserved characters (RFC 3986 section 2.3) becomes %XX: right for a path segment, and for
// a name or value of a query.
std::string PercentEncode(std::string_view text);
// InvalidData: a '%' without two hex digits. `plus_is_space`: as HTML forms write a query.
Result<std::string> PercentDecode(std::string_view text, bool plus_is_space = false);

// "a=1&b=x%20y", both sides encoded; empty for no pair.
std::string FormatQuery(const QueryParams& params);
// The reverse, of the text behind '?'. A pair without '=' has an empty value.
Result<QueryParams> ParseQuery(std::string_view query);
// `url` with `params` behind what query it has; a fragment is dropped.
std::string WithQuery(std::string_view url, const QueryParams& params);

// The parts of an absolute http or https URL.
struct Url {
  std::string scheme;  // http or https
  std::string user;    // the text before '@', encoded as it was; often empty, never to be shown
  std::string host;    // lower case; an IPv6 address stands without brackets
  uint16_t port = 0;   // the scheme's own when the URL names none
  std::string path;    // encoded, begins with '/'
  std::string query;   // encoded, without '?'

  // scheme://host, with the port where it is not the scheme's own.
  std::string Origin() const;
};

// Usage: not an absolute http or https URL. The text of the failure shows only MaskUrl().
Result<Url> ParseUrl(std::string_view text);

// 127.0.0.0/8, ::1, localhost and names under .localhost.
bool IsLoopback(std::string_view host);
// The same host, or names with the same last two labels (three under co.uk and its like). An address is only
// the same as itself.
bool IsSameSite(std::string_view host, std::string_view other);

}  // namespace penstock::net
