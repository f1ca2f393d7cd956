// What a server says of the bytes that it offers at an address: how many, which version, what they must come
// to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/status.h"
#include "net/http.h"

namespace penstock::pipeline {

struct OfferedObject {
  std::string etag;           // as it came; a weak one ("W/…") tells change, and joins no ranges
  std::string last_modified;  // as it came
  int64_t length = -1;        // bytes; -1: not said
  // Of the whole, in hexadecimal digits; empty: not said. From Repr-Digest (RFC 9530), Digest (RFC 3230),
  // Content-MD5 (RFC 1864), or the ETag of S3 where it is one.
  std::string sha256, md5;
  // Made up by a stand-in of the provider, and says so: X-Penstock-Generated.
  std::string generated;

  bool operator==(const OfferedObject&) const = default;
  json::object ToJson() const;
  static Result<OfferedObject> Parse(const json::value& value);

  // What If-Range takes (RFC 9110 section 13.1.5): the strong ETag, else the date; empty: ranges of two
  // answers cannot be known to belong together.
  std::string range_validator() const;
  // Whether both are the same version, as far as the server tells versions apart: by ETag, else by date and
  // length.
  bool SameVersion(const OfferedObject& other) const;
};

// Of an answer with status 200.
OfferedObject OfferOf(const net::HttpResponse& head);

// Content-Range of a 206 or 416, "bytes 5-9/10", "bytes 5-9/*", "bytes */10" (RFC 9110 section 14.4).
struct ContentRange {
  int64_t first = -1, last = -1;  // -1: unsatisfied
  int64_t length = -1;            // -1: not known
};
std::optional<ContentRange> ParseContentRange(std::string_view text);

}  // namespace penstock::pipeline
