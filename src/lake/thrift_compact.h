// Thrift's compact protocol, as far as the footers and page headers of Parquet files need it.
// Source: Apache Thrift, doc/specs/thrift-compact-protocol.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::lake {

enum class ThriftType : uint8_t {
  kTrue = 1,
  kFalse = 2,
  kByte = 3,
  kI16 = 4,
  kI32 = 5,
  kI64 = 6,
  kDouble = 7,
  kBinary = 8,
  kList = 9,
  kSet = 10,
  kMap = 11,
  kStruct = 12
};

// Reads outside bytes. The first thing that is wrong makes all that follows 0 or empty, and ok() false.
class ThriftReader {
 public:
  // `bytes` outlives what is read of it.
  explicit ThriftReader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return !failed_; }
  size_t position() const { return at_; }

  // Calls on_field(id, type) for each field of the struct that begins here; what it returns false for, having
  // read nothing, is skipped.
  template <typename OnField>
  void Struct(OnField&& on_field) {
    if (++depth_ > kMaxDepth) failed_ = true;
    int16_t id = 0;
    while (!failed_) {
      const uint8_t header = Byte();
      if (failed_ || header == 0) break;
      const int delta = header >> 4;
      id = static_cast<int16_t>(delta != 0 ? id + delta : Int());
      const auto type = static_cast<ThriftType>(header & 15);
      if (!on_field(id, type)) Skip(type);
    }
    --depth_;
  }

  // The same for the elements of a list (or set): on_element(type).
  template <typename OnElement>
  void List(OnElement&& on_element) {
    if (++depth_ > kMaxDepth) failed_ = true;
    const uint8_t header = Byte();
    uint64_t count = header >> 4;
    if (count == 15) count = Varint();
    const auto type = static_cast<ThriftType>(header & 15);
    for (uint64_t i = 0; i < count && !failed_; ++i) {
      if (!on_element(type)) SkipElement(type);
    }
    --depth_;
  }

  int64_t Int() {  // i16, i32, i64
    const uint64_t value = Varint();
    return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
  }
  std::string_view Binary();
  // The value of a field of this type.
  void Skip(ThriftType type);

 private:
  static constexpr int kMaxDepth = 32;
  uint8_t Byte() {
    if (at_ >= bytes_.size()) failed_ = true;
    return failed_ ? 0 : static_cast<uint8_t>(bytes_[at_++]);
  }
  uint64_t Varint();
  void SkipElement(ThriftType type);
  void SkipBytes(uint64_t count);

  std::string_view bytes_;
  size_t at_ = 0;
  int depth_ = 0;
  bool failed_ = false;
};

// Appends to a string. Fields of a struct are written in ascending order of their ids.
class ThriftWriter {
 public:
  explicit ThriftWriter(std::string& out) : out_(out) {}

  void BeginStruct() { last_ids_.push_back(0); }  // as an element of a list, or outermost
  void BeginStruct(int16_t id) {
    Header(id, ThriftType::kStruct);
    BeginStruct();
  }
  void EndStruct() {
    out_ += '\0';
    last_ids_.pop_back();
  }
  void BeginList(int16_t id, ThriftType of, size_t count) {
    Header(id, ThriftType::kList);
    ListHeader(of, count);
  }
  void ListHeader(ThriftType of, size_t count);
  void Int(int16_t id, ThriftType type, int64_t value) {  // kI16, kI32, kI64
    Header(id, type);
    IntElement(value);
  }
  void IntElement(int64_t value) {
    Varint(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
  }
  void Bool(int16_t id, bool value) { Header(id, value ? ThriftType::kTrue : ThriftType::kFalse); }
  void Binary(int16_t id, std::string_view value) {
    Header(id, ThriftType::kBinary);
    BinaryElement(value);
  }
  void BinaryElement(std::string_view value) {
    Varint(value.size());
    out_ += value;
  }
  // A value as it stands elsewhere, behind its header.
  void Raw(int16_t id, ThriftType type, std::string_view value) {
    Header(id, type);
    out_ += value;
  }

 private:
  void Header(int16_t id, ThriftType type);
  void Varint(uint64_t value);

  std::string& out_;
  std::vector<int16_t> last_ids_;
};

}  // namespace penstock::lake
