#include "lambda/child_output.h"

#include <unistd.h>

#include <cerrno>

namespace penstock::lambda {
namespace {

constexpr size_t kPiece = 64 << 10;  // what a pipe holds
constexpr int kMostPieces = 64;
constexpr size_t kLongestLine = 16 << 10;
constexpr size_t kTail = 4 << 10;

}  // namespace

ChildOutput::ChildOutput(int output, int errors, int64_t most_bytes, Logger logger)
    : streams_{Stream{.fd = output, .name = "stdout"}, Stream{.fd = errors, .name = "stderr"}},
      most_bytes_(most_bytes),
      logger_(std::move(logger)) {}

bool ChildOutput::Read() {
  const std::lock_guard lock(mutex_);
  char piece[kPiece];
  for (Stream& stream : streams_) {
    for (int i = 0; i < kMostPieces && stream.fd >= 0; ++i) {
      const ssize_t size = ::read(stream.fd, piece, sizeof piece);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0 && errno == EAGAIN) break;
      if (size <= 0) {
        stream.fd = -1;
        break;
      }
      Take(stream, std::string_view(piece, static_cast<size_t>(size)));
    }
  }
  return streams_[0].fd >= 0 || streams_[1].fd >= 0;
}

void ChildOutput::Take(Stream& stream, std::string_view bytes) {
  stream.tail.append(bytes.substr(bytes.size() - std::min(bytes.size(), kTail)));
  if (stream.tail.size() > kTail) stream.tail.erase(0, stream.tail.size() - kTail);
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    const size_t taken = std::min(end, kLongestLine - stream.line.size());
    stream.line.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    if (!bytes.empty() && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      WriteLine(stream);
    } else if (stream.line.size() == kLongestLine) {
      WriteLine(stream);
    }
  }
}

void ChildOutput::WriteLine(Stream& stream) {
  std::string line = std::exchange(stream.line, {});
  if (!line.empty() && line.back() == '\r') line.pop_back();
  if (line.empty()) return;
  const auto size = static_cast<int64_t>(line.size());
  if (logged_ + size > most_bytes_) {
    cut_ += size;
    return;
  }
  logged_ += size;
  logger_.Info("function_output", {{"output", stream.name}, {"request_id", request_id_}, {"text", line}});
}

void ChildOutput::FlushLocked() {
  for (Stream& stream : streams_) WriteLine(stream);
  if (cut_ > 0) {
    logger_.Warning("function_output_cut",
                    {{"request_id", request_id_}, {"bytes_logged", logged_}, {"bytes_left_out", cut_}});
  }
  cut_ = 0;
}

void ChildOutput::Flush() {
  const std::lock_guard lock(mutex_);
  FlushLocked();
}

void ChildOutput::BeginRequest(std::string request_id) {
  const std::lock_guard lock(mutex_);
  FlushLocked();
  logged_ = 0;
  request_id_ = std::move(request_id);
}

std::array<int, 2> ChildOutput::open() const {
  const std::lock_guard lock(mutex_);
  return {streams_[0].fd, streams_[1].fd};
}

std::string ChildOutput::Tail() const {
  const std::lock_guard lock(mutex_);
  return streams_[1].tail.empty() ? streams_[0].tail : streams_[1].tail;
}

}  // namespace penstock::lambda
