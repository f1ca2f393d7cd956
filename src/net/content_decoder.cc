#include "net/content_decoder.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <limits>

namespace penstock::net {
namespace {

constexpr int kGzip = 16 + MAX_WBITS;
constexpr int kZlib = MAX_WBITS;
constexpr int kBare = -MAX_WBITS;

Status Broken(const z_stream& stream, size_t total) {
  return MakeError(
      ErrorCode::kUnavailable,
      fmt::format("broken compressed body: {} after {} of {} bytes",
                  stream.msg == nullptr ? "it ends early" : stream.msg, total - stream.avail_in, total),
      "try again; if it stays so, the provider or a proxy damages its answers");
}

Result<std::string> Inflate(std::string_view body, int window_bits, int64_t max_bytes) {
  if (body.size() > std::numeric_limits<uInt>::max()) {
    return MakeError(ErrorCode::kTooLarge, fmt::format("a compressed body of {} bytes", body.size()));
  }
  z_stream stream{};
  if (inflateInit2(&stream, window_bits) != Z_OK) {
    return MakeError(ErrorCode::kResourceExhausted, "no memory to decompress a body");
  }
  struct End {
    z_stream* stream;
    ~End() { inflateEnd(stream); }
  } end{&stream};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());

  std::string out;
  const size_t most = static_cast<size_t>(std::max<int64_t>(0, max_bytes)) + 1;
  size_t filled = 0;
  while (true) {
    if (filled == out.size()) {
      if (filled >= most) {
        return MakeError(ErrorCode::kTooLarge,
                         fmt::format("the decompressed body is longer than {} bytes", max_bytes));
      }
      // Prices as text shrink some four- to sixfold.
      out.resize(std::min(most, filled == 0 ? std::max<size_t>(4096, body.size() * 5) : filled * 2));
    }
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + filled);
    stream.avail_out =
        static_cast<uInt>(std::min<size_t>(out.size() - filled, std::numeric_limits<uInt>::max()));
    const uInt room = stream.avail_out;
    const int code = inflate(&stream, Z_NO_FLUSH);
    filled += room - stream.avail_out;
    if (code == Z_STREAM_END) {
      if (stream.avail_in == 0) break;
      // RFC 1952 section 2.2: a gzip file may have several members.
      if (window_bits != kGzip || inflateReset(&stream) != Z_OK) return Broken(stream, body.size());
    } else if (code != Z_OK && !(code == Z_BUF_ERROR && stream.avail_out == 0)) {
      return Broken(stream, body.size());
    }
  }
  if (filled >= most) {
    return MakeError(ErrorCode::kTooLarge,
                     fmt::format("the decompressed body is longer than {} bytes", max_bytes));
  }
  out.resize(filled);
  return out;
}

// CMF and FLG of RFC 1950 section 2.2.
bool HasZlibHeader(std::string_view body) {
  if (body.size() < 2) return false;
  const auto cmf = static_cast<unsigned char>(body[0]), flg = static_cast<unsigned char>(body[1]);
  return (cmf & 15) == 8 && (cmf >> 4) <= 7 && (cmf * 256 + flg) % 31 == 0;
}

}  // namespace

Result<std::string> DecodeContent(std::string body, std::string_view coding, int64_t max_bytes) {
  std::string name(coding);
  std::erase_if(name, [](char c) { return c == ' ' || c == '\t'; });
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (body.empty() || name.empty() || name == "identity") {
    if (static_cast<int64_t>(body.size()) <= max_bytes) return body;
    return MakeError(ErrorCode::kTooLarge, fmt::format("the body is longer than {} bytes", max_bytes));
  }
  if (name == "gzip" || name == "x-gzip") return Inflate(body, kGzip, max_bytes);
  if (name == "deflate") return Inflate(body, HasZlibHeader(body) ? kZlib : kBare, max_bytes);
  return MakeError(
      ErrorCode::kInvalidData,
      fmt::format("the answer has a content coding that was not asked for: {}", name.substr(0, 40)));
}

}  // namespace penstock::net
