// Records of a log, in order, from any process while another one writes.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "stream/segment_reader.h"

namespace penstock::stream {

// Not thread-safe; as many as one likes beside each other.
class LogReader {
 public:
  // From sequence `from` on; 0: from the oldest one that is still there. NotFound: no such folder.
  static Result<std::unique_ptr<LogReader>> Open(const std::string& folder, uint64_t from);
  // From there, also when that is 0: Next says NotFound when the record was removed.
  static Result<std::unique_ptr<LogReader>> OpenAt(const std::string& folder, uint64_t from);

  // The records that come next, below `end`, of about `most_bytes` (one at least, however long); none: all
  // that is durable was read, and later calls may have more. The views live until the next call. What is
  // damaged is passed over and counted. NotFound: the log was cut off (RecordLog::RemoveBefore) beyond
  // next().
  Result<std::vector<Record>> Next(size_t most_bytes, uint64_t end = std::numeric_limits<uint64_t>::max());

  // Where all that is durable now ends, for a reader that does not run after the writer; the largest number
  // when nobody writes.
  Result<uint64_t> End() const;

  // Sequence of the record that Next gives first.
  uint64_t next() const { return next_; }
  // What was passed over so far.
  LogDamage damaged() const;

 private:
  LogReader(std::string folder, uint64_t from, bool from_oldest)
      : folder_(std::move(folder)), next_(from), from_oldest_(from_oldest) {}
  struct DurableEnd {
    uint64_t known = 0;  // what the writer said: below it, what is not there is lost
    uint64_t limit = 0;  // what may be read: the same, or, when nobody writes, all that is there
  };
  Result<DurableEnd> FindDurableEnd() const;
  // segment_ := the one that holds next_; not when there is none to read.
  Status OpenSegment(const DurableEnd& durable);
  // The segment has nothing in [next_, limit). False: nor will it, for now; otherwise look again.
  Result<bool> GoOn(const DurableEnd& durable, uint64_t limit);

  const std::string folder_;
  uint64_t next_;
  bool from_oldest_;  // next_ is not known yet
  std::unique_ptr<SegmentReader> segment_;
  uint64_t following_ = 0;  // first sequence of the segment behind it; 0: it was the last one when last seen
  LogDamage damage_;        // beside that of segment_
};

}  // namespace penstock::stream
