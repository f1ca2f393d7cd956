#include "queue/sqlite_queue.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <map>

#include "base/date.h"
#include "base/fault.h"
#include "base/temporary_folder.h"
#include "queue/queue_conformance.h"
#include "sqlite/database.h"

namespace penstock::queue {
namespace {

using std::chrono::seconds;

Result<std::shared_ptr<SqliteQueues>> OpenQueues(const std::string& path, Clock& clock,
                                                 bool durable = false) {
  ASSIGN_OR_RETURN(auto database, sqlite::Database::Open(path, {.durable = durable}));
  return SqliteQueues::Open(std::move(database), clock);
}

std::shared_ptr<Queues> Make(Clock& clock) {
  struct Owned {
    TemporaryFolder folder;
    std::shared_ptr<SqliteQueues> queues;
  };
  auto owned = std::make_shared<Owned>();
  const auto queues = OpenQueues(owned->folder / "state.db", clock);
  EXPECT_TRUE(queues.ok()) << queues.status();
  owned->queues = queues.ValueOr(nullptr);
  return {owned, owned->queues.get()};
}

INSTANTIATE_TEST_SUITE_P(Sqlite, QueueConformance, testing::Values(QueuesMaker{"sqlite", Make}),
                         QueuesMakerName);

// Many processes: each message is processed by exactly one of them.
TEST(SqliteQueue, FTSE4_FourProcessesProcessEachMessageOnce) {
  constexpr int kProcesses = 4, kEach = 500;
  TemporaryFolder folder;
  const std::string path = folder / "state.db";
  int done[2];
  ASSERT_EQ(::pipe(done), 0);
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p) {
    const pid_t pid = ::fork();
    if (pid != 0) {
      children.push_back(pid);
      continue;
    }
    // Each opens the file at the same time, makes the tables, sends its share, and then works on anybody's.
    ManualClock clock(TimePoint(MakeDate(2017, 8, 11)));
    auto queues = OpenQueues(path, clock);
    if (!queues.ok()) {
      std::fprintf(stderr, "%s\n", queues.status().ToString().c_str());
      ::_exit(1);
    }
    auto queue = (*queues)->Get("work").ValueOrDie();
    for (int i = 0; i < kEach; ++i) {
      if (!queue->Send(std::to_string(p * kEach + i)).ok()) ::_exit(2);
    }
    while (true) {
      const auto messages = queue->Receive({.max_messages = 5});
      if (!messages.ok()) ::_exit(3);
      for (const auto& message : *messages) {
        const int number = std::stoi(message.body);
        if (::write(done[1], &number, sizeof number) != sizeof number) ::_exit(4);
        if (!queue->Delete(message.receipt).ok()) ::_exit(5);
      }
      const auto count = queue->Count();
      if (!count.ok()) ::_exit(6);
      if (messages->empty() && count->visible == 0) ::_exit(0);
    }
  }
  ::close(done[1]);
  std::map<int, int> seen;
  for (int number = 0; ::read(done[0], &number, sizeof number) == sizeof number;) ++seen[number];
  ::close(done[0]);
  for (const pid_t pid : children) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0) << WEXITSTATUS(status);
  }
  EXPECT_EQ(seen.size(), static_cast<size_t>(kProcesses * kEach));
  for (const auto& [number, times] : seen) EXPECT_EQ(times, 1) << number;
}

// ALL-5, FTSE-4: what a killed worker held comes back when its timeout has run out.
TEST(SqliteQueue, FTSE4_KilledWhileHoldingMessages) {
  TemporaryFolder folder;
  const std::string path = folder / "state.db";
  const TimePoint start(MakeDate(2017, 8, 11));
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ManualClock clock(start);
    auto queue = OpenQueues(path, clock, true).ValueOrDie()->Get("work").ValueOrDie();
    for (int i = 0; i < 5; ++i) {
      if (!queue->Send(std::to_string(i)).ok()) ::_exit(1);
    }
    if (queue->Receive({.max_messages = 3})->size() != 3) ::_exit(2);
    if (::write(ready[1], "x", 1) != 1) ::_exit(3);
    ::pause();
  }
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ::kill(pid, SIGKILL);
  int status = 0;
  ::waitpid(pid, &status, 0);
  ManualClock clock(start);
  auto queue = OpenQueues(path, clock).ValueOrDie()->Get("work").ValueOrDie();
  EXPECT_EQ(queue->Receive({.max_messages = 10})->size(), 2u);
  clock.Advance(seconds(30));
  const auto back = queue->Receive({.max_messages = 10});
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->size(), 5u);
  EXPECT_EQ(back->front().receive_count, 2);
}

// Accepted, and then killed: it is there once; the same dedup_id sent again by the next run makes no second.
TEST(SqliteQueue, KilledRightAfterSend) {
  TemporaryFolder folder;
  const std::string path = folder / "state.db";
  ManualClock clock(TimePoint(MakeDate(2017, 8, 11)));
  const pid_t pid = ::fork();
  if (pid == 0) {
    auto queue = OpenQueues(path, clock).ValueOrDie()->Get("work").ValueOrDie();
    if (!ArmFaults("queue.send.after=kill").ok()) ::_exit(1);
    IgnoreError(queue->Send("a", {.dedup_id = "a"}).status(), "it does not return");
    ::_exit(2);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
  auto queue = OpenQueues(path, clock).ValueOrDie()->Get("work").ValueOrDie();
  ASSERT_TRUE(queue->Send("a", {.dedup_id = "a"}).ok());
  EXPECT_EQ(queue->List()->size(), 1u);
}

TEST(SqliteQueue, CorruptFile) {
  TemporaryFolder folder;
  ManualClock clock(TimePoint(MakeDate(2017, 8, 11)));
  std::ofstream(folder / "garbage.db") << std::string(10'000, 'g');
  const auto garbage = OpenQueues(folder / "garbage.db", clock);
  EXPECT_EQ(CodeOf(garbage.status()), ErrorCode::kCorrupt) << garbage.status();
  EXPECT_FALSE(AdviceOf(garbage.status()).empty());

  // Damaged inside: the header is right, the pages are not.
  const std::string path = folder / "state.db";
  {
    auto queue = OpenQueues(path, clock).ValueOrDie()->Get("work").ValueOrDie();
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(queue->Send(std::string(1000, 'x')).ok());
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(0, std::ios::end);
  const auto size = static_cast<size_t>(file.tellp());
  ASSERT_GT(size, 100'000u);
  for (size_t page = 4096; page + 4096 <= size; page += 4096) {
    file.seekp(static_cast<std::streamoff>(page));
    file << std::string(4096, '\xff');
  }
  file.close();
  const auto open = OpenQueues(path, clock);
  const auto queue = open.ok() ? (*open)->Get("work") : Result<std::shared_ptr<Queue>>(open.status());
  const Status failed = queue.ok() ? (*queue)->Receive().status() : queue.status();
  EXPECT_EQ(CodeOf(failed), ErrorCode::kCorrupt) << failed;
}

TEST(SqliteQueue, ReadOnlyFileSystem) {
  TemporaryFolder folder;
  if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=4m") != 0)
    GTEST_SKIP() << "needs the right to mount";
  ManualClock clock(TimePoint(MakeDate(2017, 8, 11)));
  {
    auto queue = OpenQueues(folder / "state.db", clock).ValueOrDie()->Get("work").ValueOrDie();
    ASSERT_TRUE(queue->Send("a").ok());
  }
  ASSERT_EQ(::mount("tmpfs", folder.path().c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr), 0);
  const auto open = OpenQueues(folder / "state.db", clock);
  EXPECT_EQ(CodeOf(open.status()), ErrorCode::kReadOnly) << open.status();
  EXPECT_EQ(CodeOf(OpenQueues(folder / "new.db", clock).status()), ErrorCode::kReadOnly);
  ::umount2(folder.path().c_str(), MNT_DETACH);
}

TEST(SqliteQueue, FullDisk) {
  TemporaryFolder folder;
  if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=1m") != 0)
    GTEST_SKIP() << "needs the right to mount";
  {
    ManualClock clock(TimePoint(MakeDate(2017, 8, 11)));
    auto queue = OpenQueues(folder / "state.db", clock).ValueOrDie()->Get("work").ValueOrDie();
    int accepted = 0;
    Status status;
    while (status.ok() && accepted < 100) {
      status = queue->Send(std::string(100'000, 'x')).status();
      accepted += status.ok();
    }
    EXPECT_EQ(CodeOf(status), ErrorCode::kNoSpace) << status;
    EXPECT_EQ(queue->Count()->visible, accepted) << "what was accepted is there, what was refused is not";
  }
  ::umount2(folder.path().c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace penstock::queue
