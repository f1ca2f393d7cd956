#include "queue/heartbeat.h"

#include <algorithm>

namespace penstock::queue {

Heartbeat::Heartbeat(Queue& queue, Clock& clock, Logger log, HeartbeatOptions options)
    : queue_(queue),
      clock_(clock),
      log_(std::move(log)),
      timeout_(std::max<Duration>(options.visibility_timeout, std::chrono::seconds(1))),
      interval_(options.interval.count() > 0 ? options.interval : timeout_ / 3),
      thread_([this](std::stop_token stop) { Run(std::move(stop)); }) {}

Heartbeat::~Heartbeat() {
  thread_.request_stop();
  thread_.join();
}

Heartbeat::Held::~Held() {
  std::lock_guard lock(heartbeat_.mutex_);
  std::erase(heartbeat_.held_, this);
}

std::unique_ptr<Heartbeat::Held> Heartbeat::Hold(const Message& message) {
  std::unique_ptr<Held> held(new Held(*this, message));
  std::lock_guard lock(mutex_);
  if (held->until_ - clock_.Now() < 2 * interval_) Beat({held.get()});
  held_.push_back(held.get());
  return held;
}

void Heartbeat::Run(std::stop_token stop) {
  while (clock_.SleepFor(interval_, stop)) {
    std::lock_guard lock(mutex_);
    Beat(held_);
  }
}

void Heartbeat::Beat(const std::vector<Held*>& held) {
  std::vector<Held*> mine;
  std::vector<std::string> receipts;
  for (Held* one : held) {
    if (one->lost_.stop_requested()) continue;
    mine.push_back(one);
    receipts.push_back(one->receipt_);
  }
  if (mine.empty()) return;
  const TimePoint until = clock_.Now() + timeout_;
  const auto results = queue_.ChangeVisibilityBatch(receipts, timeout_);
  const TimePoint now = clock_.Now();
  for (size_t i = 0; i < mine.size(); ++i) {
    if (results[i].ok()) {
      mine[i]->until_ = until;
      continue;
    }
    const bool lost = !IsRetryable(results[i]) || now >= mine[i]->until_;
    log_.Warning(lost ? "message_lost" : "heartbeat_failed",
                 {{"queue", queue_.name()}, {"message", mine[i]->id_}, {"error", Describe(results[i])}});
    if (lost) mine[i]->lost_.request_stop();
  }
}

}  // namespace penstock::queue
