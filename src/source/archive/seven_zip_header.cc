#include "source/archive/seven_zip_header.h"

#include <fmt/format.h>
#include <lzma.h>
#include <stdlib.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::source {
namespace {

// 7zFormat.txt, "Property IDs".
enum Id : uint8_t {
  kEnd = 0x00,
  kHeader = 0x01,
  kArchiveProperties = 0x02,
  kAdditionalStreamsInfo = 0x03,
  kMainStreamsInfo = 0x04,
  kFilesInfo = 0x05,
  kPackInfo = 0x06,
  kUnpackInfo = 0x07,
  kSubStreamsInfo = 0x08,
  kSize = 0x09,
  kCrc = 0x0a,
  kFolder = 0x0b,
  kCodersUnpackSize = 0x0c,
  kNumUnpackStream = 0x0d,
  kEncodedHeader = 0x17,
};

// Methods.txt.
constexpr std::string_view kLzma("\x03\x01\x01", 3), kLzma2("\x21", 1), kPpmd("\x03\x04\x01", 3);

constexpr uint64_t kMostCoders = 32, kMostStreams = 32;  // of one folder, as 7-Zip has it

Status Damaged(std::string_view what) {
  return MakeError(ErrorCode::kInvalidData, fmt::format("7z: its header is damaged: {}", what));
}

struct Coder {
  std::string method, properties;
};

struct Folder {
  std::vector<Coder> coders;
  uint64_t outputs = 0;
  uint64_t unpacked = 0;  // bytes of its last output
  bool has_digest = false;
};

struct Streams {
  uint64_t pack_position = 0;
  std::vector<uint64_t> packed;
  std::vector<Folder> folders;
};

// The header's bytes, from front to back.
class HeaderReader {
 public:
  HeaderReader(std::string_view bytes, const SevenZipLimits& limits) : bytes_(bytes), limits_(limits) {}

  Result<uint8_t> Byte() {
    if (at_ >= bytes_.size()) return Damaged("it ends too early");
    return static_cast<uint8_t>(bytes_[at_++]);
  }

  Result<std::string_view> Bytes(uint64_t count) {
    if (count > bytes_.size() - at_) return Damaged("it ends too early");
    const std::string_view out = bytes_.substr(at_, count);
    at_ += count;
    return out;
  }

  // 7zFormat.txt, "REAL_UINT64 / NUMBER": as many leading ones as bytes follow, the lowest first.
  Result<uint64_t> Number() {
    ASSIGN_OR_RETURN(const uint8_t first, Byte());
    uint64_t value = 0;
    uint8_t mask = 0x80;
    for (int i = 0; i < 8; ++i, mask >>= 1) {
      if ((first & mask) == 0) return value + (static_cast<uint64_t>(first & (mask - 1)) << (8 * i));
      ASSIGN_OR_RETURN(const uint8_t next, Byte());
      value += static_cast<uint64_t>(next) << (8 * i);
    }
    return value;
  }

  // How many of something follow, each of at least one byte.
  Result<uint64_t> Count(std::string_view what) {
    ASSIGN_OR_RETURN(const uint64_t count, Number());
    if (count > bytes_.size() - at_) return Damaged(fmt::format("{} {}", count, what));
    return count;
  }

  // "Digests": which are defined, and a CRC of each that is.
  Result<std::vector<bool>> ReadDigests(uint64_t count) {
    ASSIGN_OR_RETURN(const uint8_t all, Byte());
    if (all == 0 && count > 8 * (bytes_.size() - at_)) return Damaged("it ends too early");
    if (all != 0 && count > (bytes_.size() - at_) / 4) return Damaged("it ends too early");
    std::vector<bool> defined(count, true);
    if (all == 0) {
      ASSIGN_OR_RETURN(const std::string_view bits, Bytes((count + 7) / 8));
      for (uint64_t i = 0; i < count; ++i) defined[i] = (bits[i / 8] & (0x80 >> i % 8)) != 0;
    }
    const auto sums = static_cast<uint64_t>(std::count(defined.begin(), defined.end(), true));
    RETURN_IF_ERROR(Bytes(4 * sums).status());
    return defined;
  }

  Result<Coder> ReadCoder(Folder& folder, uint64_t& inputs) {
    ASSIGN_OR_RETURN(const uint8_t flags, Byte());
    Coder coder;
    ASSIGN_OR_RETURN(coder.method, Bytes(flags & 0x0f));
    uint64_t in = 1, out = 1;
    if ((flags & 0x10) != 0) {
      ASSIGN_OR_RETURN(in, Number());
      ASSIGN_OR_RETURN(out, Number());
      if (in > kMostStreams || out > kMostStreams) return Damaged("a coder of too many streams");
    }
    inputs += in;
    folder.outputs += out;
    if ((flags & 0x20) != 0) {
      ASSIGN_OR_RETURN(const uint64_t size, Number());
      ASSIGN_OR_RETURN(coder.properties, Bytes(size));
    }
    if ((flags & 0x80) != 0) return Damaged("a coder with alternatives");
    return coder;
  }

  Result<Folder> ReadFolder() {
    ASSIGN_OR_RETURN(const uint64_t coders, Number());
    if (coders == 0 || coders > kMostCoders) return Damaged("a folder of too many coders");
    Folder folder;
    uint64_t inputs = 0;
    for (uint64_t i = 0; i < coders; ++i) {
      ASSIGN_OR_RETURN(Coder coder, ReadCoder(folder, inputs));
      folder.coders.push_back(std::move(coder));
    }
    if (folder.outputs == 0 || inputs + 1 < folder.outputs)
      return Damaged("a folder whose coders do not join");
    const uint64_t pairs = folder.outputs - 1, packed = inputs - pairs;
    for (uint64_t i = 0; i < 2 * pairs; ++i) RETURN_IF_ERROR(Number().status());
    for (uint64_t i = 0; packed > 1 && i < packed; ++i) RETURN_IF_ERROR(Number().status());
    return folder;
  }

  Status ReadPackInfo(Streams& streams) {
    ASSIGN_OR_RETURN(streams.pack_position, Number());
    ASSIGN_OR_RETURN(const uint64_t count, Count("packed streams"));
    while (true) {
      ASSIGN_OR_RETURN(const uint8_t id, Byte());
      if (id == kEnd) return Status::OK();
      if (id == kCrc) {
        RETURN_IF_ERROR(ReadDigests(count).status());
      } else if (id == kSize) {
        for (uint64_t i = 0; i < count; ++i) {
          ASSIGN_OR_RETURN(const uint64_t size, Number());
          streams.packed.push_back(size);
        }
      } else {
        return Damaged("an unknown part of its packed streams");
      }
    }
  }

  Status ReadUnpackInfo(Streams& streams) {
    ASSIGN_OR_RETURN(const uint8_t id, Byte());
    if (id != kFolder) return Damaged("no folders");
    ASSIGN_OR_RETURN(const uint64_t count, Count("folders"));
    ASSIGN_OR_RETURN(const uint8_t external, Byte());
    if (external != 0) return Damaged("folders that stand elsewhere");
    for (uint64_t i = 0; i < count; ++i) {
      ASSIGN_OR_RETURN(Folder folder, ReadFolder());
      streams.folders.push_back(std::move(folder));
    }
    while (true) {
      ASSIGN_OR_RETURN(const uint8_t next, Byte());
      if (next == kEnd) return Status::OK();
      if (next == kCrc) {
        ASSIGN_OR_RETURN(const auto defined, ReadDigests(count));
        for (size_t i = 0; i < defined.size(); ++i) streams.folders[i].has_digest = defined[i];
      } else if (next == kCodersUnpackSize) {
        for (Folder& folder : streams.folders) {
          for (uint64_t i = 0; i < folder.outputs; ++i) {
            ASSIGN_OR_RETURN(folder.unpacked, Number());
          }
        }
      } else {
        return Damaged("an unknown part of its folders");
      }
    }
  }

  // How the folders' streams are divided into files.
  Status SkipSubStreams(const Streams& streams) {
    std::vector<uint64_t> files(streams.folders.size(), 1);  // of each folder
    while (true) {
      ASSIGN_OR_RETURN(const uint8_t id, Byte());
      if (id == kEnd) return Status::OK();
      if (id == kNumUnpackStream) {
        for (uint64_t& count : files) {
          ASSIGN_OR_RETURN(count, Number());
          if (count > static_cast<uint64_t>(limits_.max_files)) return TooManyFiles(count);
        }
      } else if (id == kSize) {
        for (const uint64_t count : files) {
          for (uint64_t i = 1; i < count; ++i) RETURN_IF_ERROR(Number().status());
        }
      } else if (id == kCrc) {
        uint64_t digests = 0;  // of those whose digest is not that of their folder
        for (size_t i = 0; i < files.size(); ++i) {
          digests += files[i] == 1 && streams.folders[i].has_digest ? 0 : files[i];
        }
        RETURN_IF_ERROR(ReadDigests(digests).status());
      } else {
        return Damaged("an unknown part of its streams");
      }
    }
  }

  Status ReadStreams(Streams& streams) {
    while (true) {
      ASSIGN_OR_RETURN(const uint8_t id, Byte());
      switch (id) {
        case kEnd: return Status::OK();
        case kPackInfo: RETURN_IF_ERROR(ReadPackInfo(streams)); break;
        case kUnpackInfo: RETURN_IF_ERROR(ReadUnpackInfo(streams)); break;
        case kSubStreamsInfo: RETURN_IF_ERROR(SkipSubStreams(streams)); break;
        default: return Damaged("an unknown part of its streams");
      }
    }
  }

  // From behind kHeader to the number of files.
  Status ReadHeader(Streams& streams) {
    while (true) {
      ASSIGN_OR_RETURN(const uint8_t id, Byte());
      if (id == kEnd) return Status::OK();
      if (id == kArchiveProperties) {
        while (true) {
          ASSIGN_OR_RETURN(const uint8_t property, Byte());
          if (property == kEnd) break;
          ASSIGN_OR_RETURN(const uint64_t size, Number());
          RETURN_IF_ERROR(Bytes(size).status());
        }
      } else if (id == kAdditionalStreamsInfo || id == kMainStreamsInfo) {
        RETURN_IF_ERROR(ReadStreams(streams));
      } else if (id == kFilesInfo) {
        ASSIGN_OR_RETURN(const uint64_t count, Number());
        return count > static_cast<uint64_t>(limits_.max_files) ? TooManyFiles(count) : Status::OK();
      } else {
        return Damaged("an unknown part");
      }
    }
  }

  Status TooManyFiles(uint64_t count) const {
    return MakeError(
        ErrorCode::kTooLarge,
        fmt::format("7z: it says that it has {} files; at most {} are read", count, limits_.max_files));
  }

 private:
  const std::string_view bytes_;
  const SevenZipLimits& limits_;
  size_t at_ = 0;
};

uint64_t Little(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

// What a coder's properties make a decoder allocate.
uint64_t MemoryOf(const Coder& coder) {
  const std::string_view properties = coder.properties;
  if ((coder.method == kLzma || coder.method == kPpmd) && properties.size() >= 5)
    return Little(properties.substr(1, 4));
  if (coder.method == kLzma2 && !properties.empty()) {
    const auto bits = static_cast<uint8_t>(properties[0]);
    return bits >= 40 ? UINT32_MAX : static_cast<uint64_t>(2 | (bits & 1)) << (bits / 2 + 11);
  }
  return 0;
}

Status CheckCoders(const std::vector<Folder>& folders, const SevenZipLimits& limits) {
  for (const Folder& folder : folders) {
    for (const Coder& coder : folder.coders) {
      const uint64_t bytes = MemoryOf(coder);
      if (bytes <= static_cast<uint64_t>(limits.max_coder_bytes)) continue;
      return MakeError(ErrorCode::kTooLarge,
                       fmt::format("7z: it wants a dictionary of {} MiB; at most {} MiB are read",
                                   bytes >> 20, limits.max_coder_bytes >> 20));
    }
  }
  return Status::OK();
}

Result<std::string> ReadAt(ByteSource& bytes, uint64_t offset, uint64_t count) {
  const auto size = static_cast<uint64_t>(*bytes.size());
  if (offset > size || count > size - offset) return Damaged("it points outside of the archive");
  RETURN_IF_ERROR(bytes.Seek(static_cast<int64_t>(offset)));
  std::string out;
  while (out.size() < count) {
    ASSIGN_OR_RETURN(const std::string_view piece, bytes.Read());
    if (piece.empty()) return Damaged("the archive ends too early");
    out += piece.substr(0, count - out.size());
  }
  return out;
}

// A header that is packed: 7-Zip does so by LZMA, others by LZMA2. What else libarchive would unpack is not
// looked through, and so not read.
Result<std::string> Unpack(std::string_view packed, const Folder& folder) {
  const Coder& coder = folder.coders[0];
  if (folder.coders.size() != 1 || (coder.method != kLzma && coder.method != kLzma2)) {
    return MakeError(ErrorCode::kInvalidData,
                     "7z: its header is encrypted, or packed by something other than LZMA");
  }
  lzma_filter filters[2] = {{coder.method == kLzma ? LZMA_FILTER_LZMA1 : LZMA_FILTER_LZMA2, nullptr},
                            {LZMA_VLI_UNKNOWN, nullptr}};
  if (lzma_properties_decode(&filters[0], nullptr, reinterpret_cast<const uint8_t*>(coder.properties.data()),
                             coder.properties.size()) != LZMA_OK) {
    return Damaged("properties of LZMA that are none");
  }
  std::string out(folder.unpacked, '\0');
  size_t in_at = 0, out_at = 0;
  const lzma_ret done =
      lzma_raw_buffer_decode(filters, nullptr, reinterpret_cast<const uint8_t*>(packed.data()), &in_at,
                             packed.size(), reinterpret_cast<uint8_t*>(out.data()), &out_at, out.size());
  free(filters[0].options);
  // LZMA1 without an end marker is done when the output is full.
  if ((done != LZMA_OK && done != LZMA_BUF_ERROR) || out_at != out.size())
    return Damaged("it does not unpack");
  return out;
}

}  // namespace

Status CheckSevenZip(ByteSource& bytes, const SevenZipLimits& limits) {
  constexpr uint64_t kSignatureHeader = 32;
  constexpr int kMostLayers = 4;
  ASSIGN_OR_RETURN(const std::string start, ReadAt(bytes, 0, kSignatureHeader));
  const uint64_t offset = Little(std::string_view(start).substr(12, 8));
  const uint64_t size = Little(std::string_view(start).substr(20, 8));
  const auto too_large = [&](uint64_t what) {
    return MakeError(ErrorCode::kTooLarge, fmt::format("7z: its header has {} bytes; at most {} are read",
                                                       what, limits.max_header_bytes));
  };
  const auto most = static_cast<uint64_t>(limits.max_header_bytes);
  if (size == 0) return Status::OK();
  if (size > most) return too_large(size);
  if (offset > static_cast<uint64_t>(*bytes.size())) return Damaged("it points outside of the archive");
  ASSIGN_OR_RETURN(std::string header, ReadAt(bytes, kSignatureHeader + offset, size));
  for (int layer = 0; layer < kMostLayers; ++layer) {
    HeaderReader reader(header, limits);
    Streams streams;
    ASSIGN_OR_RETURN(const uint8_t id, reader.Byte());
    if (id != kHeader && id != kEncodedHeader) return Damaged("it begins with nothing known");
    RETURN_IF_ERROR(id == kHeader ? reader.ReadHeader(streams) : reader.ReadStreams(streams));
    RETURN_IF_ERROR(CheckCoders(streams.folders, limits));
    if (id == kHeader) return Status::OK();
    if (streams.folders.size() != 1 || streams.packed.size() != 1) return Damaged("a packed header in parts");
    if (streams.folders[0].unpacked > most) return too_large(streams.folders[0].unpacked);
    if (streams.packed[0] > most) return too_large(streams.packed[0]);
    if (streams.pack_position > static_cast<uint64_t>(*bytes.size()))
      return Damaged("it points outside of the archive");
    ASSIGN_OR_RETURN(const std::string packed,
                     ReadAt(bytes, kSignatureHeader + streams.pack_position, streams.packed[0]));
    ASSIGN_OR_RETURN(header, Unpack(packed, streams.folders[0]));
  }
  return Damaged("packed too often");
}

}  // namespace penstock::source
