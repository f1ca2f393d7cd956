#include "lake/thrift_compact.h"

namespace penstock::lake {

uint64_t ThriftReader::Varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const uint8_t byte = Byte();
    value |= static_cast<uint64_t>(byte & 127) << shift;
    if (byte < 128) return failed_ ? 0 : value;
  }
  failed_ = true;
  return 0;
}

void ThriftReader::SkipBytes(uint64_t count) {
  if (count > bytes_.size() - at_) failed_ = true;
  if (!failed_) at_ += count;
}

std::string_view ThriftReader::Binary() {
  const uint64_t size = Varint();
  const size_t begin = at_;
  SkipBytes(size);
  return failed_ ? std::string_view() : bytes_.substr(begin, size);
}

// In a struct the header of a bool is also its value; in a list it has a byte of its own.
void ThriftReader::Skip(ThriftType type) {
  if (type != ThriftType::kTrue && type != ThriftType::kFalse) SkipElement(type);
}

void ThriftReader::SkipElement(ThriftType type) {
  if (++depth_ > kMaxDepth) failed_ = true;
  switch (type) {
    case ThriftType::kTrue:
    case ThriftType::kFalse:
    case ThriftType::kByte: SkipBytes(1); break;
    case ThriftType::kI16:
    case ThriftType::kI32:
    case ThriftType::kI64: Varint(); break;
    case ThriftType::kDouble: SkipBytes(8); break;
    case ThriftType::kBinary: Binary(); break;
    case ThriftType::kList:
    case ThriftType::kSet: List([](ThriftType) { return false; }); break;
    case ThriftType::kMap: {
      const uint64_t count = Varint();
      const uint8_t types = count == 0 ? 0 : Byte();
      for (uint64_t i = 0; i < count && !failed_; ++i) {
        SkipElement(static_cast<ThriftType>(types >> 4));
        SkipElement(static_cast<ThriftType>(types & 15));
      }
      break;
    }
    case ThriftType::kStruct: Struct([](int16_t, ThriftType) { return false; }); break;
    default: failed_ = true;
  }
  --depth_;
}

void ThriftWriter::ListHeader(ThriftType of, size_t count) {
  const auto type = static_cast<uint8_t>(of);
  out_ += static_cast<char>(count < 15 ? count << 4 | type : 0xF0 | type);
  if (count >= 15) Varint(count);
}

void ThriftWriter::Header(int16_t id, ThriftType type) {
  const int delta = id - last_ids_.back();
  last_ids_.back() = id;
  if (delta >= 1 && delta <= 15) {
    out_ += static_cast<char>(delta << 4 | static_cast<int>(type));
    return;
  }
  out_ += static_cast<char>(type);
  IntElement(id);
}

void ThriftWriter::Varint(uint64_t value) {
  while (value >= 128) {
    out_ += static_cast<char>(value | 128);
    value >>= 7;
  }
  out_ += static_cast<char>(value);
}

}  // namespace penstock::lake
