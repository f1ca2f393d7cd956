// Many processes on one queue in SQS and one bucket in S3, some of them killed.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "queue/heartbeat.h"
#include "queue/sqs_queue.h"
#include "queue/sqs_test_server.h"
#include "store/s3_store.h"
#include "store/versitygw_process.h"

namespace penstock::queue {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// What a machine has of its own: connections, credentials, nothing of another process.
struct Machine {
  Machine(const std::string& sqs_origin, const std::string& prefix, const std::string& s3_endpoint,
          const aws::Credentials& credentials)
      : http(net::CurlClient::Make().ValueOrDie()),
        keys(credentials),
        sqs(*http, keys, clock, random, Logger(),
            {.service = "sqs", .region = "us-east-1", .endpoint = sqs_origin}),
        s3(*http, keys, clock, random, Logger(),
           {.service = "s3", .region = "us-east-1", .endpoint = s3_endpoint}),
        queues(sqs, clock, random, Logger(), {.prefix = prefix, .wait = seconds(0)}),
        store(store::S3Store::Open(s3, clock, random, {.location = {"lake", ""}, .path_style = true})
                  .ValueOrDie()) {}
  SystemClock clock;
  Random random;
  std::unique_ptr<net::CurlClient> http;
  aws::StaticCredentials keys;
  aws::AwsClient sqs, s3;
  SqsQueues queues;
  std::shared_ptr<store::S3Store> store;
};

enum class Death { kNone, kAfterReceive, kAfterEffect };

// Until the queue is empty and nobody holds anything. The effect of a message is an object whose key follows
// from it, put once; each try leaves a trace of its own. Exit code 0, or killed as told, at the `nth`
// message.
[[noreturn]] void Work(Machine& machine, Death death, int nth) {
  auto queue = machine.queues.Get("work").ValueOrDie();
  Heartbeat heartbeat(*queue, machine.clock, {}, {.visibility_timeout = seconds(3)});
  const std::string me = NewId();
  int met = 0;
  while (true) {
    const auto messages = queue->Receive({.max_messages = 4, .visibility_timeout = seconds(3)});
    if (!messages.ok()) ::_exit(2);
    if (messages->empty()) {
      const auto count = queue->Count();
      if (!count.ok()) ::_exit(3);
      if (count->visible + count->in_flight + count->delayed == 0) ::_exit(0);
      machine.clock.SleepFor(milliseconds(50));
      continue;
    }
    std::vector<std::unique_ptr<Heartbeat::Held>> held;
    for (const Message& message : *messages) held.push_back(heartbeat.Hold(message));
    std::vector<std::string> done;
    for (const Message& message : *messages) {
      ++met;
      if (death == Death::kAfterReceive && met == nth) ::raise(SIGKILL);
      const auto trace = machine.store->Put("tries/" + message.body + "/" + me + std::to_string(met), "");
      const auto effect = machine.store->Put("effects/" + message.body, message.body, {.if_absent = true});
      if (!trace.ok() || !(effect.ok() || CodeOf(effect.status()) == ErrorCode::kAlreadyExists)) ::_exit(4);
      if (effect.ok() && !machine.store->Put("made/" + message.body + "/" + me, "").ok()) ::_exit(5);
      if (death == Death::kAfterEffect && met == nth) ::raise(SIGKILL);
      done.push_back(message.receipt);
    }
    for (const Status& deleted : queue->DeleteBatch(done)) {
      if (!deleted.ok()) ::_exit(6);
    }
  }
}

std::vector<std::string> KeysOf(store::ObjectStore& store, const std::string& prefix) {
  std::vector<std::string> keys;
  for (const auto& object : store::ListAll(store, prefix).ValueOrDie())
    keys.push_back(object.key.substr(prefix.size()));
  return keys;
}

TEST(SqsWorkers, ALL5_KilledWorkersOfTwoMachinesLoseNothingAndDoNothingTwiceInEffect) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer follows no threads behind a fork; the other builds run this";
#endif
  constexpr int kMessages = 120;
  const std::string sqs = SqsTestServer();
  ASSERT_FALSE(sqs.empty()) << "make build/venv, or set PENSTOCK_TEST_SQS (tests/servers/sqs.py)";
  auto server = store::VersitygwProcess::Start(PENSTOCK_SOURCE_DIR);
  ASSERT_TRUE(server.ok()) << Describe(server.status());
  std::filesystem::create_directory((*server)->FolderOf("lake"));
  const std::string prefix = "w" + NewId().substr(0, 12) + "-";

  // Each worker is a process of its own, with nothing in common but the names of queue and bucket. The first
  // four work until they are killed, at once; then the other two on what is left, and on what comes back.
  const std::pair<Death, int> fates[] = {{Death::kAfterReceive, 1}, {Death::kAfterEffect, 2},
                                         {Death::kAfterEffect, 7},  {Death::kAfterReceive, 6},
                                         {Death::kNone, 0},         {Death::kNone, 0}};
  int first[2], rest[2];  // a worker begins when its pipe is closed
  ASSERT_EQ(::pipe2(first, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(rest, O_CLOEXEC), 0);
  std::vector<pid_t> workers;
  for (const auto& [death, nth] : fates) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::close(first[1]);
      ::close(rest[1]);
      char unused;
      (void)!::read(death == Death::kNone ? rest[0] : first[0], &unused, 1);
      Machine machine(sqs, prefix, (*server)->endpoint(), (*server)->credentials());
      Work(machine, death, nth);
    }
    workers.push_back(pid);
  }
  Machine mine(sqs, prefix, (*server)->endpoint(), (*server)->credentials());
  auto queue = mine.queues.Get("work", QueueOptions{seconds(3), RedrivePolicy{20, "dead"}}).ValueOrDie();
  std::vector<OutgoingMessage> messages;
  std::set<std::string> expected;
  for (int i = 0; i < kMessages; ++i) {
    messages.push_back({std::to_string(i), {}});
    expected.insert(std::to_string(i));
  }
  for (const auto& sent : queue->SendBatch(messages)) ASSERT_TRUE(sent.ok()) << sent.status();
  ::close(first[1]);
  for (size_t i = 0; i < workers.size(); ++i) {
    const bool dies = fates[i].first != Death::kNone;
    if (!dies && rest[1] >= 0) {
      ::close(rest[1]);
      rest[1] = -1;
    }
    int status = 0;
    ASSERT_EQ(::waitpid(workers[i], &status, 0), workers[i]);
    EXPECT_TRUE(dies ? WIFSIGNALED(status) : WIFEXITED(status) && WEXITSTATUS(status) == 0)
        << "worker " << i << " ended with " << status;
  }
  const auto effects = KeysOf(*mine.store, "effects/");
  EXPECT_EQ(std::set<std::string>(effects.begin(), effects.end()), expected) << "nothing is lost";
  EXPECT_EQ(KeysOf(*mine.store, "made/").size(), expected.size()) << "each effect was made by one of them";
  EXPECT_GT(KeysOf(*mine.store, "tries/").size(), expected.size())
      << "what the killed had done was met again";
  const auto count = queue->Count().ValueOrDie();
  EXPECT_EQ(count.visible + count.in_flight + count.delayed, 0);
  EXPECT_EQ((*mine.queues.Get("dead"))->Count()->visible, 0);
}

}  // namespace
}  // namespace penstock::queue
