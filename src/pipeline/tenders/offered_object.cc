#include "pipeline/tenders/offered_object.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "base/base64.h"

namespace penstock::pipeline {
namespace {

std::optional<int64_t> Number(std::string_view text) {
  int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || value < 0)
    return std::nullopt;
  return value;
}

// The hexadecimal digits of `size` bytes in Base64; empty when it is something else.
std::string HexOfBase64(std::string_view text, size_t size) {
  const auto bytes = Base64Decode(text);
  return bytes.ok() && bytes->size() == size ? HexText(*bytes) : "";
}

// The value of `algorithm` among "sha-256=:…:, md5=:…:" or, of RFC 3230, "SHA-256=…,MD5=…".
std::string DigestIn(std::string_view field, std::string_view algorithm, size_t size) {
  while (!field.empty()) {
    const size_t end = std::min(field.find(','), field.size());
    std::string_view one = field.substr(0, end);
    field.remove_prefix(std::min(end + 1, field.size()));
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    const size_t equals = one.find('=');
    if (equals == std::string_view::npos || AsciiLower(one.substr(0, equals)) != algorithm) continue;
    one.remove_prefix(equals + 1);
    if (one.size() > 1 && one.front() == ':' && one.back() == ':') one = one.substr(1, one.size() - 2);
    return HexOfBase64(one, size);
  }
  return "";
}

// An ETag of S3 is the MD5 of the object, but for multipart uploads (with a hyphen) and other encryption than
// S3's own. Source: Amazon S3 API reference, "Object", ETag.
std::string Md5OfS3(const net::Headers& headers, std::string_view etag) {
  if (!headers.Find("x-amz-request-id") || etag.size() != 34 || etag.front() != '"') return "";
  const std::string encryption = headers.Find("x-amz-server-side-encryption").value_or("AES256");
  const std::string digits = AsciiLower(etag.substr(1, 32));
  const bool hex = digits.find_first_not_of("0123456789abcdef") == std::string::npos;
  return hex && encryption == "AES256" ? digits : "";
}

}  // namespace

json::object OfferedObject::ToJson() const {
  return {{"etag", etag}, {"last_modified", last_modified}, {"length", length}, {"sha256", sha256},
          {"md5", md5},   {"generated", generated}};
}

Result<OfferedObject> OfferedObject::Parse(const json::value& value) {
  OfferedObject offer;
  ASSIGN_OR_RETURN(offer.etag, GetString(value, "etag"));
  ASSIGN_OR_RETURN(offer.last_modified, GetString(value, "last_modified"));
  ASSIGN_OR_RETURN(offer.length, GetInt(value, "length"));
  ASSIGN_OR_RETURN(offer.sha256, GetString(value, "sha256"));
  ASSIGN_OR_RETURN(offer.md5, GetString(value, "md5"));
  ASSIGN_OR_RETURN(offer.generated, GetString(value, "generated"));
  return offer;
}

std::string OfferedObject::range_validator() const {
  return !etag.empty() && !etag.starts_with("W/") ? etag : last_modified;
}

bool OfferedObject::SameVersion(const OfferedObject& other) const {
  if (!etag.empty() || !other.etag.empty()) return etag == other.etag;
  return last_modified == other.last_modified && length == other.length;
}

OfferedObject OfferOf(const net::HttpResponse& head) {
  const auto field = [&](const char* name) { return head.headers.Find(name).value_or(""); };
  OfferedObject offer;
  offer.etag = field("etag");
  offer.last_modified = field("last-modified");
  offer.length = Number(field("content-length")).value_or(-1);
  for (const std::string& digest : {field("repr-digest"), field("digest")}) {
    if (offer.sha256.empty()) offer.sha256 = DigestIn(digest, "sha-256", 32);
    if (offer.md5.empty()) offer.md5 = DigestIn(digest, "md5", 16);
  }
  if (offer.md5.empty()) offer.md5 = HexOfBase64(field("content-md5"), 16);
  if (offer.md5.empty()) offer.md5 = Md5OfS3(head.headers, offer.etag);
  offer.generated = field("x-penstock-generated");
  return offer;
}

std::optional<ContentRange> ParseContentRange(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  const size_t slash = text.find('/');
  if (!text.starts_with(kUnit) || slash == std::string_view::npos) return std::nullopt;
  ContentRange range;
  if (const std::string_view length = text.substr(slash + 1); length != "*") {
    const auto number = Number(length);
    if (!number) return std::nullopt;
    range.length = *number;
  }
  const std::string_view span = text.substr(kUnit.size(), slash - kUnit.size());
  if (span == "*") return range;
  const size_t hyphen = span.find('-');
  if (hyphen == std::string_view::npos) return std::nullopt;
  const auto first = Number(span.substr(0, hyphen)), last = Number(span.substr(hyphen + 1));
  if (!first || !last || *last < *first || (range.length >= 0 && *last >= range.length)) return std::nullopt;
  range.first = *first;
  range.last = *last;
  return range;
}

}  // namespace penstock::pipeline
