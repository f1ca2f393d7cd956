#include "stream/object_sink.h"

namespace penstock::stream {
namespace {

constexpr size_t kKept = 4 << 20;
constexpr size_t kPiece = 1 << 20;  // handed on at once

}  // namespace

Status ObjectSink::Write(std::string_view bytes) {
  bytes_ += static_cast<int64_t>(bytes.size());
  waiting_ += bytes;
  if (waiting_.size() < (writer_ == nullptr ? kKept : kPiece)) return Status::OK();
  if (writer_ == nullptr) {
    ASSIGN_OR_RETURN(writer_, store_.OpenWriter(key_));
  }
  RETURN_IF_ERROR(writer_->Write(waiting_));
  waiting_.clear();
  waiting_.shrink_to_fit();
  return Status::OK();
}

Status ObjectSink::Put() {
  if (writer_ == nullptr) return store_.Put(key_, waiting_).status();
  if (!waiting_.empty()) RETURN_IF_ERROR(writer_->Write(waiting_));
  waiting_.clear();
  return writer_->Commit().status();
}

}  // namespace penstock::stream
