#include "queue/heartbeat.h"

#include <gtest/gtest.h>

#include <atomic>

#include "base/date.h"
#include "queue/memory_queue.h"

namespace penstock::queue {
namespace {

using std::chrono::seconds;

// Refuses to change anything, on order; counts the messages of all beats.
class UnreachableQueue : public Queue {
 public:
  explicit UnreachableQueue(std::shared_ptr<Queue> queue) : queue_(std::move(queue)) {}
  std::atomic<bool> away{false};
  std::atomic<int> beats{0};

  const std::string& name() const override { return queue_->name(); }
  Result<std::string> Send(std::string_view body, const SendOptions& options) override {
    return queue_->Send(body, options);
  }
  Result<std::vector<Message>> Receive(const ReceiveOptions& options) override {
    return queue_->Receive(options);
  }
  Status Delete(std::string_view receipt) override { return queue_->Delete(receipt); }
  Status ChangeVisibility(std::string_view receipt, Duration timeout, std::string_view error) override {
    ++beats;
    if (away) return MakeError(ErrorCode::kUnavailable, "not there");
    return queue_->ChangeVisibility(receipt, timeout, error);
  }
  Status MoveToDeadLetter(std::string_view receipt, std::string_view reason) override {
    return queue_->MoveToDeadLetter(receipt, reason);
  }
  Result<std::vector<Message>> List(const ListOptions& options) override { return queue_->List(options); }
  Result<Message> Get(std::string_view id) override { return queue_->Get(id); }
  Result<QueueCount> Count() override { return queue_->Count(); }
  Result<int64_t> Purge() override { return queue_->Purge(); }
  Result<int64_t> Redrive(const std::optional<std::vector<std::string>>& ids) override {
    return queue_->Redrive(ids);
  }

 private:
  const std::shared_ptr<Queue> queue_;
};

class HeartbeatTest : public testing::Test {
 protected:
  Message Receive() {
    const auto messages = queue_.Receive({});
    EXPECT_TRUE(messages.ok() && messages->size() == 1);
    return messages->front();
  }
  // Time goes on by an interval, and the beat that is due with it is sent, for so many messages.
  void Pass(int messages) {
    while (clock_.sleepers() == 0) std::this_thread::yield();
    const int before = queue_.beats;
    clock_.Advance(seconds(20));
    while (queue_.beats < before + messages) std::this_thread::yield();
    while (clock_.sleepers() == 0) std::this_thread::yield();
  }
  int64_t Visible() { return queue_.Count()->visible; }

  ManualClock clock_{TimePoint(MakeDate(2017, 8, 11)), false};
  MemoryQueues queues_{clock_};
  UnreachableQueue queue_{queues_.Get("work", QueueOptions{seconds(30)}).ValueOrDie()};
};

TEST_F(HeartbeatTest, KeepsAMessageForAsLongAsItIsHeld) {
  ASSERT_TRUE(queue_.Send("long work", {}).ok());
  Heartbeat heartbeat(queue_, clock_, {}, {.visibility_timeout = seconds(60)});
  const Message message = Receive();
  auto held = heartbeat.Hold(message);
  for (int beat = 0; beat < 30; ++beat) {  // ten minutes, of a timeout of 30 s
    Pass(1);
    EXPECT_EQ(Visible(), 0) << beat;
  }
  EXPECT_FALSE(held->lost().stop_requested());
  held.reset();
  clock_.Advance(seconds(59));
  EXPECT_EQ(Visible(), 0);
  clock_.Advance(seconds(1));
  EXPECT_EQ(Visible(), 1) << "no beat once it is let go";
}

TEST_F(HeartbeatTest, ExtendsAtOnceWhatHasLittleTimeLeft) {
  ASSERT_TRUE(queue_.Send("a", {}).ok());
  Heartbeat heartbeat(queue_, clock_, {}, {.visibility_timeout = seconds(60)});
  const auto held = heartbeat.Hold(Receive());
  EXPECT_EQ(queue_.beats, 1);
  const Message other = [&] {
    EXPECT_TRUE(queue_.Send("b", {}).ok());
    return queue_.Receive({.visibility_timeout = seconds(60)})->front();
  }();
  const auto long_enough = heartbeat.Hold(other);
  EXPECT_EQ(queue_.beats, 1);
  Pass(2);
  EXPECT_EQ(queue_.beats, 3);
}

TEST_F(HeartbeatTest, ToldWhenSomebodyElseHasTheMessage) {
  ASSERT_TRUE(queue_.Send("a", {}).ok());
  Heartbeat heartbeat(queue_, clock_, {}, {.visibility_timeout = seconds(60)});
  const Message message = Receive();
  const auto held = heartbeat.Hold(message);
  ASSERT_TRUE(queue_.ChangeVisibility(message.receipt, Duration(0), {}).ok());
  Receive();
  Pass(1);
  while (!held->lost().stop_requested()) std::this_thread::yield();
  const auto late = heartbeat.Hold(message);
  EXPECT_TRUE(late->lost().stop_requested()) << "a stale receipt cannot be held";
}

TEST_F(HeartbeatTest, AFailedBeatIsTriedAgainUntilTheTimeIsOver) {
  ASSERT_TRUE(queue_.Send("a", {}).ok());
  Heartbeat heartbeat(queue_, clock_, {}, {.visibility_timeout = seconds(60)});
  const auto held = heartbeat.Hold(Receive());
  queue_.away = true;
  Pass(1);
  EXPECT_FALSE(held->lost().stop_requested()) << "40 s of its time are left";
  queue_.away = false;
  Pass(1);
  ASSERT_FALSE(held->lost().stop_requested());
  queue_.away = true;
  for (int i = 0; i < 3; ++i) Pass(1);
  while (!held->lost().stop_requested()) std::this_thread::yield();
}

}  // namespace
}  // namespace penstock::queue
