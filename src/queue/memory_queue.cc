#include "queue/memory_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <list>

#include "queue/ids.h"

namespace penstock::queue {

namespace {
struct Held {
  Message message;
  std::string dedup_id, last_error;
  uint64_t sequence = 0;  // the order of sending
};
}  // namespace

struct MemoryQueues::State {
  explicit State(Clock& c) : clock(c) {}
  Clock& clock;
  std::mutex mutex;
  std::map<std::string, QueueOptions> options GUARDED_BY(mutex);
  std::map<std::string, std::list<Held>> messages GUARDED_BY(mutex);  // by sequence
  uint64_t sent GUARDED_BY(mutex) = 0;
};

namespace {

using Lock = std::lock_guard<std::mutex>;

void InsertInOrder(std::list<Held>& into, std::list<Held>& from, std::list<Held>::iterator it) {
  const auto place =
      std::find_if(into.begin(), into.end(), [&](const Held& h) { return h.sequence > it->sequence; });
  into.splice(place, from, it);
}

class MemoryQueue : public Queue {
 public:
  MemoryQueue(std::shared_ptr<MemoryQueues::State> state, std::string name, QueueOptions options)
      : state_(std::move(state)), name_(std::move(name)), options_(std::move(options)) {}

  const std::string& name() const override { return name_; }

  Result<std::string> Send(std::string_view body, const SendOptions& options) override {
    RETURN_IF_ERROR(CheckMessage(body, options));
    Lock lock(state_->mutex);
    auto& mine = Sweep();
    for (const Held& held : mine) {
      if (!options.dedup_id.empty() && held.dedup_id == options.dedup_id) return held.message.id;
    }
    const TimePoint now = state_->clock.Now();
    mine.push_back({{NewId(), std::string(body), options.attributes, 0, now, now + options.delay, ""},
                    options.dedup_id,
                    "",
                    ++state_->sent});
    return mine.back().message.id;
  }

  Result<std::vector<Message>> Receive(const ReceiveOptions& options) override {
    RETURN_IF_ERROR(CheckReceive(options));
    Lock lock(state_->mutex);
    const TimePoint now = state_->clock.Now();
    std::vector<Held*> visible;
    for (Held& held : Sweep()) {
      if (held.message.visible_at <= now) visible.push_back(&held);
    }
    std::stable_sort(visible.begin(), visible.end(), [](const Held* a, const Held* b) {
      return a->message.visible_at < b->message.visible_at;
    });
    if (visible.size() > static_cast<size_t>(options.max_messages))
      visible.resize(static_cast<size_t>(options.max_messages));
    std::vector<Message> messages;
    for (Held* held : visible) {
      held->message.receipt = NewReceipt(held->message.id);
      held->message.visible_at = now + options.visibility_timeout.value_or(options_.visibility_timeout);
      ++held->message.receive_count;
      messages.push_back(held->message);
    }
    return messages;
  }

  Status Delete(std::string_view receipt) override {
    return WithReceipt(receipt, true, [](std::list<Held>& mine, std::list<Held>::iterator it) {
      mine.erase(it);
      return Status::OK();
    });
  }

  Status ChangeVisibility(std::string_view receipt, Duration timeout, std::string_view last_error) override {
    if (timeout.count() < 0) return MakeError(ErrorCode::kUsage, "a visibility timeout is not below 0");
    return WithReceipt(receipt, false, [&](std::list<Held>&, std::list<Held>::iterator it) {
      const TimePoint now = state_->clock.Now();
      if (it->message.visible_at <= now) return Stale(it->message.id);
      it->message.visible_at = now + timeout;
      if (!last_error.empty()) it->last_error = last_error;
      return Status::OK();
    });
  }

  Status MoveToDeadLetter(std::string_view receipt, std::string_view reason) override {
    if (!options_.redrive) {
      return MakeError(ErrorCode::kConfiguration, fmt::format("queue {} has no dead-letter queue", name_));
    }
    return WithReceipt(receipt, false, [&](std::list<Held>& mine, std::list<Held>::iterator it) {
      MoveToDead(mine, it, reason);
      return Status::OK();
    });
  }

  Result<std::vector<Message>> List(const ListOptions& options) override {
    if (options.max_messages < 1) return MakeError(ErrorCode::kUsage, "max_messages is below 1");
    Lock lock(state_->mutex);
    auto& mine = Sweep();
    std::vector<Message> messages;
    auto it = Find(mine, options.start_after_id);
    it = it == mine.end() ? mine.begin() : std::next(it);
    for (; it != mine.end() && messages.size() < static_cast<size_t>(options.max_messages); ++it) {
      messages.push_back(WithoutReceipt(it->message));
    }
    return messages;
  }

  Result<Message> Get(std::string_view id) override {
    Lock lock(state_->mutex);
    auto& mine = Sweep();
    const auto it = Find(mine, id);
    if (it == mine.end()) return Missing(id);
    return WithoutReceipt(it->message);
  }

  Result<QueueCount> Count() override {
    Lock lock(state_->mutex);
    const TimePoint now = state_->clock.Now();
    QueueCount count;
    for (const Held& held : Sweep()) {
      ++(held.message.visible_at <= now ? count.visible
         : held.message.receipt.empty() ? count.delayed
                                        : count.in_flight);
    }
    return count;
  }

  Result<int64_t> Purge() override {
    Lock lock(state_->mutex);
    auto& mine = Sweep();
    const auto removed = static_cast<int64_t>(mine.size());
    mine.clear();
    return removed;
  }

  Result<int64_t> Redrive(const std::optional<std::vector<std::string>>& ids) override {
    Lock lock(state_->mutex);
    auto& mine = Sweep();
    std::vector<std::list<Held>::iterator> chosen;
    const auto has_source = [](const Held& held) {
      return held.message.attributes.contains(std::string(kSourceQueueAttribute));
    };
    if (!ids) {
      for (auto it = mine.begin(); it != mine.end(); ++it) {
        if (has_source(*it)) chosen.push_back(it);
      }
    } else {
      for (const std::string& id : *ids) {
        const auto it = Find(mine, id);
        if (it == mine.end()) return Missing(id);
        if (!has_source(*it)) {
          return MakeError(
              ErrorCode::kNotFound,
              fmt::format("message {} was sent to {} itself: there is no queue to move it back to", id,
                          name_));
        }
        if (std::find(chosen.begin(), chosen.end(), it) == chosen.end()) chosen.push_back(it);
      }
    }
    for (const auto it : chosen) {
      auto& attributes = it->message.attributes;
      const std::string source = attributes[std::string(kSourceQueueAttribute)];
      for (const auto name :
           {kSourceQueueAttribute, kReceiveCountAttribute, kLastErrorAttribute, kDeadSinceAttribute}) {
        attributes.erase(std::string(name));
      }
      MoveTo(mine, it, source);
    }
    return static_cast<int64_t>(chosen.size());
  }

 private:
  static Message WithoutReceipt(Message message) {
    message.receipt.clear();
    return message;
  }
  static std::list<Held>::iterator Find(std::list<Held>& in, std::string_view id) {
    return std::find_if(in.begin(), in.end(), [&](const Held& held) { return held.message.id == id; });
  }
  Status Missing(std::string_view id) const {
    return MakeError(ErrorCode::kNotFound, fmt::format("no such message in queue {}: {}", name_, id));
  }
  Status Stale(std::string_view id) const {
    return MakeError(ErrorCode::kPreconditionFailed,
                     fmt::format("queue {}: a stale receipt of message {}", name_, id));
  }

  // The rest is called with the lock held.
  void MoveTo(std::list<Held>& mine, std::list<Held>::iterator it, const std::string& target) {
    it->message.receive_count = 0;
    it->message.visible_at = state_->clock.Now();
    it->message.receipt.clear();
    it->last_error.clear();
    InsertInOrder(state_->messages[target], mine, it);
  }
  void MoveToDead(std::list<Held>& mine, std::list<Held>::iterator it, std::string_view error) {
    auto& attributes = it->message.attributes;
    attributes[std::string(kSourceQueueAttribute)] = name_;
    attributes[std::string(kReceiveCountAttribute)] = std::to_string(it->message.receive_count);
    attributes[std::string(kLastErrorAttribute)] = error;
    attributes[std::string(kDeadSinceAttribute)] = FormatTimestamp(state_->clock.Now());
    MoveTo(mine, it, options_.redrive->dead_letter_queue);
  }
  std::list<Held>& Sweep() {
    auto& mine = state_->messages[name_];
    if (!options_.redrive) return mine;
    const TimePoint now = state_->clock.Now();
    for (auto it = mine.begin(); it != mine.end();) {
      const auto next = std::next(it);
      if (it->message.visible_at <= now && it->message.receive_count >= options_.redrive->max_receive_count) {
        const std::string error =
            it->last_error.empty() ? "not finished before its visibility timeout" : it->last_error;
        MoveToDead(mine, it, error);
      }
      it = next;
    }
    return mine;
  }

  template <typename Work>
  Status WithReceipt(std::string_view receipt, bool gone_is_ok, const Work& work) {
    const auto id = IdOfReceipt(receipt);
    if (!id) return MakeError(ErrorCode::kUsage, fmt::format("not a receipt: \"{}\"", receipt));
    Lock lock(state_->mutex);
    auto& mine = Sweep();
    const auto it = Find(mine, *id);
    if (it != mine.end() && it->message.receipt == receipt) return work(mine, it);
    bool gone = true;
    for (auto& [name, messages] : state_->messages) gone = gone && Find(messages, *id) == messages.end();
    return gone && gone_is_ok ? Status::OK() : Stale(*id);
  }

  const std::shared_ptr<MemoryQueues::State> state_;
  const std::string name_;
  const QueueOptions options_;
};

}  // namespace

MemoryQueues::MemoryQueues(Clock& clock) : state_(std::make_shared<State>(clock)) {}

Result<std::shared_ptr<Queue>> MemoryQueues::Get(const std::string& name,
                                                 const std::optional<QueueOptions>& options) {
  RETURN_IF_ERROR(CheckQueue(name, options));
  Lock lock(state_->mutex);
  auto& kept = state_->options[name];
  if (options) kept = *options;
  if (kept.redrive) state_->options.try_emplace(kept.redrive->dead_letter_queue);
  return std::make_shared<MemoryQueue>(state_, name, kept);
}

Result<std::vector<std::string>> MemoryQueues::Names() {
  Lock lock(state_->mutex);
  std::vector<std::string> names;
  for (const auto& [name, options] : state_->options) names.push_back(name);
  return names;
}

}  // namespace penstock::queue
