#include "net/content_decoder.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>

namespace penstock::net {
namespace {

constexpr int kGzip = 16 + MAX_WBITS;
constexpr int kZlib = MAX_WBITS;
constexpr int kBare = -MAX_WBITS;

Status TooLarge(int64_t max_bytes, std::string_view what) {
  return MakeError(ErrorCode::kTooLarge, fmt::format("{} is longer than {} bytes", what, max_bytes));
}

class Identity : public ContentDecoder {
 public:
  explicit Identity(int64_t max_bytes) : max_bytes_(max_bytes) {}
  Status Write(std::string_view bytes, const Sink& sink) override {
    total_ += static_cast<int64_t>(bytes.size());
    if (total_ > max_bytes_) return TooLarge(max_bytes_, "the body");
    return sink(bytes);
  }
  Status Finish() override { return Status::OK(); }

 private:
  const int64_t max_bytes_;
  int64_t total_ = 0;
};

class Inflate : public ContentDecoder {
 public:
  Inflate(bool gzip, int64_t max_bytes) : gzip_(gzip), max_bytes_(std::max<int64_t>(0, max_bytes)) {}
  ~Inflate() override {
    if (begun_) inflateEnd(&stream_);
  }

  Status Write(std::string_view bytes, const Sink& sink) override {
    while (!bytes.empty()) {
      const size_t part = std::min<size_t>(bytes.size(), std::numeric_limits<uInt>::max());
      RETURN_IF_ERROR(WritePart(bytes.substr(0, part), sink));
      bytes.remove_prefix(part);
    }
    return Status::OK();
  }

  Status Finish() override {
    if (!first_byte_.empty()) return Broken();
    return !begun_ || ended_ ? Status::OK() : Broken();
  }

 private:
  // deflate: the header of RFC 1950 section 2.2 (CMF and FLG) tells the two kinds apart, so that nothing is
  // inflated before two bytes are there.
  Status WritePart(std::string_view bytes, const Sink& sink) {
    if (begun_) return Run(bytes, sink);
    if (gzip_) {
      RETURN_IF_ERROR(Begin(kGzip));
      return Run(bytes, sink);
    }
    const std::string held = std::exchange(first_byte_, "") + std::string(bytes.substr(0, 2));
    if (held.size() < 2) {
      first_byte_ = held;
      return Status::OK();
    }
    const auto cmf = static_cast<unsigned char>(held[0]), flg = static_cast<unsigned char>(held[1]);
    const bool zlib = (cmf & 15) == 8 && (cmf >> 4) <= 7 && (cmf * 256 + flg) % 31 == 0;
    RETURN_IF_ERROR(Begin(zlib ? kZlib : kBare));
    RETURN_IF_ERROR(Run(held, sink));
    return Run(bytes.substr(std::min<size_t>(2, bytes.size())), sink);
  }

  Status Begin(int window_bits) {
    if (inflateInit2(&stream_, window_bits) != Z_OK)
      return MakeError(ErrorCode::kResourceExhausted, "no memory to decompress a body");
    begun_ = true;
    return Status::OK();
  }

  Status Run(std::string_view bytes, const Sink& sink) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    if (room_.empty()) room_.resize(64 << 10);
    bool full = true;  // more may come out without more going in
    while (stream_.avail_in > 0 || full) {
      if (ended_) {
        if (stream_.avail_in == 0) break;
        // RFC 1952 section 2.2: a gzip file may have several members.
        if (!gzip_ || inflateReset(&stream_) != Z_OK) return Broken();
        ended_ = false;
      }
      stream_.next_out = reinterpret_cast<Bytef*>(room_.data());
      stream_.avail_out = static_cast<uInt>(room_.size());
      const uInt before = stream_.avail_in;
      const int code = inflate(&stream_, Z_NO_FLUSH);
      taken_ += before - stream_.avail_in;
      const size_t made = room_.size() - stream_.avail_out;
      full = stream_.avail_out == 0;
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) return Broken();
      ended_ = code == Z_STREAM_END;
      if (made > 0) {
        total_ += static_cast<int64_t>(made);
        if (total_ > max_bytes_) return TooLarge(max_bytes_, "the decompressed body");
        RETURN_IF_ERROR(sink(std::string_view(room_.data(), made)));
      }
      if (code == Z_BUF_ERROR && made == 0) break;  // wants more to go in
    }
    return Status::OK();
  }

  Status Broken() const {
    return MakeError(ErrorCode::kUnavailable,
                     fmt::format("broken compressed body: {} after {} bytes",
                                 stream_.msg == nullptr ? "it ends early" : stream_.msg, taken_),
                     "try again; if it stays so, the provider or a proxy damages its answers");
  }

  const bool gzip_;
  const int64_t max_bytes_;
  z_stream stream_{};
  bool begun_ = false;
  bool ended_ = false;      // a member is whole
  std::string first_byte_;  // of deflate, until there is a second
  std::string room_;
  int64_t taken_ = 0, total_ = 0;
};

class Zstandard : public ContentDecoder {
 public:
  explicit Zstandard(int64_t max_bytes) : max_bytes_(std::max<int64_t>(0, max_bytes)) {
    // RFC 9659: no frame of this coding needs a larger window.
    if (context_ != nullptr) ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, 23);
  }

  Status Write(std::string_view bytes, const Sink& sink) override {
    if (context_ == nullptr)
      return MakeError(ErrorCode::kResourceExhausted, "no memory to decompress a body");
    if (bytes.empty()) return Status::OK();
    room_.resize(64 << 10);
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    bool full = true;  // more may come out without more going in
    while (in.pos < in.size || full) {
      ZSTD_outBuffer out{room_.data(), room_.size(), 0};
      const size_t before = in.pos;
      const size_t left = ZSTD_decompressStream(context_.get(), &out, &in);
      taken_ += static_cast<int64_t>(in.pos - before);
      if (ZSTD_isError(left)) return Broken(ZSTD_getErrorName(left));
      // Asked for more at the end of a frame, it says 'one more head', which is no open frame.
      if (in.pos != before || out.pos > 0) open_ = left != 0;
      full = out.pos == room_.size();
      total_ += static_cast<int64_t>(out.pos);
      if (total_ > max_bytes_) return TooLarge(max_bytes_, "the decompressed body");
      if (out.pos > 0) RETURN_IF_ERROR(sink(std::string_view(room_.data(), out.pos)));
    }
    return Status::OK();
  }
  Status Finish() override { return open_ ? Broken("it ends early") : Status::OK(); }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };

  Status Broken(const char* why) const {
    return MakeError(ErrorCode::kUnavailable,
                     fmt::format("broken compressed body: {} after {} bytes", why, taken_),
                     "try again; if it stays so, the sender or a proxy damages it");
  }

  const int64_t max_bytes_;
  const std::unique_ptr<ZSTD_DCtx, Free> context_{ZSTD_createDCtx()};
  bool open_ = false;  // a frame is not whole
  std::string room_;
  int64_t taken_ = 0, total_ = 0;
};

}  // namespace

Result<std::unique_ptr<ContentDecoder>> ContentDecoder::Make(std::string_view coding, int64_t max_bytes) {
  std::string name(coding);
  std::erase_if(name, [](char c) { return c == ' ' || c == '\t'; });
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  std::unique_ptr<ContentDecoder> decoder;
  if (name.empty() || name == "identity") {
    decoder = std::make_unique<Identity>(max_bytes);
  } else if (name == "gzip" || name == "x-gzip" || name == "deflate") {
    decoder = std::make_unique<Inflate>(name != "deflate", max_bytes);
  } else if (name == "zstd") {
    decoder = std::make_unique<Zstandard>(max_bytes);
  } else {
    return MakeError(
        ErrorCode::kInvalidData,
        fmt::format("the answer has a content coding that was not asked for: {}", name.substr(0, 40)));
  }
  return decoder;
}

Result<std::string> DecodeContent(std::string body, std::string_view coding, int64_t max_bytes) {
  if (body.empty()) return body;
  ASSIGN_OR_RETURN(const auto decoder, ContentDecoder::Make(coding, max_bytes));
  if (coding.empty()) {  // as most are: not copied
    RETURN_IF_ERROR(decoder->Write(body, [](std::string_view) { return Status::OK(); }));
    return body;
  }
  std::string out;
  // Prices as text shrink some four- to sixfold.
  out.reserve(static_cast<size_t>(
      std::clamp<int64_t>(static_cast<int64_t>(body.size()) * 5, 0, std::max<int64_t>(0, max_bytes))));
  RETURN_IF_ERROR(decoder->Write(body, [&](std::string_view piece) {
    out.append(piece);
    return Status::OK();
  }));
  RETURN_IF_ERROR(decoder->Finish());
  return out;
}

}  // namespace penstock::net
