#include "queue/sqs_queue.h"

#include <gmock/gmock.h>

#include "aws/scripted_http.h"
#include "base/json_text.h"
#include "base/md5.h"
#include "queue/queue_conformance.h"
#include "queue/sqs_client.h"
#include "queue/sqs_test_server.h"

namespace penstock::queue {
namespace {

using aws::Answer;
using std::chrono::seconds;

// Of the test that runs: moto is told its time. Its connections, and their thread, end with its queues.
SqsWorld* current = nullptr;

std::shared_ptr<Queues> MakeOnMoto(Clock& clock) {
  if (SqsTestServer().empty()) {
    ADD_FAILURE() << "no SQS to test with: make build/venv, or set PENSTOCK_TEST_SQS (tests/servers/sqs.py)";
    return nullptr;
  }
  struct Owned {
    std::shared_ptr<SqsWorld> world;
    std::unique_ptr<SqsQueues> queues;
  };
  auto owned = std::make_shared<Owned>();
  owned->world = std::make_shared<SqsWorld>(clock);
  current = owned->world.get();
  owned->queues = std::make_unique<SqsQueues>(current->aws(), clock, current->random(), Logger(),
                                              SqsOptions{.prefix = current->prefix(), .wait = seconds(0)});
  return {owned, owned->queues.get()};
}

INSTANTIATE_TEST_SUITE_P(SqsOnMoto, QueueConformance,
                         testing::Values(QueuesMaker{"moto", MakeOnMoto,
                                                     [](TimePoint now) { current->SetTime(now); },
                                                     std::chrono::milliseconds(1)}),
                         QueuesMakerName);

class SqsOnMoto : public testing::Test {
 protected:
  void SetUp() override {
    queues_ = MakeOnMoto(clock_);
    ASSERT_NE(queues_, nullptr);
  }
  json::object Call(std::string_view action, json::object request) {
    const auto answer = SqsClient(current->aws(), clock_, current->random()).Call(action, request);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ValueOr(json::object());
  }
  std::string Url(const std::string& name) {
    const json::value answer = Call("GetQueueUrl", {{"QueueName", current->prefix() + name}});
    return GetString(answer, "QueueUrl").ValueOr("");
  }
  std::unique_ptr<SqsQueues> OfAnotherProcess() {
    return std::make_unique<SqsQueues>(current->aws(), clock_, current->random(), Logger(),
                                       SqsOptions{.prefix = current->prefix(), .wait = seconds(0)});
  }
  ManualClock clock_{TimePoint(std::chrono::sys_days(std::chrono::year(2017) / 8 / 11))};
  std::shared_ptr<Queues> queues_;
};

TEST_F(SqsOnMoto, QueuesAreMadeOnceWithWhatWasAskedFor) {
  const QueueOptions options{std::chrono::milliseconds(1500), RedrivePolicy{4, "dead"}};
  ASSERT_TRUE(queues_->Get("work", options).ok());
  const json::value attributes =
      Call("GetQueueAttributes", {{"QueueUrl", Url("work")}, {"AttributeNames", json::array{"All"}}});
  const auto& kept = attributes.at("Attributes");
  EXPECT_EQ(GetString(kept, "VisibilityTimeout").ValueOr(""), "2") << "whole seconds, rounded up";
  EXPECT_EQ(GetString(kept, "MessageRetentionPeriod").ValueOr(""), "1209600");
  const auto policy = ParseJson(GetString(kept, "RedrivePolicy").ValueOr(""));
  ASSERT_TRUE(policy.ok());
  EXPECT_EQ(*GetInt(*policy, "maxReceiveCount"), 4);
  EXPECT_TRUE(GetString(*policy, "deadLetterTargetArn")->ends_with(":" + current->prefix() + "dead"));
  // The same again from anywhere, and others' settings where nothing is asked for.
  EXPECT_TRUE(OfAnotherProcess()->Get("work", options).ok());
  const auto by_name = OfAnotherProcess()->Get("work");
  ASSERT_TRUE((*by_name)->Send("a").ok());
  EXPECT_EQ((*by_name)->Receive()->front().visible_at, clock_.Now() + seconds(2));
  // Without a dead-letter queue from now on.
  ASSERT_TRUE(queues_->Get("work", QueueOptions{seconds(30)}).ok());
  const json::value later =
      Call("GetQueueAttributes", {{"QueueUrl", Url("work")}, {"AttributeNames", json::array{"All"}}});
  EXPECT_FALSE(later.at("Attributes").as_object().contains("RedrivePolicy"));
}

TEST_F(SqsOnMoto, AQueueThatWasDeletedIsMadeAnew) {
  const auto queue = queues_->Get("work");
  Call("DeleteQueue", {{"QueueUrl", Url("work")}});
  EXPECT_EQ(CodeOf((*queue)->Send("a").status()), ErrorCode::kNotFound);
  const auto again = queues_->Get("work");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE((*again)->Send("a").ok());
}

TEST_F(SqsOnMoto, NamesWithThePrefixOnly) {
  Call("CreateQueue", {{"QueueName", "of-somebody-else"}});
  ASSERT_TRUE(queues_->Get("work").ok());
  EXPECT_EQ(*queues_->Names(), std::vector<std::string>{"work"});
  EXPECT_EQ(CodeOf(queues_->Get(std::string(75, 'q')).status()), ErrorCode::kUsage) << "80 with the prefix";
  EXPECT_EQ(CodeOf(queues_->Get("w", QueueOptions{seconds(43'201)}).status()), ErrorCode::kConfiguration);
}

TEST_F(SqsOnMoto, MessagesOfOthersAreReadAsTheyAre) {
  const auto queue = queues_->Get("work");
  Call("SendMessage", {{"QueueUrl", Url("work")},
                       {"MessageBody", "plain"},
                       {"MessageAttributes",
                        {{"penstock", {{"DataType", "String"}, {"StringValue", "theirs, not JSON"}}},
                         {"number", {{"DataType", "Number"}, {"StringValue", "12"}}},
                         {"bytes", {{"DataType", "Binary"}, {"BinaryValue", "AP8="}}}}}});
  const auto messages = (*queue)->Receive();
  ASSERT_TRUE(messages.ok()) << messages.status();
  ASSERT_EQ(messages->size(), 1u);
  EXPECT_EQ(messages->front().body, "plain");
  EXPECT_EQ(
      messages->front().attributes,
      (Attributes{{"penstock", "theirs, not JSON"}, {"number", "12"}, {"bytes", std::string("\0\xff", 2)}}));
  EXPECT_TRUE((*queue)->Delete(messages->front().receipt).ok());
}

TEST_F(SqsOnMoto, WhatAnotherProcessReceivedIsDeletedButNotMoved) {
  const auto queue = *queues_->Get("work", QueueOptions{seconds(30), RedrivePolicy{3, "dead"}});
  ASSERT_TRUE(queue->Send("a").ok());
  const auto other = *OfAnotherProcess()->Get("work");
  const std::string receipt = queue->Receive()->front().receipt;
  EXPECT_EQ(CodeOf(other->MoveToDeadLetter(receipt, "no")), ErrorCode::kUsage);
  EXPECT_TRUE(other->ChangeVisibility(receipt, seconds(60)).ok());
  EXPECT_TRUE(other->Delete(receipt).ok());
  EXPECT_EQ(CodeOf(other->ChangeVisibility(receipt, seconds(60))), ErrorCode::kPreconditionFailed);
}

// A DLQ's message that is in another's hands is not seen; nothing is moved that was not asked for.
TEST_F(SqsOnMoto, LookingLeavesAloneWhatOthersHave) {
  const auto work = *queues_->Get("work", QueueOptions{seconds(30), RedrivePolicy{3, "dead"}});
  const auto dead = *queues_->Get("dead");
  for (const char* body : {"a", "b"}) {
    ASSERT_TRUE(work->Send(body).ok());
    ASSERT_TRUE(work->MoveToDeadLetter(work->Receive()->front().receipt, "no").ok());
  }
  const auto other = *OfAnotherProcess()->Get("dead");
  const auto held = other->Receive()->front();
  const auto seen = dead->List();
  ASSERT_EQ(seen->size(), 1u);
  EXPECT_EQ(CodeOf(dead->Get(held.id).status()), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(dead->Redrive({{seen->front().id, held.id}}).status()), ErrorCode::kNotFound);
  EXPECT_EQ(work->Count()->visible, 0);
  EXPECT_EQ(*dead->Redrive(), 1);
  EXPECT_EQ(work->Receive()->front().id, seen->front().id);
  EXPECT_EQ(work->Count()->visible, 0);
  EXPECT_TRUE(other->Delete(held.receipt).ok());
}

// What SQS says, as its API Reference has it.
class SqsScripted : public testing::Test {
 protected:
  json::object Asked(size_t call) { return ParseJson(http_.asked.at(call).body).ValueOrDie().get_object(); }
  std::shared_ptr<Queue> Open() {
    http_.Add(Answer(200, R"({"QueueUrl":"https://sqs.eu-west-1.amazonaws.com/1/p-work"})"));
    http_.Add(Answer(
        200, R"({"Attributes":{"VisibilityTimeout":"30","QueueArn":"arn:aws:sqs:eu-west-1:1:p-work"}})"));
    return queues_.Get("work").ValueOrDie();
  }
  ManualClock clock_{TimePoint(std::chrono::sys_days(std::chrono::year(2026) / 11 / 21))};
  Random random_{1};
  aws::ScriptedHttp http_;
  aws::StaticCredentials credentials_{{"AKIDEXAMPLE", "wJalrXUtnFEMI", "", std::nullopt}};
  aws::AwsClient aws_{http_,   credentials_, clock_,
                      random_, Logger(),     {.service = "sqs", .region = "eu-west-1"}};
  SqsQueues queues_{aws_, clock_, random_, Logger(), {.prefix = "p-"}};
};

TEST_F(SqsScripted, TheProtocolIsAwsJson) {
  Open();
  const auto& request = http_.asked.at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://sqs.eu-west-1.amazonaws.com/");
  EXPECT_EQ(request.headers.Find("Content-Type").value_or(""), "application/x-amz-json-1.0");
  EXPECT_EQ(request.headers.Find("X-Amz-Target").value_or(""), "AmazonSQS.GetQueueUrl");
  EXPECT_THAT(request.headers.Find("Authorization").value_or(""),
              testing::HasSubstr("/eu-west-1/sqs/aws4_request"));
  EXPECT_EQ(request.body, R"({"QueueName":"p-work"})");
}

TEST_F(SqsScripted, EntriesThatSqsFailedAreSentAgainAndNoOthers) {
  const auto queue = Open();
  const auto md5 = [](const char* text) { return Md5Hex(text); };
  http_.Add(Answer(200, fmt::format(R"({{"Successful":[{{"Id":"0","MessageId":"m0","MD5OfMessageBody":"{}"}}],
    "Failed":[{{"Id":"1","SenderFault":false,"Code":"InternalError","Message":"busy"}},
              {{"Id":"2","SenderFault":true,"Code":"InvalidMessageContents","Message":"odd"}}]}})",
                                    md5("a"))));
  http_.Add(Answer(
      200,
      fmt::format(R"({{"Successful":[{{"Id":"1","MessageId":"m1","MD5OfMessageBody":"{}"}}]}})", md5("b"))));
  const auto results = queue->SendBatch({{"a", {}}, {"b", {}}, {"c", {}}});
  EXPECT_EQ(results[0].ValueOr(""), "m0");
  EXPECT_EQ(results[1].ValueOr(""), "m1");
  EXPECT_EQ(CodeOf(results[2].status()), ErrorCode::kInvalidData);
  ASSERT_EQ(http_.asked.size(), 4u);
  const auto again = Asked(3);
  ASSERT_EQ(again.at("Entries").as_array().size(), 1u);
  EXPECT_EQ(again.at("Entries").at(0).at("MessageBody"), "b");
}

TEST_F(SqsScripted, AMessageThatWasChangedOnTheWay) {
  const auto queue = Open();
  http_.Add(Answer(200, R"({"Successful":[{"Id":"0","MessageId":"m0","MD5OfMessageBody":"0000"}]})"));
  EXPECT_EQ(CodeOf(queue->Send("a").status()), ErrorCode::kInvalidData);
  const auto message = [](const char* id, const std::string& md5) {
    return fmt::format(R"({{"MessageId":"{}","ReceiptHandle":"h","Body":"b","MD5OfBody":"{}",
      "Attributes":{{"ApproximateReceiveCount":"1","SentTimestamp":"1763683200000"}}}})",
                       id, md5);
  };
  http_.Add(Answer(
      200, fmt::format(R"({{"Messages":[{},{}]}})", message("good", Md5Hex("b")), message("bad", "0000"))));
  const auto some = queue->Receive({.max_messages = 10});
  ASSERT_TRUE(some.ok()) << some.status();
  ASSERT_EQ(some->size(), 1u) << "the other one comes again";
  EXPECT_EQ(some->front().id, "good");
  http_.Add(Answer(200, fmt::format(R"({{"Messages":[{}]}})", message("bad", "0000"))));
  EXPECT_EQ(CodeOf(queue->Receive().status()), ErrorCode::kInvalidData);
}

TEST_F(SqsScripted, ALetterThatSqsMovedSaysFromWhere) {
  const auto queue = Open();
  http_.Add(Answer(
      200, fmt::format(R"({{"Messages":[{{"MessageId":"m","ReceiptHandle":"h","Body":"b","MD5OfBody":"{}",
      "Attributes":{{"ApproximateReceiveCount":"4","SentTimestamp":"1763683200000",
                     "DeadLetterQueueSourceArn":"arn:aws:sqs:eu-west-1:1:p-source"}}}}]}})",
                       Md5Hex("b"))));
  const auto some = queue->Receive();
  ASSERT_TRUE(some.ok()) << some.status();
  EXPECT_EQ(some->front().attributes.at(std::string(kSourceQueueAttribute)), "source");
}

TEST_F(SqsScripted, WhatSqsRefuses) {
  const auto queue = Open();
  const char* kCount =
      R"({"Attributes":{"ApproximateNumberOfMessages":"1","ApproximateNumberOfMessagesNotVisible":"0",
                           "ApproximateNumberOfMessagesDelayed":"0"}})";
  http_.Add(Answer(200, kCount));
  http_.Add(Answer(
      400, R"({"__type":"com.amazonaws.sqs#PurgeQueueInProgress","message":"Only one every 60 seconds"})"));
  EXPECT_EQ(CodeOf(queue->Purge().status()), ErrorCode::kConflict);
  http_.Add(Answer(
      200,
      R"({"Failed":[{"Id":"0","SenderFault":true,"Code":"ReceiptHandleIsInvalid","Message":"expired"}]})"));
  EXPECT_EQ(CodeOf(queue->ChangeVisibility("p-work:id:handle", seconds(1))), ErrorCode::kPreconditionFailed);
  EXPECT_EQ(CodeOf(queue->Send("a", {.delay = seconds(901)}).status()), ErrorCode::kUsage);
  EXPECT_EQ(CodeOf(queue->ChangeVisibility("p-work:id:handle", seconds(43'201))), ErrorCode::kUsage);
  SendOptions many;
  for (int i = 0; i < 10; ++i) many.attributes["a" + std::to_string(i)] = "x";
  EXPECT_EQ(CodeOf(queue->Send("a", many).status()), ErrorCode::kUsage) << "nine, and ours";
  for (const char* name : {"", "a b", "AWS.x", "amazon.x", ".x", "x.", "x..y", "penstock"}) {
    EXPECT_EQ(CodeOf(queue->Send("a", {.attributes = {{name, "x"}}}).status()), ErrorCode::kUsage) << name;
  }
  http_.Add(Answer(200, "<html>"));
  EXPECT_EQ(CodeOf(queue->Count().status()), ErrorCode::kInvalidData);
}

}  // namespace
}  // namespace penstock::queue
