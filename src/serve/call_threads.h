// Calls that take seconds, on threads of their own: the server's handlers stay free for those that take none.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>

#include "base/thread_annotations.h"

namespace penstock::serve {

// Thread-safe.
class CallThreads {
 public:
  explicit CallThreads(int most) : most_(most) {}
  // Closes.
  ~CallThreads() { Close(); }

  enum class Taken { kYes, kBusy, kClosed };
  // Runs `call`, unless `most` are under way.
  Taken Run(std::function<void()> call);
  // No call is taken any more; returns when none is under way.
  void Close();

 private:
  const int most_;
  std::mutex mutex_;
  std::condition_variable ended_;
  int running_ GUARDED_BY(mutex_) = 0;
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace penstock::serve
