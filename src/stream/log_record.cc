#include "stream/log_record.h"

#include <bit>
#include <cstring>

#include "stream/crc32c.h"

namespace penstock::stream {
namespace {

static_assert(std::endian::native == std::endian::little, "the log's numbers are little-endian");

constexpr size_t kCrcAt = 4, kLengthAt = 8, kSequenceAt = 12, kArrivalAt = 20;

template <typename T>
void Store(char* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

template <typename T>
T Load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace

void EncodeRecord(const Record& record, uint32_t mark, std::string* out) {
  char head[kRecordHead];
  Store(head, mark);
  Store(head + kLengthAt, static_cast<uint32_t>(record.data.size()));
  Store(head + kSequenceAt, record.sequence);
  Store(head + kArrivalAt, static_cast<int64_t>(record.arrival.time_since_epoch().count()));
  const uint32_t crc = Crc32c(mark, {head + kLengthAt, kRecordHead - kLengthAt});
  Store(head + kCrcAt, Crc32c(crc, record.data));
  out->append(head, kRecordHead);
  out->append(record.data);
}

DecodedRecord DecodeRecord(std::string_view bytes, uint32_t mark) {
  DecodedRecord decoded;
  char begin[sizeof mark];
  Store(begin, mark);
  if (std::memcmp(bytes.data(), begin, std::min(bytes.size(), sizeof mark)) != 0) return decoded;
  if (bytes.size() < kRecordHead) {
    decoded.state = DecodedRecord::State::kShort;
    decoded.size = kRecordHead;
    return decoded;
  }
  const size_t length = Load<uint32_t>(bytes.data() + kLengthAt);
  if (length > kMostRecordBytes) return decoded;
  decoded.size = kRecordHead + length;
  if (bytes.size() < decoded.size) {
    decoded.state = DecodedRecord::State::kShort;
    return decoded;
  }
  const uint32_t crc = Crc32c(mark, bytes.substr(kLengthAt, decoded.size - kLengthAt));
  if (crc != Load<uint32_t>(bytes.data() + kCrcAt)) return decoded;
  decoded.state = DecodedRecord::State::kWhole;
  decoded.record.sequence = Load<uint64_t>(bytes.data() + kSequenceAt);
  decoded.record.arrival = TimePoint(Duration(Load<int64_t>(bytes.data() + kArrivalAt)));
  decoded.record.data = bytes.substr(kRecordHead, length);
  return decoded;
}

size_t FindMark(std::string_view bytes, size_t from, uint32_t mark) {
  char begin[sizeof mark];
  Store(begin, mark);
  const auto at = bytes.find(std::string_view(begin, sizeof begin), from);
  if (at != std::string_view::npos) return at;
  // The last three bytes may be the beginning of one.
  for (size_t tail = sizeof begin - 1; tail > 0; --tail) {
    if (bytes.size() < from + tail) continue;
    if (bytes.substr(bytes.size() - tail) == std::string_view(begin, tail)) return bytes.size() - tail;
  }
  return std::string_view::npos;
}

}  // namespace penstock::stream
