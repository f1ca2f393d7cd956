// Bounds how much is under way at once, in all and for each host.
#pragma once

#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/status.h"
#include "base/thread_annotations.h"

namespace penstock::net {

// Thread-safe. First come, first served, but for those whose host is full: they let others pass.
class InFlightGate {
 public:
  InFlightGate(int max_total, int max_per_host) : max_total_(max_total), max_per_host_(max_per_host) {}

  // Blocks until there is room; then the caller is inside until Leave. Cancelled when `stop` was requested
  // first.
  Status Enter(const std::string& host, std::stop_token stop);
  void Leave(const std::string& host);

 private:
  struct Waiter {
    const std::string& host;
    bool admitted = false;
    std::condition_variable_any changed{};
  };
  bool HasRoom(const std::string& host) const REQUIRES(mutex_);
  void AdmitWaiters() REQUIRES(mutex_);

  const int max_total_;
  const int max_per_host_;
  std::mutex mutex_;
  int total_ GUARDED_BY(mutex_) = 0;
  std::map<std::string, int> per_host_ GUARDED_BY(mutex_);
  std::list<Waiter*> waiters_ GUARDED_BY(mutex_);  // in order of coming
};

}  // namespace penstock::net
