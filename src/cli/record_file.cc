#include "cli/record_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace penstock::cli {
namespace {

constexpr size_t kMostBytes = 4 << 20;  // of one request
constexpr size_t kMostRecords = 20'000;
constexpr size_t kMostCsv = 64 << 20;  // a file of CSV is read whole
constexpr size_t kPiece = 256 << 10;
constexpr int kLookMs = 100;  // for Ctrl-C, while a pipe is silent

}  // namespace

Result<RecordFile> RecordFile::Open(const std::string& path, stream::LineFormat format) {
  store::FileHandle file(path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info{};
  if (!file.valid() || ::fstat(file.get(), &info) != 0 || S_ISDIR(info.st_mode)) {
    const int why = file.valid() && S_ISDIR(info.st_mode) ? EISDIR : errno;
    return MakeError(ErrorCode::kUsage, fmt::format("cannot read {}: {}", path, std::strerror(why)));
  }
  return RecordFile(std::move(file), path, format);
}

bool RecordFile::IsMoreThere() const {
  pollfd one{file_.get(), POLLIN, 0};
  return ::poll(&one, 1, 0) > 0;
}

Status RecordFile::Read(std::stop_token stop) {
  while (!stop.stop_requested()) {
    pollfd one{file_.get(), POLLIN, 0};
    if (::poll(&one, 1, kLookMs) == 0) continue;
    const size_t before = text_.size();
    text_.resize(before + kPiece);
    const ssize_t size = ::read(file_.get(), text_.data() + before, kPiece);
    const int error = errno;
    text_.resize(before + static_cast<size_t>(std::max<ssize_t>(size, 0)));
    if (size < 0 && (error == EINTR || error == EAGAIN)) continue;
    if (size < 0)
      return MakeError(ErrorCode::kIo, fmt::format("cannot read {}: {}", path_, std::strerror(error)));
    at_end_ = size == 0;
    return Status::OK();
  }
  return MakeError(ErrorCode::kCancelled, "stopped while records were read");
}

Result<stream::RecordGroup> RecordFile::NextLines(std::stop_token stop) {
  for (;;) {
    const size_t whole = text_.rfind('\n');
    if (at_end_ || text_.size() >= kMostBytes || (whole != std::string::npos && !IsMoreThere())) {
      // As many lines as a request takes; behind the last line feed only at the end. A line without one that
      // is longer than a request is refused as it is.
      const size_t end = at_end_ || whole == std::string::npos ? text_.size() : whole + 1;
      size_t lines = 0, taken = 0;
      while (taken < end && lines < kMostRecords && taken < kMostBytes) {
        taken = std::min(text_.find('\n', taken), end - 1) + 1;
        ++lines;
      }
      place_ = fmt::format("line {}", lines_ + 1);
      stream::RecordGroup group;
      RETURN_IF_ERROR(stream::ReadLines(std::string_view(text_).substr(0, taken), format_, &group,
                                        {.first_line = lines_ + 1}));
      text_.erase(0, taken);
      lines_ += lines;
      if (lines > 0 && group.sizes.empty()) continue;  // empty ones: not the end
      return group;
    }
    RETURN_IF_ERROR(Read(stop));
  }
}

Status RecordFile::ReadAll(std::stop_token stop) {
  while (!at_end_) {
    RETURN_IF_ERROR(Read(stop));
    if (text_.size() <= kMostCsv) continue;
    return MakeError(ErrorCode::kTooLarge, fmt::format("more than {} MiB of CSV at once", kMostCsv >> 20),
                     "split it, each part with its header, or put NDJSON");
  }
  const Status read = stream::ReadLines(text_, format_, &all_);
  text_.clear();
  return read;
}

Result<stream::RecordGroup> RecordFile::Next(std::stop_token stop) {
  if (format_ != stream::LineFormat::kCsv) return NextLines(std::move(stop));
  if (!at_end_) RETURN_IF_ERROR(ReadAll(std::move(stop)));
  place_ = fmt::format("row {} below the header", at_ + 1);
  stream::RecordGroup group;
  while (at_ < all_.sizes.size() && group.sizes.size() < kMostRecords &&
         (group.sizes.empty() || group.bytes.size() + all_.sizes[at_] <= kMostBytes)) {
    group.bytes.append(all_.bytes, offset_, all_.sizes[at_]);
    group.sizes.push_back(all_.sizes[at_]);
    offset_ += all_.sizes[at_++];
  }
  return group;
}

}  // namespace penstock::cli
