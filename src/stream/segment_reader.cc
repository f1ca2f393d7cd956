#include "stream/segment_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace penstock::stream {
namespace {

using State = DecodedRecord::State;
constexpr size_t kSearchBytes = 1 << 20;  // read at once while a whole record is looked for

}  // namespace

LogDamage& LogDamage::operator+=(const LogDamage& other) {
  regions += other.regions;
  records += other.records;
  bytes += other.bytes;
  return *this;
}

Result<std::unique_ptr<SegmentReader>> SegmentReader::Open(const std::string& folder,
                                                           const SegmentName& segment) {
  auto path = folder + "/" + FileNameOf(segment);
  store::FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return store::ErrnoStatus(errno, "open", path);
  return std::unique_ptr<SegmentReader>(new SegmentReader(segment, std::move(file), std::move(path)));
}

Result<int64_t> SegmentReader::FileSize() const {
  struct stat info{};
  if (::fstat(file_.get(), &info) != 0) return store::ErrnoStatus(errno, "look at", path_);
  return static_cast<int64_t>(info.st_size);
}

void SegmentReader::SkipTo(uint64_t sequence) { next_ = std::max(next_, sequence); }

Status SegmentReader::Read(int64_t offset, size_t size) {
  buffer_at_ = offset;
  return store::ReadAt(file_.get(), offset, static_cast<int64_t>(size), path_, &buffer_);
}

Status SegmentReader::Next(size_t most_bytes, uint64_t from, uint64_t end, std::vector<Record>* records) {
  const size_t before = records->size();
  while (records->size() == before && next_ < end) {
    RETURN_IF_ERROR(Read(offset_, std::max(most_bytes, kRecordHead)));
    auto decoded = DecodeRecord(buffer_, name_.mark);
    // One that is longer than was asked for is read whole.
    for (size_t had = 0; decoded.state == State::kShort && buffer_.size() > had;) {
      had = buffer_.size();
      RETURN_IF_ERROR(Read(offset_, decoded.size));
      decoded = DecodeRecord(buffer_, name_.mark);
    }
    const std::string_view bytes = buffer_;
    size_t at = 0;
    bool passed = false;
    while (decoded.state == State::kWhole && decoded.record.sequence == next_ && next_ < end) {
      if (next_ >= from) records->push_back(decoded.record);
      at += decoded.size;
      ++next_;
      passed = true;
      decoded = DecodeRecord(bytes.substr(at), name_.mark);
    }
    offset_ += static_cast<int64_t>(at);
    if (passed) continue;
    ASSIGN_OR_RETURN(const bool found, PassDamage(from, end));
    if (!found) break;
  }
  return Status::OK();
}

Result<bool> SegmentReader::IsRecordAt(int64_t offset, uint64_t end, DecodedRecord* decoded) {
  const auto begin = static_cast<size_t>(offset - buffer_at_);
  *decoded = DecodeRecord(std::string_view(buffer_).substr(begin), name_.mark);
  std::string whole;
  while (decoded->state == State::kShort && whole.size() < decoded->size) {
    const size_t had = whole.size();
    RETURN_IF_ERROR(store::ReadAt(file_.get(), offset, static_cast<int64_t>(decoded->size), path_, &whole));
    if (whole.size() <= had) break;  // the file ends
    *decoded = DecodeRecord(whole, name_.mark);
  }
  decoded->record.data = {};  // `whole` goes
  return decoded->state == State::kWhole && decoded->record.sequence >= next_ &&
         decoded->record.sequence < end;
}

Result<bool> SegmentReader::PassDamage(uint64_t from, uint64_t end) {
  for (int64_t at = offset_;;) {
    RETURN_IF_ERROR(Read(at, kSearchBytes));
    for (size_t place = 0; (place = FindMark(buffer_, place, name_.mark)) != std::string::npos; ++place) {
      const int64_t found = at + static_cast<int64_t>(place);
      DecodedRecord decoded;
      ASSIGN_OR_RETURN(const bool is_record, IsRecordAt(found, end, &decoded));
      if (!is_record) continue;
      if (decoded.record.sequence > from) {
        damage_ += {.regions = 1,
                    .records = decoded.record.sequence - std::max(next_, from),
                    .bytes = static_cast<uint64_t>(found - offset_)};
      }
      offset_ = found;
      next_ = decoded.record.sequence;
      return true;
    }
    if (buffer_.size() < kSearchBytes) return false;
    at += static_cast<int64_t>(buffer_.size() - (sizeof name_.mark - 1));  // a mark may lie across
  }
}

}  // namespace penstock::stream
