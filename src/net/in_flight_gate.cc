#include "net/in_flight_gate.h"

namespace penstock::net {

bool InFlightGate::HasRoom(const std::string& host) const {
  if (total_ >= max_total_) return false;
  const auto found = per_host_.find(host);
  return found == per_host_.end() || found->second < max_per_host_;
}

void InFlightGate::AdmitWaiters() {
  for (Waiter* waiter : waiters_) {
    if (total_ >= max_total_) return;
    if (waiter->admitted || !HasRoom(waiter->host)) continue;
    ++total_;
    ++per_host_[waiter->host];
    waiter->admitted = true;
    waiter->changed.notify_one();
  }
}

Status InFlightGate::Enter(const std::string& host, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  Waiter self{host};
  const auto place = waiters_.insert(waiters_.end(), &self);
  AdmitWaiters();
  self.changed.wait(lock, stop, [&] { return self.admitted; });
  waiters_.erase(place);
  if (self.admitted) return Status::OK();
  return MakeError(ErrorCode::kCancelled, "cancelled while waiting for a free connection to " + host);
}

void InFlightGate::Leave(const std::string& host) {
  std::lock_guard lock(mutex_);
  --total_;
  const auto found = per_host_.find(host);
  if (--found->second == 0) per_host_.erase(found);
  AdmitWaiters();
}

}  // namespace penstock::net
