#include "lake/parquet_tail.h"

#include <arrow/util/crc32.h>
#include <fmt/format.h>
#include <zstd.h>

#include <cstring>
#include <optional>

#include "lake/parquet_layout.h"

namespace penstock::lake {
namespace {

using Type = ThriftType;
constexpr int64_t kMaxPageBytes = 64 << 20;  // unfolded; ours have 1 MiB at most

Status Corrupt(const FooterColumn& column, std::string_view what) {
  return MakeError(ErrorCode::kCorrupt,
                   fmt::format("last page of the column {} of a Parquet file: {}", column.name, what));
}

size_t WidthOf(PhysicalType physical) {
  switch (physical) {
    case PhysicalType::kInt32:
    case PhysicalType::kFloat: return 4;
    case PhysicalType::kInt64:
    case PhysicalType::kDouble: return 8;
    default: return 0;
  }
}

// What the definition levels of `rows` cells say: whether the last one is null, and how many are not.
struct Levels {
  bool last_is_null = false;
  int64_t present = 0;
};

std::optional<Levels> ReadLevels(std::string_view bytes, int64_t rows) {
  Levels levels;
  int64_t seen = 0;
  for (size_t at = 0; seen < rows;) {
    uint64_t header = 0;
    for (int shift = 0;; shift += 7) {
      if (at >= bytes.size() || shift > 28) return std::nullopt;
      const auto byte = static_cast<uint8_t>(bytes[at++]);
      header |= static_cast<uint64_t>(byte & 127) << shift;
      if (byte < 128) break;
    }
    const auto run = static_cast<int64_t>(header >> 1);
    if (run == 0) return std::nullopt;
    if ((header & 1) == 0) {  // a run of one level, a byte
      if (at >= bytes.size()) return std::nullopt;
      const bool present = bytes[at++] == 1;
      const int64_t count = std::min(run, rows - seen);
      levels.present += present ? count : 0;
      levels.last_is_null = !present;
      seen += count;
      continue;
    }
    for (int64_t i = 0; i < run; ++i) {  // groups of eight levels, a bit each
      if (at >= bytes.size()) return std::nullopt;
      const auto bits = static_cast<uint8_t>(bytes[at++]);
      for (int bit = 0; bit < 8 && seen < rows; ++bit, ++seen) {
        levels.last_is_null = (bits >> bit & 1) == 0;
        levels.present += bits >> bit & 1;
      }
    }
  }
  return levels;
}

}  // namespace

struct TailReader::Page {
  int32_t type = -1;
  int32_t unfolded = 0;
  int32_t folded = 0;
  std::optional<int32_t> checksum;
  int32_t values = 0;
  int32_t encoding = -1;
  int32_t level_encoding = -1;
  std::string_view bytes;
};

struct TailReader::Zstd {
  ZSTD_DCtx* context = ZSTD_createDCtx();
  Zstd() = default;
  Zstd(const Zstd&) = delete;
  ~Zstd() { ZSTD_freeDCtx(context); }
};

TailReader::TailReader() : zstd_(std::make_unique<Zstd>()) {}
TailReader::~TailReader() = default;

Result<bool> TailReader::Unfold(const Page& page, int32_t codec, std::string_view& bytes) {
  if (codec == kUncompressed) {
    bytes = page.bytes;
    return true;
  }
  if (codec != kZstd || page.unfolded > kMaxPageBytes || page.unfolded < 0) return false;
  buffer_.resize(static_cast<size_t>(page.unfolded));
  const size_t size = ZSTD_decompressDCtx(zstd_->context, buffer_.data(), buffer_.size(), page.bytes.data(),
                                          page.bytes.size());
  if (ZSTD_isError(size) != 0 || size != buffer_.size()) {
    return MakeError(ErrorCode::kCorrupt, "a page of a Parquet file does not unfold");
  }
  bytes = buffer_;
  return true;
}

Result<bool> TailReader::ReadLastCell(std::string_view chunk, const FooterColumn& column,
                                      const FooterChunk& meta, int index, RowColumns& rows) {
  Page page;
  for (int64_t seen = 0; seen < meta.values;) {
    ThriftReader in(chunk);
    page = {};
    in.Struct([&](int16_t id, Type type) {
      const auto integer = [&](int32_t& to) {
        if (type != Type::kI32) return false;
        to = static_cast<int32_t>(in.Int());
        return true;
      };
      switch (id) {
        case 1: return integer(page.type);
        case 2: return integer(page.unfolded);
        case 3: return integer(page.folded);
        case 4: {
          int32_t value = 0;
          if (!integer(value)) return false;
          page.checksum = value;
          return true;
        }
        case 5:
          if (type != Type::kStruct) return false;
          in.Struct([&](int16_t inner, Type inner_type) {
            int32_t value = 0;
            if (inner < 1 || inner > 3 || inner_type != Type::kI32) return false;
            value = static_cast<int32_t>(in.Int());
            (inner == 1 ? page.values : inner == 2 ? page.encoding : page.level_encoding) = value;
            return true;
          });
          return true;
        default: return false;
      }
    });
    if (!in.ok() || page.folded < 0 || static_cast<size_t>(page.folded) > chunk.size() - in.position()) {
      return Corrupt(column, "it does not lie in its column");
    }
    if (page.type != 0 || page.values <= 0) return false;  // a dictionary, or a page of version 2
    page.bytes = chunk.substr(in.position(), static_cast<size_t>(page.folded));
    chunk.remove_prefix(in.position() + static_cast<size_t>(page.folded));
    seen += page.values;
  }
  if (page.encoding != kPlain || (column.optional && page.level_encoding != kRle)) return false;
  if (page.checksum && static_cast<uint32_t>(*page.checksum) !=
                           arrow::internal::crc32(0, page.bytes.data(), page.bytes.size())) {
    return Corrupt(column, "its checksum is another one");
  }
  std::string_view values;
  ASSIGN_OR_RETURN(const bool unfolded, Unfold(page, meta.codec, values));
  if (!unfolded) return false;
  Levels levels{false, page.values};
  if (column.optional) {
    uint32_t length = 0;
    if (values.size() < sizeof length) return Corrupt(column, "it has no levels");
    std::memcpy(&length, values.data(), sizeof length);
    values.remove_prefix(sizeof length);
    if (length > values.size()) return Corrupt(column, "its levels are longer than the page");
    const auto read = ReadLevels(values.substr(0, length), page.values);
    if (!read) return Corrupt(column, "its levels do not hold together");
    levels = *read;
    values.remove_prefix(length);
  }
  if (levels.last_is_null) {
    rows.AddNull(index);
    return true;
  }
  const auto present = static_cast<size_t>(levels.present);
  if (const size_t width = WidthOf(column.physical); width > 0) {
    if (values.size() != present * width) return Corrupt(column, "it has another size than its values");
    const char* last = values.data() + values.size() - width;
    if (column.physical == PhysicalType::kInt32) {
      int32_t value = 0;
      std::memcpy(&value, last, sizeof value);
      rows.AddInteger(index, value);
    } else {
      rows.AddFixed(index, last);
    }
    return true;
  }
  if (column.physical == PhysicalType::kBoolean) {
    if (values.size() != (present + 7) / 8) return Corrupt(column, "it has another size than its values");
    rows.AddBool(index, (values[(present - 1) / 8] >> ((present - 1) % 8) & 1) != 0);
    return true;
  }
  if (column.physical != PhysicalType::kByteArray) return false;
  std::string_view text;
  for (size_t i = 0; i < present; ++i) {
    uint32_t length = 0;
    if (values.size() < sizeof length) return Corrupt(column, "it has too few values");
    std::memcpy(&length, values.data(), sizeof length);
    values.remove_prefix(sizeof length);
    if (length > values.size()) return Corrupt(column, "a text is longer than the page");
    text = values.substr(0, length);
    values.remove_prefix(length);
  }
  rows.AddBytes(index, text);
  return true;
}

Result<bool> TailReader::ReadLastRow(std::string_view tail, int64_t file_bytes, const ParquetFooter& footer,
                                     RowColumns& rows) {
  if (footer.group_count() == 0) return false;
  ASSIGN_OR_RETURN(const auto group, footer.Group(footer.group_count() - 1));
  if (group.rows <= 0) return false;
  const int64_t tail_begin = file_bytes - static_cast<int64_t>(tail.size());
  const int64_t before = rows.rows();
  bool complete = true;
  for (size_t i = 0; i < group.chunks.size() && complete; ++i) {
    const auto& column = footer.columns()[i];
    const auto& chunk = group.chunks[i];
    const int index = static_cast<int>(i);
    if (column.physical == PhysicalType::kByteArray && chunk.min && chunk.max && chunk.min == chunk.max &&
        chunk.nulls == 0) {
      rows.AddBytes(index, *chunk.min);  // as a symbol in each row: most writers keep it in a dictionary
      continue;
    }
    if (chunk.begin < tail_begin) {
      complete = false;
      break;
    }
    const auto bytes = tail.substr(static_cast<size_t>(chunk.begin - tail_begin),
                                   static_cast<size_t>(chunk.compressed_bytes));
    const auto read = ReadLastCell(bytes, column, chunk, index, rows);
    if (!read.ok()) rows.CutTo(before);
    ASSIGN_OR_RETURN(complete, read);
  }
  if (!complete) rows.CutTo(before);
  return complete;
}

}  // namespace penstock::lake
