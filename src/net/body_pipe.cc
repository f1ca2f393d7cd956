#include "net/body_pipe.h"

#include <utility>

namespace penstock::net {

bool BodyPipe::Put(std::string_view bytes) {
  std::lock_guard lock(mutex_);
  if (bytes_.size() >= most_) {
    refused_ = true;
    return false;
  }
  bytes_.append(bytes);
  changed_.notify_one();
  return true;
}

void BodyPipe::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_one();
}

bool BodyPipe::Take(std::string* piece, bool* made_room) {
  piece->clear();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || !bytes_.empty(); });
  std::swap(*piece, bytes_);
  *made_room = std::exchange(refused_, false);
  return !piece->empty();
}

}  // namespace penstock::net
