// One segment file of the log, read from its beginning to its end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "stream/log_folder.h"
#include "stream/log_record.h"

namespace penstock::stream {

// Bytes that should be records and are not.
struct LogDamage {
  uint64_t regions = 0;
  uint64_t records = 0;  // lost: sequences that no record has
  uint64_t bytes = 0;
  LogDamage& operator+=(const LogDamage& other);
};

// Not thread-safe. The file may grow meanwhile, or be removed from its folder.
class SegmentReader {
 public:
  static Result<std::unique_ptr<SegmentReader>> Open(const std::string& folder, const SegmentName& segment);

  // Appends to `records` those that come next with sequences in [from, end), out of about `most_bytes` of the
  // file (more only when one record is longer). The views live until the next call. Those before `from` are
  // passed over. Nothing appended: there is none now.
  //
  // Where no whole record stands, the next place where one does is looked for: its sequence is in [next(),
  // end). Found: what lies between is damage. Not found: nothing moves, and the next call looks again.
  Status Next(size_t most_bytes, uint64_t from, uint64_t end, std::vector<Record>* records);

  // Nothing below `sequence` will come any more.
  void SkipTo(uint64_t sequence);

  const SegmentName& name() const { return name_; }
  uint64_t next() const { return next_; }              // behind the last whole record that was passed
  int64_t offset() const { return offset_; }           // where that one ends
  const LogDamage& damage() const { return damage_; }  // passed so far, as far as it is not before `from`
  Result<int64_t> FileSize() const;

 private:
  SegmentReader(const SegmentName& name, store::FileHandle file, std::string path)
      : name_(name), file_(std::move(file)), path_(std::move(path)), next_(name.first) {}

  // buffer_ := up to `size` bytes of the file at `offset`.
  Status Read(int64_t offset, size_t size);
  // The record at `offset`, which Read got already or which is read whole. Its sequence is in [next_, end).
  Result<bool> IsRecordAt(int64_t offset, uint64_t end, DecodedRecord* decoded);
  // Moves behind the damage at offset_; false: no record follows. What is lost below `from` does not count.
  Result<bool> PassDamage(uint64_t from, uint64_t end);

  const SegmentName name_;
  const store::FileHandle file_;
  const std::string path_;
  std::string buffer_;
  int64_t buffer_at_ = 0;  // place of the buffer in the file
  int64_t offset_ = 0;
  uint64_t next_;
  LogDamage damage_;
};

}  // namespace penstock::stream
