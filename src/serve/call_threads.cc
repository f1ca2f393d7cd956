#include "serve/call_threads.h"

#include <thread>
#include <utility>

namespace penstock::serve {

CallThreads::Taken CallThreads::Run(std::function<void()> call) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return Taken::kClosed;
    if (running_ >= most_) return Taken::kBusy;
    ++running_;
  }
  std::thread([this, call = std::move(call)]() mutable {
    call();
    call = nullptr;  // what it holds goes before Close returns
    const std::lock_guard lock(mutex_);
    --running_;
    ended_.notify_all();
  }).detach();  // Close() waits for it
  return Taken::kYes;
}

void CallThreads::Close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  while (running_ > 0) ended_.wait(lock);
}

}  // namespace penstock::serve
