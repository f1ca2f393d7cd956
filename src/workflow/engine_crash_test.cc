// An execution killed at every commit point is completed by the next run, and no recorded task runs again.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "base/fault.h"
#include "base/json_text.h"
#include "workflow/engine.h"
#include "workflow/function_tasks.h"
#include "workflow/sqlite_execution_store.h"

namespace penstock::workflow {
namespace {

// Tasks in a line, in a Map at once, with a retry, behind a Choice, a Wait and a Parallel.
const char* const kMachine = R"({"StartAt":"First","States":{
  "First":{"Type":"Task","Resource":"first","ResultPath":"$.first","Next":"Each"},
  "Each":{"Type":"Map","ItemsPath":"$.items","MaxConcurrency":3,"ResultPath":"$.each","Next":"Check","ItemProcessor":{
    "StartAt":"Fetch","States":{
      "Fetch":{"Type":"Task","Resource":"fetch","Next":"Store",
               "Retry":[{"ErrorEquals":["Flaky"],"IntervalSeconds":1,"MaxAttempts":2}]},
      "Store":{"Type":"Task","Resource":"store","End":true}}}},
  "Check":{"Type":"Choice","Choices":[{"Variable":"$.first","StringEquals":"done","Next":"Pause"}],"Default":"Bad"},
  "Bad":{"Type":"Fail","Error":"Bad"},
  "Pause":{"Type":"Wait","Seconds":600,"Next":"Both"},
  "Both":{"Type":"Parallel","ResultPath":"$.both","Next":"Last","Branches":[
    {"StartAt":"L","States":{"L":{"Type":"Task","Resource":"left","End":true}}},
    {"StartAt":"R","States":{"R":{"Type":"Pass","Result":"r","End":true}}}]},
  "Last":{"Type":"Task","Resource":"last","End":true}}})";

// The same with child executions, and a task that waits for its token.
const char* const kDistributed = R"({"StartAt":"First","States":{
  "First":{"Type":"Task","Resource":"first","ResultPath":"$.first","Next":"Each"},
  "Each":{"Type":"Map","ItemsPath":"$.items","MaxConcurrency":3,"ResultPath":"$.each","Next":"Ask","ItemProcessor":{
    "ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"Fetch","States":{
      "Fetch":{"Type":"Task","Resource":"fetch","Next":"Store",
               "Retry":[{"ErrorEquals":["Flaky"],"IntervalSeconds":1,"MaxAttempts":2}]},
      "Store":{"Type":"Task","Resource":"store","End":true}}}},
  "Ask":{"Type":"Task","Resource":"ask.waitForTaskToken","Parameters":{"token.$":"$$.Task.Token"},
         "TimeoutSeconds":60,"ResultPath":"$.answer","Next":"Last"},
  "Last":{"Type":"Task","Resource":"last","End":true}}})";

class EngineCrash : public testing::Test {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "ThreadSanitizer does not survive threads in the child of a fork";
#endif
    std::string folder = (std::filesystem::temp_directory_path() / "penstock-crash-XXXXXX").string();
    folder_ = mkdtemp(folder.data());
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  void Clean() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
  }

  static std::string KeyOf(const TaskRequest& request) {
    return request.resource + " " + std::to_string(request.attempt) + " " + JsonText(request.input);
  }

  Result<ExecutionInfo> Run() {
    ManualClock clock(*ParseTimestamp("2024-01-01T00:00:00Z"));
    Random random;
    FunctionTasks tasks([&](const TaskRequest& request, std::stop_token) -> Result<json::value> {
      const std::string line = KeyOf(request) + "\n";
      const int fd = open((folder_ + "/calls").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      if (write(fd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) abort();
      close(fd);
      if (request.resource == "ask.waitForTaskToken") {
        // As another process would: by the store. Answered before, it stays answered.
        TokenState answer;
        answer.phase = TokenPhase::kSucceeded;
        answer.output = "\"yes\"";
        IgnoreError(store_->AnswerToken(std::string(request.input.at("token").get_string()), answer),
                    "a task that is called again has its answer");
        return nullptr;
      }
      if (request.resource == "first") return json::value("done");
      if (request.resource == "fetch" && request.attempt == 1 && request.input.as_int64() % 2 == 1) {
        return MakeTaskError("Flaky", "odd");
      }
      if (request.resource == "last") return request.input;
      return json::value{{request.resource, request.input}};
    });
    ASSIGN_OR_RETURN(store_, SqliteExecutionStore::Open(folder_ + "/state.db"));
    EngineOptions options;
    options.commit_interval_ms = 0;
    Engine engine(*store_, tasks, clock, random, Logger(), options);
    return engine.Run({"x", "m", machine_, json::value{{"items", {1, 2, 3, 4}}}});
  }

  // In a process of its own; its exit status, or -1 when it was killed.
  int RunInChild(const std::string& fault) {
    const pid_t child = fork();
    if (child == 0) {
      const bool armed = ArmFaults(fault).ok();
      const auto run = Run();
      _exit(!armed ? 3 : run.ok() && run->status == ExecutionStatus::kSucceeded ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::multiset<std::string> Calls() {
    std::multiset<std::string> out;
    std::ifstream in(folder_ + "/calls");
    for (std::string line; std::getline(in, line);) out.insert(line);
    return out;
  }

  // Events as the store has them, "type path".
  std::multiset<std::string> Events() {
    std::multiset<std::string> out;
    auto store = SqliteExecutionStore::Open(folder_ + "/state.db");
    if (!store.ok()) return out;
    auto events = (*store)->History("x");
    if (!events.ok()) return out;
    int64_t id = 0;
    for (const auto& event : *events) {
      EXPECT_EQ(event.id, ++id);
      out.insert(EventName(event) + " " + event.path);
    }
    auto of_children = (*store)->ChildHistory("x", "");
    EXPECT_TRUE(of_children.ok());
    for (const auto& event : *of_children) out.insert(EventName(event) + " " + event.path);
    return out;
  }

  // How often each task that is recorded as ended has been called.
  static std::set<std::string> Ended(const std::multiset<std::string>& events) {
    std::set<std::string> out;
    for (const auto& event : events) {
      if (event.rfind("TaskSucceeded", 0) == 0 || event.rfind("TaskFailed", 0) == 0) out.insert(event);
    }
    return out;
  }

  json::value Output() { return (*(*SqliteExecutionStore::Open(folder_ + "/state.db"))->Get("x")).output; }

  std::string folder_;
  const char* machine_ = kMachine;
  std::unique_ptr<SqliteExecutionStore> store_;
};

TEST_F(EngineCrash, KilledAtEveryCommitPointItIsCompletedWithoutRunningARecordedTaskAgain) {
  ASSERT_EQ(RunInChild(""), 0);
  const auto calls = Calls();
  const auto events = Events();
  const json::value output = Output();
  ASSERT_EQ(calls.size(), 13u);  // first, 4 fetch, 2 of them twice, 4 store, left, last

  int kills = 0;
  for (const std::string point : {"workflow.commit.before", "workflow.commit.after"}) {
    for (int n = 1;; ++n) {
      ASSERT_LT(n, 200);
      Clean();
      const int status = RunInChild(point + "=kill@" + std::to_string(n));
      if (status == 0) break;
      ASSERT_EQ(status, -1) << point << "@" << n;
      ++kills;
      const auto before = Ended(Events());
      std::filesystem::remove(folder_ + "/calls");
      ASSERT_EQ(RunInChild(""), 0) << point << "@" << n;
      const auto after = Ended(Events());
      // As many calls as endings came to the record: none for what was there before.
      EXPECT_EQ(Calls().size(), after.size() - before.size()) << point << "@" << n;
      EXPECT_TRUE(JsonEquals(Output(), output)) << point << "@" << n;
      EXPECT_EQ(Events(), events) << point << "@" << n;
    }
  }
  EXPECT_GE(kills, 12);
}

TEST_F(EngineCrash, ChildExecutionsThatEndedDoNotRunAgain) {
  machine_ = kDistributed;
  ASSERT_EQ(RunInChild(""), 0);
  ASSERT_EQ(Calls().size(), 13u);  // first, 4 fetch, 2 of them twice, 4 store, ask, last
  const auto events = Events();
  const json::value output = Output();
  EXPECT_EQ(JsonText(output.at("answer")), "\"yes\"");
  int kills = 0;
  for (const std::string point : {"workflow.commit.before", "workflow.commit.after"}) {
    for (int n = 1;; ++n) {
      ASSERT_LT(n, 200);
      Clean();
      const int status = RunInChild(point + "=kill@" + std::to_string(n));
      if (status == 0) break;
      ASSERT_EQ(status, -1) << point << "@" << n;
      ++kills;
      const auto recorded = Events();
      const auto before = Ended(recorded);
      // A message that was sent is not sent again.
      const size_t sent = recorded.count("TaskSubmitted /Ask#1") - before.count("TaskSucceeded /Ask#1");
      std::filesystem::remove(folder_ + "/calls");
      ASSERT_EQ(RunInChild(""), 0) << point << "@" << n;
      EXPECT_EQ(Calls().size() + sent, Ended(Events()).size() - before.size()) << point << "@" << n;
      EXPECT_TRUE(JsonEquals(Output(), output)) << point << "@" << n;
      EXPECT_EQ(Events(), events) << point << "@" << n;
    }
  }
  EXPECT_GE(kills, 12);
}

// At least once, from the first state on: what AWS says of Express workflows (docs/workflow.md).
TEST_F(EngineCrash, ExpressChildrenThatHadNotEndedBeginAgainAtTheirFirstState) {
  std::string express = kDistributed;
  express.replace(express.find("STANDARD"), 8, "EXPRESS");
  machine_ = express.c_str();
  ASSERT_EQ(RunInChild(""), 0);
  ASSERT_EQ(Calls().size(), 13u);
  const json::value output = Output();
  size_t again = 0;
  for (const std::string point : {"workflow.commit.before", "workflow.commit.after"}) {
    for (int n = 1;; ++n) {
      ASSERT_LT(n, 200);
      Clean();
      const int status = RunInChild(point + "=kill@" + std::to_string(n));
      if (status == 0) break;
      ASSERT_EQ(status, -1) << point << "@" << n;
      const auto called = Calls();
      const auto recorded = Events();
      std::filesystem::remove(folder_ + "/calls");
      ASSERT_EQ(RunInChild(""), 0) << point << "@" << n;
      EXPECT_TRUE(JsonEquals(Output(), output)) << point << "@" << n;
      const auto calls = Calls();
      for (int item = 1; item <= 4; ++item) {
        const bool had_ended =
            recorded.count("ExecutionSucceeded /Each#1[" + std::to_string(item - 1) + "]") > 0;
        const std::string fetch = "fetch 1 " + std::to_string(item);
        EXPECT_EQ(calls.count(fetch), had_ended ? 0u : 1u) << point << "@" << n << " item " << item;
        again += called.count(fetch) > 0 && calls.count(fetch) > 0 ? 1 : 0;
      }
    }
  }
  EXPECT_GT(again, 0u) << "none was killed between two of its states";
}

TEST_F(EngineCrash, AFailedCommitEndsTheRunAndTheNextGoesOn) {
  ASSERT_EQ(RunInChild(""), 0);
  const json::value output = Output();
  for (int n = 1;; ++n) {
    ASSERT_LT(n, 200);
    Clean();
    const int status = RunInChild("workflow.commit.before=error@" + std::to_string(n));
    if (status == 0) break;
    ASSERT_EQ(status, 1) << n;
    const auto before = Ended(Events());
    std::filesystem::remove(folder_ + "/calls");
    ASSERT_EQ(RunInChild(""), 0) << n;
    EXPECT_EQ(Calls().size(), Ended(Events()).size() - before.size()) << n;
    EXPECT_TRUE(JsonEquals(Output(), output)) << n;
  }
}

TEST_F(EngineCrash, KilledManyTimesItStillGetsThere) {
  int runs = 0;
  while (RunInChild("workflow.commit.after=kill@2") != 0) ASSERT_LT(++runs, 100);
  // However slow the writer is and however much it puts into one commit, these are six: First, an odd Fetch
  // that fails, the Fetch after it, Store, Left, and Last with the end. A task begins when what it follows is
  // recorded.
  EXPECT_GE(runs, 3);
  std::set<std::string> distinct;
  for (const auto& call : Calls()) distinct.insert(call);
  EXPECT_EQ(distinct.size(), 13u);
}

TEST_F(EngineCrash, TwoProcessesNeverRunOneExecution) {
  // The child runs a task until its standard input closes.
  int to_child[2], from_child[2];
  ASSERT_EQ(pipe(to_child), 0);
  ASSERT_EQ(pipe(from_child), 0);
  const StartOptions start{"x", "m",
                           R"({"StartAt":"T","States":{"T":{"Type":"Task","Resource":"t","End":true}}})", 1};
  const auto run = [&](const FunctionTasks::Function& function) -> Result<ExecutionInfo> {
    SystemClock clock;
    Random random;
    FunctionTasks tasks(function);
    ASSIGN_OR_RETURN(auto store, SqliteExecutionStore::Open(folder_ + "/state.db"));
    Engine engine(*store, tasks, clock, random, Logger());
    return engine.Run(start);
  };
  const pid_t child = fork();
  if (child == 0) {
    close(to_child[1]);
    const auto result = run([&](const TaskRequest&, std::stop_token) -> Result<json::value> {
      char byte = 'x';
      if (write(from_child[1], &byte, 1) != 1) abort();
      while (read(to_child[0], &byte, 1) > 0) {
      }
      return json::value("child");
    });
    _exit(result.ok() ? 0 : 1);
  }
  char byte = 0;
  ASSERT_EQ(read(from_child[0], &byte, 1), 1);
  const auto mine = [](const TaskRequest&, std::stop_token) -> Result<json::value> {
    return json::value("parent");
  };
  const auto busy = run(mine);
  EXPECT_EQ(CodeOf(busy.status()), ErrorCode::kConflict);
  EXPECT_NE(busy.status().message().find(std::to_string(child)), std::string::npos)
      << "names the other process";
  // Killed, it is taken over at once.
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  const auto taken = run(mine);
  ASSERT_TRUE(taken.ok()) << taken.status().ToString();
  EXPECT_EQ(JsonText(taken->output), "\"parent\"");
  for (const int fd : {to_child[0], to_child[1], from_child[0], from_child[1]}) close(fd);
}

TEST_F(EngineCrash, AnotherProcessCanStopIt) {
  int from_child[2];
  ASSERT_EQ(pipe(from_child), 0);
  SystemClock clock;
  Random random;
  const pid_t child = fork();
  if (child == 0) {
    FunctionTasks tasks([&](const TaskRequest&, std::stop_token stop) -> Result<json::value> {
      char byte = 'x';
      if (write(from_child[1], &byte, 1) != 1) abort();
      IgnoreError(clock.SleepFor(std::chrono::minutes(10), stop) ? Status::OK() : Status::OK(),
                  "either way it ends");
      return MakeError(ErrorCode::kCancelled, "stopped");
    });
    auto store = SqliteExecutionStore::Open(folder_ + "/state.db");
    EngineOptions options;
    options.heartbeat_interval_ms = 10;
    Engine engine(**store, tasks, clock, random, Logger(), options);
    const auto run = engine.Run(
        {"x", "m", R"({"StartAt":"T","States":{"T":{"Type":"Task","Resource":"t","End":true}}})", 1});
    _exit(run.ok() && run->status == ExecutionStatus::kAborted ? 0 : 1);
  }
  char byte = 0;
  ASSERT_EQ(read(from_child[0], &byte, 1), 1);
  FunctionTasks none(
      [](const TaskRequest&, std::stop_token) -> Result<json::value> { return json::value(); });
  auto store = SqliteExecutionStore::Open(folder_ + "/state.db");
  Engine engine(**store, none, clock, random, Logger());
  EXPECT_TRUE(engine.Stop("x", "E", "from outside").ok());
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(engine.Describe("x")->cause, "from outside");
  close(from_child[0]);
  close(from_child[1]);
}

TEST_F(EngineCrash, CommitsAreShared) {
  // 500 iterations at 16 in flight: far fewer commits than tasks.
  ManualClock clock(*ParseTimestamp("2024-01-01T00:00:00Z"));
  Random random;
  FunctionTasks tasks(
      [](const TaskRequest& request, std::stop_token) -> Result<json::value> { return request.input; });
  auto store = SqliteExecutionStore::Open(folder_ + "/state.db");
  ASSERT_TRUE(store.ok());
  Engine engine(**store, tasks, clock, random, Logger());
  json::array items;
  for (int i = 0; i < 500; ++i) items.emplace_back(i);
  // Counted by a fault point that never comes.
  ASSERT_TRUE(ArmFaults("workflow.commit.before=error@60").ok());
  const auto run =
      engine.Run({"x", "m", R"({"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{
    "StartAt":"T","States":{"T":{"Type":"Task","Resource":"t","End":true}}}}}})",
                  items});
  ASSERT_TRUE(ArmFaults("").ok());
  ASSERT_TRUE(run.ok()) << "more than 59 commits: " << run.status().ToString();
  EXPECT_TRUE(JsonEquals(run->output, items));
}

}  // namespace
}  // namespace penstock::workflow
