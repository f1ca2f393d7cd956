#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

namespace penstock {

int HardwareThreads() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

Status ParallelFor(size_t count, int threads, const std::function<Status(size_t)>& work,
                   std::stop_token stop) {
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  Status first;
  const auto run = [&] {
    while (!failed.load()) {
      const size_t i = next.fetch_add(1);
      if (i >= count) return;
      Status status =
          stop.stop_requested() ? MakeError(ErrorCode::kCancelled, "stopped on request") : work(i);
      if (!status.ok()) {
        std::lock_guard lock(mutex);
        if (!failed.exchange(true)) first = std::move(status);
      }
    }
  };
  const size_t workers = std::min(count, static_cast<size_t>(std::max(1, threads)));
  {
    std::vector<std::jthread> pool;
    for (size_t i = 1; i < workers; ++i) pool.emplace_back(run);
    run();
  }
  return first;
}

}  // namespace penstock
