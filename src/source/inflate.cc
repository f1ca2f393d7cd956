#include "source/inflate.h"

#include <zlib.h>

#include <algorithm>

namespace penstock::source {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib.h, inflateInit2: 32 KiB window, gzip wrapper
constexpr size_t kPiece = 64 << 10;

}  // namespace

Result<std::string> Inflate(std::string_view bytes, size_t max_bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, kGzipWindow) != Z_OK) {
    return MakeError(ErrorCode::kResourceExhausted, "no memory to inflate a gzip body");
  }
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(std::min<size_t>(bytes.size(), 1u << 30));
  std::string out;
  int code = Z_OK;
  while (true) {
    const size_t before = out.size();
    out.resize(before + kPiece);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = kPiece;
    code = inflate(&stream, Z_NO_FLUSH);
    out.resize(before + kPiece - stream.avail_out);
    if (out.size() > max_bytes) {
      code = Z_BUF_ERROR;
      break;
    }
    if (code == Z_STREAM_END) {
      if (stream.avail_in == 0 || inflateReset(&stream) != Z_OK) break;
    } else if (code != Z_OK || (stream.avail_in == 0 && stream.avail_out != 0)) {
      break;
    }
  }
  inflateEnd(&stream);
  if (out.size() > max_bytes) {
    return MakeError(ErrorCode::kTooLarge,
                     "a gzip body inflates to more bytes than " + std::to_string(max_bytes));
  }
  if (code != Z_STREAM_END) return MakeError(ErrorCode::kInvalidData, "a gzip body is damaged or cut short");
  return out;
}

Result<std::string> Deflate(std::string_view bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, 1, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return MakeError(ErrorCode::kResourceExhausted, "no memory to compress a body");
  }
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int code = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (code != Z_STREAM_END) return MakeError(ErrorCode::kInternal, "a body did not compress");
  return out;
}

}  // namespace penstock::source
