#include "serve/call_threads.h"

#include <system_error>
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
  const auto end = [this] {
    const std::lock_guard lock(mutex_);
    --running_;
    ended_.notify_all();
  };
  try {
    std::thread([end, call = std::move(call)]() mutable {
      call();
      call = nullptr;  // what it holds goes before Close returns
      end();
    }).detach();                        // Close() waits for it
  } catch (const std::system_error&) {  // the machine has no thread left
    end();
    return Taken::kBusy;
  }
  return Taken::kYes;
}

void CallThreads::Close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  while (running_ > 0) ended_.wait(lock);
}

}  // namespace penstock::serve
