#include "stream/body_encoder.h"

#include <arrow/util/compression.h>
#include <fmt/format.h>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <zstd.h>

#include <algorithm>
#include <vector>

#include "stream/crc32c.h"

namespace penstock::stream {
namespace {

constexpr size_t kPiece = 128 << 10;

class PlainEncoder : public BodyEncoder {
 public:
  Status Append(std::string_view bytes, std::string* out) override {
    *out += bytes;
    return Status::OK();
  }
  Status Finish(std::string*) override { return Status::OK(); }
};

// ISA-L, level 1: a core compresses more than is taken in. `wrapper`: IGZIP_GZIP, or IGZIP_DEFLATE for none.
class GzipEncoder : public BodyEncoder {
 public:
  explicit GzipEncoder(uint16_t wrapper) : level_buffer_(ISAL_DEF_LVL1_DEFAULT) {
    isal_deflate_init(&stream_);
    stream_.level = 1;
    stream_.level_buf = level_buffer_.data();
    stream_.level_buf_size = static_cast<uint32_t>(level_buffer_.size());
    stream_.gzip_flag = wrapper;
  }
  Status Append(std::string_view bytes, std::string* out) override {
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, kPiece);
      RETURN_IF_ERROR(Push(piece, out));
      bytes.remove_prefix(piece.size());
    }
    return Status::OK();
  }
  Status Finish(std::string* out) override {
    stream_.end_of_stream = 1;
    return Push({}, out);
  }

 private:
  Status Push(std::string_view piece, std::string* out) {
    stream_.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(piece.data()));
    stream_.avail_in = static_cast<uint32_t>(piece.size());
    do {
      const size_t before = out->size();
      out->resize(before + kPiece);
      stream_.next_out = reinterpret_cast<uint8_t*>(out->data() + before);
      stream_.avail_out = kPiece;
      const int code = isal_deflate(&stream_);
      out->resize(before + kPiece - stream_.avail_out);
      if (code != COMP_OK)
        return MakeError(ErrorCode::kInternal, fmt::format("gzip: ISA-L's error {}", code));
    } while (stream_.avail_out == 0);
    return Status::OK();
  }
  isal_zstream stream_{};
  std::vector<uint8_t> level_buffer_;
};

class ZstdEncoder : public BodyEncoder {
 public:
  ZstdEncoder() : context_(ZSTD_createCCtx(), &ZSTD_freeCCtx) {
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, 1);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
  }
  Status Append(std::string_view bytes, std::string* out) override {
    return Push(bytes, ZSTD_e_continue, out);
  }
  Status Finish(std::string* out) override { return Push({}, ZSTD_e_end, out); }

 private:
  Status Push(std::string_view bytes, ZSTD_EndDirective end, std::string* out) {
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    for (;;) {
      const size_t before = out->size();
      out->resize(before + kPiece);
      ZSTD_outBuffer output{out->data() + before, kPiece, 0};
      const size_t left = ZSTD_compressStream2(context_.get(), &output, &input, end);
      out->resize(before + output.pos);
      if (ZSTD_isError(left))
        return MakeError(ErrorCode::kInternal, fmt::format("zstd: {}", ZSTD_getErrorName(left)));
      if (end == ZSTD_e_end ? left == 0 : input.pos == input.size) return Status::OK();
    }
  }
  std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> context_;
};

// Both formats of Snappy: blocks of a size that all readers take.
class SnappyEncoder : public BodyEncoder {
 public:
  SnappyEncoder(std::unique_ptr<arrow::util::Codec> codec, bool hadoop)
      : codec_(std::move(codec)), hadoop_(hadoop), block_bytes_(hadoop ? 256 << 10 : 64 << 10) {}
  Status Append(std::string_view bytes, std::string* out) override {
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, block_bytes_ - block_.size());
      block_ += piece;
      bytes.remove_prefix(piece.size());
      if (block_.size() == block_bytes_) RETURN_IF_ERROR(Block(out));
    }
    return Status::OK();
  }
  Status Finish(std::string* out) override { return block_.empty() ? Status::OK() : Block(out); }

 private:
  static void AddBigEndian(uint32_t value, std::string* out) {
    for (const int shift : {24, 16, 8, 0}) *out += static_cast<char>(value >> shift);
  }
  Status Block(std::string* out) {
    const auto size = static_cast<int64_t>(block_.size());
    const auto* data = reinterpret_cast<const uint8_t*>(block_.data());
    std::string packed(static_cast<size_t>(codec_->MaxCompressedLen(size, data)), '\0');
    ASSIGN_OR_RETURN(const int64_t packed_size,
                     codec_->Compress(size, data, static_cast<int64_t>(packed.size()),
                                      reinterpret_cast<uint8_t*>(packed.data())));
    packed.resize(static_cast<size_t>(packed_size));
    if (hadoop_) {
      AddBigEndian(static_cast<uint32_t>(block_.size()), out);
      AddBigEndian(static_cast<uint32_t>(packed.size()), out);
      *out += packed;
    } else {
      if (!begun_) *out += std::string_view("\xff\x06\x00\x00sNaPpY", 10);
      begun_ = true;
      const uint32_t crc = Crc32c(block_), masked = ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
      const auto length = static_cast<uint32_t>(packed.size() + 4);
      *out += '\0';  // compressed data
      for (const int shift : {0, 8, 16}) *out += static_cast<char>(length >> shift);
      for (const int shift : {0, 8, 16, 24}) *out += static_cast<char>(masked >> shift);
      *out += packed;
    }
    block_.clear();
    return Status::OK();
  }

  const std::unique_ptr<arrow::util::Codec> codec_;
  const bool hadoop_;
  const size_t block_bytes_;
  std::string block_;
  bool begun_ = false;
};

// One file in it, without a time; its sizes stand behind it (APPNOTE 4.4.4, bit 3). An object is far below 4
// GiB.
class ZipEncoder : public BodyEncoder {
 public:
  explicit ZipEncoder(std::string_view name) : name_(name), deflate_(IGZIP_DEFLATE) {}
  Status Append(std::string_view bytes, std::string* out) override {
    Begin(out);
    crc_ = crc32_gzip_refl(crc_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    size_ += static_cast<uint32_t>(bytes.size());
    const size_t before = out->size();
    RETURN_IF_ERROR(deflate_.Append(bytes, out));
    packed_ += static_cast<uint32_t>(out->size() - before);
    return Status::OK();
  }
  Status Finish(std::string* out) override {
    Begin(out);
    const size_t before = out->size();
    RETURN_IF_ERROR(deflate_.Finish(out));
    packed_ += static_cast<uint32_t>(out->size() - before);
    Add32({0x08074b50, crc_, packed_, size_}, out);  // data descriptor
    const auto head = static_cast<uint32_t>(30 + name_.size()), directory = head + packed_ + 16;
    Add32({0x02014b50}, out);  // central directory
    Add16({20}, out);
    AddFile(crc_, packed_, size_, out);
    Add16({0, 0, 0}, out);
    Add32({0, 0}, out);
    *out += name_;
    Add32({0x06054b50}, out);  // end of it
    Add16({0, 0, 1, 1}, out);
    Add32({static_cast<uint32_t>(46 + name_.size()), directory}, out);
    Add16({0}, out);
    return Status::OK();
  }

 private:
  static void Add16(std::initializer_list<uint16_t> values, std::string* out) {
    for (const uint16_t value : values) {
      for (const int shift : {0, 8}) *out += static_cast<char>(value >> shift);
    }
  }
  static void Add32(std::initializer_list<uint32_t> values, std::string* out) {
    for (const uint32_t value : values) {
      for (const int shift : {0, 8, 16, 24}) *out += static_cast<char>(value >> shift);
    }
  }
  // What both headers say: version, flags, deflate, 1 January 1980, sizes, length of the name, no extra
  // field.
  void AddFile(uint32_t crc, uint32_t packed, uint32_t size, std::string* out) const {
    Add16({20, 0x0808, 8, 0, 0x21}, out);
    Add32({crc, packed, size}, out);
    Add16({static_cast<uint16_t>(name_.size()), 0}, out);
  }
  void Begin(std::string* out) {
    if (begun_) return;
    begun_ = true;
    Add32({0x04034b50}, out);
    AddFile(0, 0, 0, out);
    *out += name_;
  }

  const std::string name_;
  GzipEncoder deflate_;
  bool begun_ = false;
  uint32_t crc_ = 0, packed_ = 0, size_ = 0;
};

}  // namespace

Result<std::unique_ptr<BodyEncoder>> MakeBodyEncoder(Compression compression, std::string_view name) {
  switch (compression) {
    case Compression::kGzip: return std::make_unique<GzipEncoder>(IGZIP_GZIP);
    case Compression::kZstd: return std::make_unique<ZstdEncoder>();
    case Compression::kZip: return std::make_unique<ZipEncoder>(name);
    case Compression::kSnappy:
    case Compression::kHadoopSnappy: {
      ASSIGN_OR_RETURN(auto codec, arrow::util::Codec::Create(arrow::Compression::SNAPPY));
      return std::make_unique<SnappyEncoder>(std::move(codec), compression == Compression::kHadoopSnappy);
    }
    case Compression::kNone: break;
  }
  return std::make_unique<PlainEncoder>();
}

}  // namespace penstock::stream
