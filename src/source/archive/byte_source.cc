#include "source/archive/byte_source.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::source {

Status ByteSource::Seek(int64_t) {
  return MakeError(ErrorCode::kInternal, "a source that only flows was sought in");
}

Result<std::string_view> MemorySource::Read() {
  const std::string_view piece = bytes_.substr(at_, piece_);
  at_ += piece.size();
  return piece;
}

Status MemorySource::Seek(int64_t offset) {
  if (offset < 0 || static_cast<size_t>(offset) > bytes_.size()) {
    return MakeError(ErrorCode::kInternal, fmt::format("a seek to {} of {} bytes", offset, bytes_.size()));
  }
  at_ = static_cast<size_t>(offset);
  return Status::OK();
}

Result<std::unique_ptr<ObjectSource>> ObjectSource::Open(store::ObjectStore& store, std::string key,
                                                         int64_t block) {
  ASSIGN_OR_RETURN(store::ObjectInfo info, store.Head(key));
  info.key = std::move(key);
  return std::unique_ptr<ObjectSource>(new ObjectSource(store, std::move(info), block));
}

Result<std::string> ObjectSource::Fetch(int64_t offset) const {
  const int64_t length = std::min(block_, info_.size - offset);
  ASSIGN_OR_RETURN(store::Object object, store_.GetRange(info_.key, offset, length));
  if (object.info.etag != info_.etag) {
    return MakeError(ErrorCode::kPreconditionFailed,
                     fmt::format("{} was replaced while it was read", info_.key), "run this again");
  }
  if (static_cast<int64_t>(object.bytes.size()) != length) {
    return MakeError(ErrorCode::kIo, fmt::format("{}: {} bytes at {} instead of {}", info_.key,
                                                 object.bytes.size(), offset, length));
  }
  return std::move(object.bytes);
}

Result<std::string_view> ObjectSource::Read() {
  const auto rest_of_current = [this] {
    const std::string_view rest = std::string_view(current_).substr(static_cast<size_t>(at_ - current_at_));
    at_ += static_cast<int64_t>(rest.size());
    return rest;
  };
  if (at_ >= current_at_ && at_ < current_at_ + static_cast<int64_t>(current_.size()))
    return rest_of_current();
  if (at_ >= info_.size) return std::string_view();
  if (next_.valid() && next_at_ == at_) {
    ASSIGN_OR_RETURN(current_, next_.get());
  } else {
    ASSIGN_OR_RETURN(current_, Fetch(at_));
  }
  current_at_ = at_;
  next_at_ = at_ + static_cast<int64_t>(current_.size());
  if (next_at_ < info_.size)
    next_ = std::async(std::launch::async, [this, at = next_at_] { return Fetch(at); });
  return rest_of_current();
}

Status ObjectSource::Seek(int64_t offset) {
  if (offset < 0 || offset > info_.size) {
    return MakeError(ErrorCode::kInternal,
                     fmt::format("a seek to {} of {}, which has {} bytes", offset, info_.key, info_.size));
  }
  at_ = offset;
  return Status::OK();
}

}  // namespace penstock::source
