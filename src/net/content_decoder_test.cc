#include "net/content_decoder.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

namespace penstock::net {
namespace {

std::string Deflate(std::string_view text, int window_bits) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string Prices() {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7919 % 10007) + ",";
  return text;
}
constexpr int64_t kMost = 1 << 20;

TEST(ContentDecoder, GzipAndBothKindsOfDeflate) {
  const std::string text = Prices();
  EXPECT_EQ(*DecodeContent(Deflate(text, 31), "gzip", kMost), text);
  EXPECT_EQ(*DecodeContent(Deflate(text, 31), " GZip ", kMost), text);
  EXPECT_EQ(*DecodeContent(Deflate(text, 31), "x-gzip", kMost), text);
  EXPECT_EQ(*DecodeContent(Deflate(text, 15), "deflate", kMost), text);
  EXPECT_EQ(*DecodeContent(Deflate(text, -15), "deflate", kMost), text);
  EXPECT_EQ(*DecodeContent(text, "identity", kMost), text);
  EXPECT_EQ(*DecodeContent(text, "", kMost), text);
  EXPECT_EQ(*DecodeContent("", "gzip", kMost), "");
  EXPECT_EQ(*DecodeContent(Deflate("", 31), "gzip", kMost), "");
}

TEST(ContentDecoder, SeveralMembersAreOneBody) {
  EXPECT_EQ(*DecodeContent(Deflate("one ", 31) + Deflate("two", 31), "gzip", kMost), "one two");
}

TEST(ContentDecoder, Zstandard) {
  const std::string text = Prices();
  EXPECT_EQ(*DecodeContent(Zstd(text), "zstd", kMost), text);
  EXPECT_EQ(*DecodeContent(Zstd("one ") + Zstd("") + Zstd("two"), "zstd", kMost), "one two");
  EXPECT_EQ(*DecodeContent(Zstd(""), "zstd", kMost), "");
  EXPECT_EQ(CodeOf(DecodeContent(Zstd(std::string(2 << 20, 'x')), "zstd", kMost).status()),
            ErrorCode::kTooLarge);
  EXPECT_EQ(CodeOf(DecodeContent(Zstd("x") + "garbage", "zstd", kMost).status()), ErrorCode::kUnavailable);
  const std::string whole = Zstd("a body that is compressed, and not long");
  for (size_t size = 1; size < whole.size(); ++size) {
    EXPECT_EQ(CodeOf(DecodeContent(whole.substr(0, size), "zstd", kMost).status()), ErrorCode::kUnavailable)
        << size;
  }
  // Byte by byte, as a slow sender gives it.
  const auto decoder = *ContentDecoder::Make("zstd", kMost);
  std::string out;
  for (const char& byte : whole) {
    ASSERT_TRUE(decoder
                    ->Write({&byte, 1},
                            [&](std::string_view piece) {
                              out += piece;
                              return Status::OK();
                            })
                    .ok());
  }
  EXPECT_TRUE(decoder->Finish().ok());
  EXPECT_EQ(out, "a body that is compressed, and not long");
}

TEST(ContentDecoder, EveryCutIsNoticed) {
  const std::string whole = Deflate("a body that is compressed, and not long", 31);
  for (size_t size = 1; size < whole.size(); ++size) {
    EXPECT_EQ(CodeOf(DecodeContent(whole.substr(0, size), "gzip", kMost).status()), ErrorCode::kUnavailable)
        << size;
  }
}

TEST(ContentDecoder, DamageIsNoticed) {
  std::string damaged = Deflate(Prices(), 31);
  damaged[damaged.size() / 2] ^= 0x55;
  EXPECT_EQ(CodeOf(DecodeContent(damaged, "gzip", kMost).status()), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf(DecodeContent("<html>not gzip</html>", "gzip", kMost).status()), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf(DecodeContent(Deflate("x", 31) + "garbage", "gzip", kMost).status()),
            ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf(DecodeContent("x", "br", kMost).status()), ErrorCode::kInvalidData);
}

TEST(ContentDecoder, TheBoundIsExactAndABombStaysSmall) {
  const std::string text(100'000, 'x');
  EXPECT_EQ(DecodeContent(Deflate(text, 31), "gzip", 100'000)->size(), 100'000u);
  EXPECT_EQ(CodeOf(DecodeContent(Deflate(text, 31), "gzip", 99'999).status()), ErrorCode::kTooLarge);
  EXPECT_EQ(CodeOf(DecodeContent(text, "", 99'999).status()), ErrorCode::kTooLarge);
  const std::string bomb = Deflate(std::string(64 << 20, '\0'), 31);
  EXPECT_LT(bomb.size(), 100'000u);
  EXPECT_EQ(CodeOf(DecodeContent(bomb, "gzip", 1000).status()), ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace penstock::net
