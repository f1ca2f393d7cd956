#include "stream/log_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::stream {

Result<std::unique_ptr<LogReader>> LogReader::Open(const std::string& folder, uint64_t from) {
  RETURN_IF_ERROR(ListSegments(folder).status());
  return std::unique_ptr<LogReader>(new LogReader(folder, from, from == 0));
}

Result<std::unique_ptr<LogReader>> LogReader::OpenAt(const std::string& folder, uint64_t from) {
  RETURN_IF_ERROR(ListSegments(folder).status());
  return std::unique_ptr<LogReader>(new LogReader(folder, from, false));
}

LogDamage LogReader::damaged() const {
  LogDamage all = damage_;
  if (segment_ != nullptr) all += segment_->damage();
  return all;
}

Result<uint64_t> LogReader::End() const {
  ASSIGN_OR_RETURN(const auto durable, FindDurableEnd());
  return durable.limit;
}

Result<LogReader::DurableEnd> LogReader::FindDurableEnd() const {
  // In this order: a writer that begins in between says no less than is there.
  ASSIGN_OR_RETURN(const bool written, IsBeingWritten(folder_));
  ASSIGN_OR_RETURN(const auto known, penstock::stream::DurableEnd::Read(folder_));
  DurableEnd durable;
  durable.known = known.value_or(0);
  durable.limit = written ? durable.known : std::numeric_limits<uint64_t>::max();
  return durable;
}

Result<std::vector<Record>> LogReader::Next(size_t most_bytes, uint64_t end) {
  std::vector<Record> records;
  for (;;) {
    ASSIGN_OR_RETURN(const auto durable, FindDurableEnd());
    const uint64_t limit = std::min(end, durable.limit);
    if (next_ >= limit) return records;
    if (segment_ == nullptr) {
      RETURN_IF_ERROR(OpenSegment(durable));
      if (segment_ == nullptr || next_ >= limit) return records;
    }
    RETURN_IF_ERROR(segment_->Next(most_bytes, next_, limit, &records));
    if (!records.empty()) {
      next_ = records.back().sequence + 1;
      return records;
    }
    ASSIGN_OR_RETURN(const bool again, GoOn(durable, limit));
    if (!again) return records;
  }
}

Status LogReader::OpenSegment(const DurableEnd& durable) {
  for (int attempt = 0; attempt < 10; ++attempt) {
    ASSIGN_OR_RETURN(const auto segments, ListSegments(folder_));
    if (from_oldest_) next_ = segments.empty() ? durable.known : segments.front().first;
    from_oldest_ = from_oldest_ && segments.empty();
    if (segments.empty() && next_ >= durable.known) return Status::OK();
    const auto after = std::ranges::upper_bound(segments, next_, {}, &SegmentName::first);
    if (after == segments.begin()) break;
    auto opened = SegmentReader::Open(folder_, *(after - 1));
    if (CodeOf(opened.status()) == ErrorCode::kNotFound) continue;  // removed since it was listed
    ASSIGN_OR_RETURN(segment_, std::move(opened));
    following_ = after == segments.end() ? 0 : after->first;
    return Status::OK();
  }
  return MakeError(ErrorCode::kNotFound,
                   fmt::format("the log {} no longer has record {}: it was removed", folder_, next_),
                   "what is removed was delivered: begin behind what is delivered now");
}

Result<bool> LogReader::GoOn(const DurableEnd& durable, uint64_t limit) {
  if (following_ == 0) {
    ASSIGN_OR_RETURN(const auto segments, ListSegments(folder_));
    const auto after = std::ranges::upper_bound(segments, segment_->name().first, {}, &SegmentName::first);
    if (after != segments.end()) {
      following_ = after->first;
      return true;  // it may have got its last records since it was read
    }
  }
  const uint64_t until = std::min(limit, following_ == 0 ? durable.known : following_);
  if (until > next_) {
    ASSIGN_OR_RETURN(const int64_t size, segment_->FileSize());
    damage_ += {.regions = 1,
                .records = until - next_,
                .bytes = static_cast<uint64_t>(std::max<int64_t>(0, size - segment_->offset()))};
    next_ = until;
    segment_->SkipTo(until);
  }
  if (following_ == 0 || next_ < following_) return false;
  damage_ += segment_->damage();
  segment_.reset();
  return true;
}

}  // namespace penstock::stream
