#include "queue/queue_conformance.h"

#include <fmt/format.h>

#include <atomic>
#include <set>

#include "base/parallel.h"

namespace penstock::queue {

using std::chrono::seconds;

std::string QueuesMakerName(const testing::TestParamInfo<QueuesMaker>& info) { return info.param.name; }

void QueueConformance::SetUp() {
  queues_ = GetParam().make(clock_);
  ASSERT_NE(queues_, nullptr);
  const auto work = queues_->Get("work", QueueOptions{seconds(30), RedrivePolicy{3, "dead"}});
  ASSERT_TRUE(work.ok()) << work.status();
  work_ = *work;
  const auto dead = queues_->Get("dead");
  ASSERT_TRUE(dead.ok()) << dead.status();
  dead_ = *dead;
  can_ = work_->capabilities();
}

void QueueConformance::Advance(Duration span) {
  clock_.Advance(span);
  if (GetParam().tell_time) GetParam().tell_time(clock_.Now());
}

void QueueConformance::MoveWhatIsDead() {
  if (can_.moves_on_time) return;
  const auto messages = work_->Receive();
  ASSERT_TRUE(messages.ok()) << messages.status();
  EXPECT_TRUE(messages->empty());
}

namespace {

// The only message to be had, or none.
std::optional<Message> ReceiveOne(Queue& queue) {
  const auto messages = queue.Receive();
  EXPECT_TRUE(messages.ok()) << messages.status();
  if (!messages.ok() || messages->empty()) return std::nullopt;
  return messages->front();
}

std::vector<std::string> Bodies(const std::vector<Message>& messages) {
  std::vector<std::string> bodies;
  for (const auto& message : messages) bodies.push_back(message.body);
  return bodies;
}

void ExpectCount(Queue& queue, int64_t visible, int64_t in_flight, int64_t delayed) {
  const auto count = queue.Count();
  ASSERT_TRUE(count.ok()) << count.status();
  EXPECT_EQ(count->visible, visible) << queue.name();
  EXPECT_EQ(count->in_flight, in_flight) << queue.name();
  EXPECT_EQ(count->delayed, delayed) << queue.name();
}

TEST_P(QueueConformance, SendReceiveDelete) {
  const std::string body("{\"key\":\"raw/\0株\"}", 18);
  const auto id =
      work_->Send(body, {.attributes = {{"content-type", "application/json"}, {"odd", "\"\n\xff"}}});
  ASSERT_TRUE(id.ok()) << id.status();
  ExpectCount(*work_, 1, 0, 0);
  const auto message = ReceiveOne(*work_);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->id, *id);
  EXPECT_EQ(message->body, body);
  EXPECT_EQ(message->attributes, (Attributes{{"content-type", "application/json"}, {"odd", "\"\n\xff"}}));
  EXPECT_EQ(message->receive_count, 1);
  EXPECT_EQ(message->sent_at, clock_.Now());
  EXPECT_EQ(message->visible_at, clock_.Now() + seconds(30));
  ExpectCount(*work_, 0, 1, 0);
  EXPECT_TRUE(work_->Delete(message->receipt).ok());
  EXPECT_TRUE(work_->Delete(message->receipt).ok()) << "a delete whose answer was lost is repeated";
  ExpectCount(*work_, 0, 0, 0);
  Advance(seconds(3600));
  EXPECT_FALSE(ReceiveOne(*work_));
  EXPECT_TRUE(Bodies(*dead_->List()).empty());
}

TEST_P(QueueConformance, OldestFirstAndManyAtOnce) {
  for (int i = 0; i < 15; ++i) ASSERT_TRUE(work_->Send(std::to_string(i)).ok());
  const auto first = work_->Receive({.max_messages = 10});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(Bodies(*first), (std::vector<std::string>{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}));
  EXPECT_EQ(work_->Receive({.max_messages = 10})->size(), 5u);
  EXPECT_TRUE(work_->Receive({.max_messages = 10})->empty());
  for (const int wrong : {0, -1, kMaxReceiveMessages + 1}) {
    EXPECT_EQ(CodeOf(work_->Receive({.max_messages = wrong}).status()), ErrorCode::kUsage);
  }
}

TEST_P(QueueConformance, FTSE4_InvisibleForTheVisibilityTimeout) {
  ASSERT_TRUE(work_->Send("a").ok());
  const auto first = ReceiveOne(*work_);
  ASSERT_TRUE(first);
  Advance(seconds(30) - GetParam().tick);
  EXPECT_FALSE(ReceiveOne(*work_));
  Advance(GetParam().tick);
  ExpectCount(*work_, 1, 0, 0);
  const auto second = work_->Receive({.visibility_timeout = seconds(5)});
  ASSERT_EQ(second->size(), 1u);
  EXPECT_EQ(second->front().id, first->id);
  EXPECT_EQ(second->front().receive_count, 2);
  Advance(seconds(5));
  EXPECT_TRUE(ReceiveOne(*work_));
}

TEST_P(QueueConformance, StaleReceiptsAreRefused) {
  ASSERT_TRUE(work_->Send("a").ok());
  const auto first = ReceiveOne(*work_);
  Advance(seconds(30));
  const auto second = ReceiveOne(*work_);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(CodeOf(work_->Delete(first->receipt)), ErrorCode::kPreconditionFailed);
  EXPECT_EQ(CodeOf(work_->ChangeVisibility(first->receipt, seconds(1))), ErrorCode::kPreconditionFailed);
  EXPECT_EQ(CodeOf(work_->MoveToDeadLetter(first->receipt, "x")), ErrorCode::kPreconditionFailed);
  EXPECT_EQ(CodeOf(dead_->Delete(second->receipt)), ErrorCode::kPreconditionFailed) << "of another queue";
  ExpectCount(*work_, 0, 1, 0);
  EXPECT_EQ(CodeOf(work_->Delete("nonsense")), ErrorCode::kUsage);
  // Late, but nobody else has it: the work is done.
  Advance(seconds(31));
  EXPECT_EQ(CodeOf(work_->ChangeVisibility(second->receipt, seconds(60))), ErrorCode::kPreconditionFailed);
  EXPECT_TRUE(work_->Delete(second->receipt).ok());
  EXPECT_EQ(CodeOf(work_->ChangeVisibility(second->receipt, seconds(1))), ErrorCode::kPreconditionFailed)
      << "gone";
}

TEST_P(QueueConformance, ChangeVisibilityHoldsLongerOrGivesBack) {
  ASSERT_TRUE(work_->Send("a").ok());
  auto message = ReceiveOne(*work_);
  Advance(seconds(20));
  ASSERT_TRUE(work_->ChangeVisibility(message->receipt, seconds(60)).ok());
  Advance(seconds(59));
  EXPECT_FALSE(ReceiveOne(*work_));
  ASSERT_TRUE(work_->ChangeVisibility(message->receipt, seconds(0)).ok());
  EXPECT_TRUE(ReceiveOne(*work_));
  EXPECT_EQ(CodeOf(work_->ChangeVisibility(message->receipt, seconds(-1))), ErrorCode::kUsage);
}

TEST_P(QueueConformance, DelayedMessages) {
  ASSERT_TRUE(work_->Send("later", {.delay = seconds(10)}).ok());
  ExpectCount(*work_, 0, 0, 1);
  EXPECT_FALSE(ReceiveOne(*work_));
  Advance(seconds(10));
  EXPECT_TRUE(ReceiveOne(*work_));
  EXPECT_EQ(CodeOf(work_->Send("x", {.delay = seconds(-1)}).status()), ErrorCode::kUsage);
}

TEST_P(QueueConformance, SameDedupIdWhileOneIsThere) {
  if (!can_.dedup) {  // then it is a second message, and both get through
    const auto first = work_->Send("a", {.dedup_id = "d"}), second = work_->Send("b", {.dedup_id = "d"});
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_NE(*first, *second);
    EXPECT_EQ(work_->Receive({.max_messages = 10})->size(), 2u);
    return;
  }
  const auto id = work_->Send("first", {.dedup_id = "dt=2017-08-11"});
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(*work_->Send("second", {.dedup_id = "dt=2017-08-11"}), *id);
  EXPECT_NE(*work_->Send("other", {.dedup_id = "dt=2017-08-10"}), *id);
  EXPECT_NE(*dead_->Send("another queue", {.dedup_id = "dt=2017-08-11"}), *id);
  const auto message = ReceiveOne(*work_);
  EXPECT_EQ(message->body, "first");
  EXPECT_EQ(*work_->Send("in flight counts", {.dedup_id = "dt=2017-08-11"}), *id);
  ASSERT_TRUE(work_->Delete(message->receipt).ok());
  EXPECT_NE(*work_->Send("again", {.dedup_id = "dt=2017-08-11"}), *id);
  EXPECT_EQ(Bodies(*work_->List()), (std::vector<std::string>{"other", "again"}));
}

TEST_P(QueueConformance, FTSE4_ThirdFailureMovesToTheDeadLetterQueue) {
  const auto id = work_->Send("bad", {.dedup_id = "d", .attributes = {{"mine", "stays"}}});
  const TimePoint sent = clock_.Now();
  TimePoint moved;
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const auto message = ReceiveOne(*work_);
    ASSERT_TRUE(message) << attempt;
    EXPECT_EQ(message->receive_count, attempt);
    ASSERT_TRUE(
        work_->ChangeVisibility(message->receipt, seconds(2), fmt::format("HTTP 500, try {}", attempt)).ok());
    moved = clock_.Now();
    if (can_.moves_on_time || attempt < 3) ExpectCount(*dead_, 0, 0, 0);
    Advance(seconds(2));
  }
  if (can_.moves_on_time) moved = clock_.Now();
  EXPECT_FALSE(ReceiveOne(*work_));
  ExpectCount(*work_, 0, 0, 0);
  const auto dead = dead_->Get(*id);
  ASSERT_TRUE(dead.ok()) << dead.status();
  EXPECT_EQ(dead->body, "bad");
  EXPECT_EQ(dead->sent_at, sent);
  EXPECT_EQ(dead->receive_count, 0);
  EXPECT_EQ(dead->attributes, (Attributes{{"mine", "stays"},
                                          {std::string(kSourceQueueAttribute), "work"},
                                          {std::string(kReceiveCountAttribute), "3"},
                                          {std::string(kLastErrorAttribute), "HTTP 500, try 3"},
                                          {std::string(kDeadSinceAttribute), FormatTimestamp(moved)}}));
  if (can_.looks) EXPECT_EQ(CodeOf(work_->Get(*id).status()), ErrorCode::kNotFound);
  EXPECT_NE(*work_->Send("next try", {.dedup_id = "d"}), *id) << "what is dead does not block its successor";
}

// A worker that dies says nothing; the message gets there all the same, whoever looks first.
TEST_P(QueueConformance, FTSE4_SilentFailuresMoveToo) {
  for (const char* body : {"a", "b"}) ASSERT_TRUE(work_->Send(body).ok());
  for (int attempt = 0; attempt < 3; ++attempt) {
    EXPECT_EQ(work_->Receive({.max_messages = 10})->size(), 2u);
    Advance(seconds(30));
  }
  MoveWhatIsDead();
  ExpectCount(*work_, 0, 0, 0);
  ExpectCount(*dead_, 2, 0, 0);
  const auto letters = dead_->List();
  ASSERT_TRUE(letters.ok()) << letters.status();
  EXPECT_EQ(letters->front().attributes.at(std::string(kSourceQueueAttribute)), "work");
  EXPECT_FALSE(letters->front().attributes.at(std::string(kLastErrorAttribute)).empty());
  EXPECT_EQ(*dead_->Redrive(), 2);
  EXPECT_EQ(ReceiveOne(*work_)->attributes, Attributes{});
}

TEST_P(QueueConformance, FTSE4_WhatCanNeverSucceedMovesAtOnce) {
  const auto id = work_->Send("unparsable");
  const auto message = ReceiveOne(*work_);
  ASSERT_TRUE(work_->MoveToDeadLetter(message->receipt, "not JSON, line 1 column 2").ok());
  const auto dead = dead_->Get(*id);
  ASSERT_TRUE(dead.ok()) << dead.status();
  EXPECT_EQ(dead->attributes.at(std::string(kLastErrorAttribute)), "not JSON, line 1 column 2");
  EXPECT_EQ(dead->attributes.at(std::string(kReceiveCountAttribute)), "1");
  EXPECT_EQ(CodeOf(work_->Delete(message->receipt)), ErrorCode::kPreconditionFailed);
  ASSERT_TRUE(dead_->Send("x").ok());
  EXPECT_EQ(CodeOf(dead_->MoveToDeadLetter(ReceiveOne(*dead_)->receipt, "x")), ErrorCode::kConfiguration);
}

TEST_P(QueueConformance, FTSE4_RedriveAllOrSome) {
  std::vector<std::string> ids;
  for (const char* body : {"a", "b", "c"}) {
    ids.push_back(*work_->Send(body, {.attributes = {{"n", body}}}));
    ASSERT_TRUE(work_->MoveToDeadLetter(ReceiveOne(*work_)->receipt, "no").ok());
  }
  const auto own = dead_->Send("sent here itself");
  EXPECT_EQ(CodeOf(dead_->Redrive({{ids[0], "nonsense"}}).status()), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(dead_->Redrive({{ids[0], *own}}).status()), ErrorCode::kNotFound);
  ExpectCount(*dead_, 4, 0, 0);
  EXPECT_EQ(*dead_->Redrive({{ids[1]}}), 1);
  const auto back = ReceiveOne(*work_);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->id, ids[1]);
  EXPECT_EQ(back->receive_count, 1);
  EXPECT_EQ(back->attributes, (Attributes{{"n", "b"}}));
  EXPECT_EQ(*dead_->Redrive(), 2);
  ExpectCount(*work_, 2, 1, 0);
  EXPECT_EQ(Bodies(*dead_->List()), std::vector<std::string>{"sent here itself"});
  EXPECT_EQ(*dead_->Redrive(), 0);
  EXPECT_EQ(*dead_->Redrive(std::vector<std::string>{}), 0) << "none is not all";
}

TEST_P(QueueConformance, AReceiptDoesNotSurviveTheDeadLetterQueue) {
  ASSERT_TRUE(work_->Send("a").ok());
  const auto before = ReceiveOne(*work_);
  ASSERT_TRUE(work_->MoveToDeadLetter(before->receipt, "no").ok());
  ASSERT_EQ(*dead_->Redrive(), 1);
  const auto after = ReceiveOne(*work_);
  EXPECT_EQ(after->receive_count, before->receive_count);
  EXPECT_EQ(CodeOf(work_->Delete(before->receipt)), ErrorCode::kPreconditionFailed);
  EXPECT_TRUE(work_->Delete(after->receipt).ok());
}

TEST_P(QueueConformance, ListDoesNotReceive) {
  if (!can_.looks) {
    ASSERT_TRUE(work_->Send("x").ok());
    EXPECT_EQ(CodeOf(work_->List().status()), ErrorCode::kUsage);
    EXPECT_EQ(CodeOf(work_->Get("x").status()), ErrorCode::kUsage);
    ExpectCount(*work_, 1, 0, 0);
    return;
  }
  std::vector<std::string> ids;
  for (int i = 0; i < 7; ++i) ids.push_back(*work_->Send(std::to_string(i), {.delay = seconds(i % 2)}));
  ASSERT_TRUE(ReceiveOne(*work_));
  std::vector<std::string> seen;
  ListOptions page{.max_messages = 3};
  while (true) {
    const auto messages = work_->List(page);
    ASSERT_TRUE(messages.ok()) << messages.status();
    if (messages->empty()) break;
    for (const auto& message : *messages) {
      seen.push_back(message.id);
      EXPECT_EQ(message.receipt, "");
    }
    page.start_after_id = messages->back().id;
  }
  EXPECT_EQ(seen, ids);
  EXPECT_EQ(work_->Get(ids[0])->receive_count, 1);
  EXPECT_EQ(work_->Get(ids[2])->receive_count, 0);
  EXPECT_EQ(CodeOf(work_->List({.max_messages = 0}).status()), ErrorCode::kUsage);
}

// A page follows the other, and whatever the queue is, looking leaves it as it was.
TEST_P(QueueConformance, ListOfADeadLetterQueue) {
  std::set<std::string> ids, seen;
  for (int i = 0; i < 13; ++i) ids.insert(*dead_->Send(std::to_string(i)));
  ListOptions page{.max_messages = 5};
  for (int pages = 0; pages < 4; ++pages) {
    const auto messages = dead_->List(page);
    ASSERT_TRUE(messages.ok()) << messages.status();
    EXPECT_LE(messages->size(), 5u);
    if (messages->empty()) break;
    for (const auto& message : *messages) {
      EXPECT_TRUE(seen.insert(message.id).second);
      EXPECT_EQ(message.receipt, "");
    }
    page.start_after_id = messages->back().id;
  }
  EXPECT_EQ(seen, ids);
  ExpectCount(*dead_, 13, 0, 0);
  EXPECT_EQ(dead_->Get(*ids.begin())->id, *ids.begin());
  EXPECT_EQ(CodeOf(dead_->Get("nonsense").status()), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(dead_->List({.max_messages = 0}).status()), ErrorCode::kUsage);
}

TEST_P(QueueConformance, BatchesFailMessageByMessage) {
  std::vector<OutgoingMessage> messages;
  for (int i = 0; i < 23; ++i)
    messages.push_back({std::to_string(i), {.attributes = {{"n", std::to_string(i)}}}});
  messages[4].body = std::string(kMaxMessageBytes + 1, 'x');
  messages[7].options.delay = seconds(-1);
  messages[11].options.delay = seconds(60);
  const auto sent = work_->SendBatch(messages);
  ASSERT_EQ(sent.size(), messages.size());
  std::map<std::string, std::string> bodies;  // by id
  for (size_t i = 0; i < sent.size(); ++i) {
    if (i == 4 || i == 7) {
      EXPECT_EQ(CodeOf(sent[i].status()), i == 4 ? ErrorCode::kTooLarge : ErrorCode::kUsage);
      continue;
    }
    ASSERT_TRUE(sent[i].ok()) << sent[i].status();
    EXPECT_TRUE(bodies.emplace(*sent[i], messages[i].body).second);
  }
  ExpectCount(*work_, 20, 0, 1);
  std::vector<std::string> receipts;
  while (true) {
    const auto some = work_->Receive({.max_messages = 10});
    ASSERT_TRUE(some.ok()) << some.status();
    if (some->empty()) break;
    for (const auto& message : *some) {
      EXPECT_EQ(message.body, bodies[message.id]);
      EXPECT_EQ(message.attributes, (Attributes{{"n", message.body}}));
      receipts.push_back(message.receipt);
    }
  }
  ASSERT_EQ(receipts.size(), 20u);
  for (const Status& held : work_->ChangeVisibilityBatch(receipts, seconds(100)))
    EXPECT_TRUE(held.ok()) << held;
  Advance(seconds(59));
  ExpectCount(*work_, 0, 20, 1);
  for (const Status& back : work_->ChangeVisibilityBatch({receipts[0], receipts[1]}, seconds(0))) {
    EXPECT_TRUE(back.ok()) << back;
  }
  ExpectCount(*work_, 2, 18, 1);
  receipts[3] = "nonsense";
  const auto deleted = work_->DeleteBatch(receipts);
  ASSERT_EQ(deleted.size(), receipts.size());
  for (size_t i = 0; i < deleted.size(); ++i) {
    EXPECT_EQ(CodeOf(deleted[i]), i == 3 ? ErrorCode::kUsage : ErrorCode::kOk) << i << deleted[i];
  }
  ExpectCount(*work_, 0, 1, 1);
  EXPECT_TRUE(work_->SendBatch({}).empty());
  EXPECT_TRUE(work_->DeleteBatch({}).empty());
  EXPECT_TRUE(work_->ChangeVisibilityBatch({}, seconds(1)).empty());
}

TEST_P(QueueConformance, PurgeIsOfOneQueue) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(work_->Send("x").ok());
  ASSERT_TRUE(dead_->Send("stays").ok());
  ASSERT_TRUE(ReceiveOne(*work_));
  EXPECT_EQ(*work_->Purge(), 3);
  ExpectCount(*work_, 0, 0, 0);
  ExpectCount(*dead_, 1, 0, 0);
}

// Amazon SQS Developer Guide, "Message quotas" and SetQueueAttributes, MaximumMessageSize: 262,144 bytes by
// default.
TEST_P(QueueConformance, SizeLimit) {
  EXPECT_TRUE(work_->Send(std::string(kMaxMessageBytes, 'x')).ok());
  EXPECT_TRUE(work_->Send("").ok());
  EXPECT_EQ(CodeOf(work_->Send(std::string(kMaxMessageBytes + 1, 'x')).status()), ErrorCode::kTooLarge);
  EXPECT_EQ(
      CodeOf(work_->Send(std::string(kMaxMessageBytes - 1, 'x'), {.attributes = {{"a", "b"}}}).status()),
      ErrorCode::kTooLarge);
  ExpectCount(*work_, 2, 0, 0);
}

TEST_P(QueueConformance, NamesAndOptions) {
  EXPECT_EQ(*queues_->Names(), (std::vector<std::string>{"dead", "work"}));
  for (const std::string& wrong :
       {std::string(), std::string("a b"), std::string("a/b"), std::string(81, 'q')}) {
    EXPECT_EQ(CodeOf(queues_->Get(wrong).status()), ErrorCode::kUsage) << wrong;
  }
  EXPECT_EQ(CodeOf(queues_->Get("q", QueueOptions{.redrive = RedrivePolicy{3, "q"}}).status()),
            ErrorCode::kConfiguration);
  EXPECT_EQ(CodeOf(queues_->Get("q", QueueOptions{.redrive = RedrivePolicy{0, "d"}}).status()),
            ErrorCode::kConfiguration);
  EXPECT_EQ(CodeOf(queues_->Get("q", QueueOptions{seconds(-1)}).status()), ErrorCode::kConfiguration);
  // Who opens it by name alone finds what was set.
  ASSERT_TRUE(work_->Send("a").ok());
  const auto again = queues_->Get("work");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(ReceiveOne(**again)->visible_at, clock_.Now() + seconds(30));
  ASSERT_TRUE(queues_->Get("work", QueueOptions{seconds(7), RedrivePolicy{1, "dead"}}).ok());
  Advance(seconds(30));
  EXPECT_FALSE(ReceiveOne(**queues_->Get("work")));
  ExpectCount(**queues_->Get("work"), 0, 0, 0);
  ExpectCount(*dead_, 1, 0, 0);
}

TEST_P(QueueConformance, ManyThreadsReceiveEachMessageOnce) {
  constexpr size_t kMessages = 200;
  ASSERT_TRUE(
      ParallelFor(kMessages, 4, [&](size_t i) { return work_->Send(std::to_string(i)).status(); }).ok());
  std::mutex mutex;
  std::multiset<std::string> seen;
  const Status done = ParallelFor(8, 8, [&](size_t) -> Status {
    while (true) {
      ASSIGN_OR_RETURN(const auto messages, work_->Receive({.max_messages = 3}));
      if (messages.empty()) return Status::OK();
      for (const auto& message : messages) {
        std::lock_guard lock(mutex);
        seen.insert(message.body);
      }
      for (const auto& message : messages) RETURN_IF_ERROR(work_->Delete(message.receipt));
    }
  });
  ASSERT_TRUE(done.ok()) << done;
  EXPECT_EQ(seen.size(), kMessages);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), kMessages);
  ExpectCount(*work_, 0, 0, 0);
}

}  // namespace
}  // namespace penstock::queue
