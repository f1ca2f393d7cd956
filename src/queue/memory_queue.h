// Queues in memory: for tests, and for what need not outlive the process.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/thread_annotations.h"
#include "queue/queue.h"

namespace penstock::queue {

// Thread-safe; "safe among processes" does not apply. The queues live as long as one of them, or this, does.
class MemoryQueues : public Queues {
 public:
  // `clock` outlives the queues.
  explicit MemoryQueues(Clock& clock);

  Result<std::shared_ptr<Queue>> Get(const std::string& name,
                                     const std::optional<QueueOptions>& options = std::nullopt) override;
  Result<std::vector<std::string>> Names() override;

  struct State;

 private:
  const std::shared_ptr<State> state_;
};

}  // namespace penstock::queue
