// A body on its way from the thread that receives it to the one that takes it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

#include "base/thread_annotations.h"

namespace penstock::net {

// Bounded: who receives pauses while who takes is slow. One thread puts and closes, another takes.
class BodyPipe {
 public:
  // Holds at most `most` bytes and one piece.
  explicit BodyPipe(size_t most = 1 << 20) : most_(most) {}

  // False: full. Nothing was taken in, and the next Take that makes room says so.
  bool Put(std::string_view bytes);
  // No more bytes come.
  void Close();

  // Waits, then gives all that is there in `piece`. False: closed, and nothing is left. `made_room`: a Put
  // was refused since the last Take.
  bool Take(std::string* piece, bool* made_room);

 private:
  const size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string bytes_ GUARDED_BY(mutex_);
  bool refused_ GUARDED_BY(mutex_) = false;
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace penstock::net
