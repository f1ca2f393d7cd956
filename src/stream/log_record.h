// A record as it lies in a segment of the log.
//
//   mark      4 bytes   the segment's own, random (SegmentName): no user's data can look like a record
//   crc       4         CRC-32C of the mark and of all that follows
//   length    4         of the data
//   sequence  8
//   arrival   8         microseconds since the epoch
//   data      length
//
// Numbers are little-endian. Records lie end to end, sequences ascending by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace penstock::stream {

struct Record {
  uint64_t sequence = 0;
  TimePoint arrival;
  std::string_view data;
};

constexpr size_t kRecordHead = 28;
constexpr size_t kMostRecordBytes = 16 << 20;  // data of one record

// Adds the record to `out`. Its data has at most kMostRecordBytes.
void EncodeRecord(const Record& record, uint32_t mark, std::string* out);

struct DecodedRecord {
  enum class State {
    kWhole,  // `record` holds; its data is a view of the bytes
    kShort,  // so far it may be one, of `size` bytes (or a head: kRecordHead)
    kBad,    // no record begins here
  };
  State state = State::kBad;
  size_t size = 0;  // of the whole record, head included
  Record record;
};
// What begins at the first of `bytes`.
DecodedRecord DecodeRecord(std::string_view bytes, uint32_t mark);

// The first place at or after `from` where a record could begin: where the mark stands, or where it is cut
// off by the end of `bytes`. npos: nowhere.
size_t FindMark(std::string_view bytes, size_t from, uint32_t mark);

}  // namespace penstock::stream
