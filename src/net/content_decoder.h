// Undoes the Content-Encoding of a body.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace penstock::net {

// What a request asks for in Accept-Encoding.
inline constexpr const char* kAcceptEncoding = "gzip, deflate";

// One body, piece by piece. `coding` is the value of Content-Encoding: gzip, x-gzip, deflate, zstd, identity
// or empty; RFC 9110 section 8.4.1, RFC 1952, RFC 8878, and for deflate both RFC 1950 and the bare RFC 1951
// that some servers send. An empty body stays empty.
class ContentDecoder {
 public:
  using Sink = std::function<Status(std::string_view)>;
  // At most `max_bytes` come out. InvalidData: another coding.
  static Result<std::unique_ptr<ContentDecoder>> Make(std::string_view coding, int64_t max_bytes);
  virtual ~ContentDecoder() = default;

  // Decodes `bytes` into `sink`, in pieces of bounded size. Unavailable: a stream that is broken. TooLarge:
  // more than `max_bytes`, noticed before they are made. Else what the sink says.
  virtual Status Write(std::string_view bytes, const Sink& sink) = 0;
  // Unavailable: the stream ended early (libcurl's own decoder takes that for whole).
  virtual Status Finish() = 0;
};

// The same for a body at hand.
Result<std::string> DecodeContent(std::string body, std::string_view coding, int64_t max_bytes);

}  // namespace penstock::net
