// Keeps messages invisible for as long as they are worked on.
#pragma once

#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread_annotations.h"
#include "queue/queue.h"

namespace penstock::queue {

struct HeartbeatOptions {
  // What a message is extended by, from the moment of the beat. When this process dies, others get the
  // message after it. At least a second.
  Duration visibility_timeout = std::chrono::seconds(60);
  // Between two beats: a third, so that two of them may fail. 0: that third.
  Duration interval{0};
};

// One thread for the messages of a queue. Thread-safe. The queue and the clock outlive it.
//
//   Heartbeat heartbeat(queue, clock, log);
//   const auto held = heartbeat.Hold(message);
//   … work, with held->lost() as its stop token …
//   queue.Delete(message.receipt);
class Heartbeat {
 public:
  Heartbeat(Queue& queue, Clock& clock, Logger log, HeartbeatOptions options = {});
  // Beats no more.
  ~Heartbeat();

  // A message that is kept from others until this is destroyed.
  class Held {
   public:
    ~Held();
    // Requested when the message may belong to somebody else: its receipt was refused, or no beat got through
    // until its time was over. What the work does from then on is done twice.
    std::stop_token lost() const { return lost_.get_token(); }

   private:
    friend class Heartbeat;
    Held(Heartbeat& heartbeat, const Message& message)
        : heartbeat_(heartbeat), id_(message.id), receipt_(message.receipt), until_(message.visible_at) {}
    Heartbeat& heartbeat_;
    const std::string id_, receipt_;
    TimePoint until_;  // guarded by the heartbeat's mutex
    std::stop_source lost_;
  };

  // As received: extended at once when less than two intervals are left of its own timeout.
  std::unique_ptr<Held> Hold(const Message& message);

 private:
  void Run(std::stop_token stop);
  void Beat(const std::vector<Held*>& held) REQUIRES(mutex_);

  Queue& queue_;
  Clock& clock_;
  const Logger log_;
  const Duration timeout_, interval_;
  // Held while a beat is sent, so that nothing is extended after its Held is gone.
  std::mutex mutex_;
  std::vector<Held*> held_ GUARDED_BY(mutex_);
  std::jthread thread_;
};

}  // namespace penstock::queue
