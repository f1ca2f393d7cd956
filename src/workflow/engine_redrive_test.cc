// Redrive, task tokens and nested executions, after the developer guide: "Redriving state machine
// executions", "Wait for a Callback with Task Token", "Start a new state machine from a running execution".
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "base/json_text.h"
#include "base/temporary_folder.h"
#include "workflow/engine.h"
#include "workflow/function_tasks.h"
#include "workflow/memory_execution_store.h"
#include "workflow/sqlite_execution_store.h"

namespace penstock::workflow {
namespace {

class EngineRedrive : public testing::Test {
 protected:
  Engine& engine() {
    if (engine_ == nullptr)
      engine_ = std::make_unique<Engine>(store_, tasks_, clock_, random_, Logger(), options_);
    return *engine_;
  }
  ExecutionInfo Run(const std::string& definition, json::value input = json::object(),
                    std::string name = "x") {
    const auto run = engine().Run({std::move(name), "m", definition, std::move(input)});
    EXPECT_TRUE(run.ok()) << run.status().ToString();
    return run.ok() ? *run : ExecutionInfo{};
  }
  std::string Events(const std::string& name = "x") {
    std::string out;
    for (const auto& event : *store_.History(name)) out += EventName(event) + " ";
    return out;
  }

  ManualClock clock_{*ParseTimestamp("2024-05-06T07:08:09Z")};
  Random random_{1};
  MemoryExecutionStore store_;
  EngineOptions options_;
  std::mutex mutex_;
  std::map<std::string, int> calls_;  // by resource and input
  bool broken_ = true;
  std::function<Result<json::value>(const TaskRequest&)> function_ =
      [this](const TaskRequest& request) -> Result<json::value> {
    std::lock_guard lock(mutex_);
    ++calls_[request.resource + JsonText(request.input)];
    if (broken_ && request.resource == "bad") return MakeTaskError("Broken", "still");
    if (broken_ && request.resource == "odd" && request.input.get_int64() % 2 == 1)
      return MakeTaskError("Odd", "");
    return request.input;
  };
  FunctionTasks tasks_{[this](const TaskRequest& request, std::stop_token) { return function_(request); }};
  std::unique_ptr<Engine> engine_;
};

TEST_F(EngineRedrive, GoesOnFromTheStateThatFailed) {
  const auto failed = Run(R"({"StartAt":"A","States":{
    "A":{"Type":"Task","Resource":"good","Next":"B"},
    "B":{"Type":"Task","Resource":"bad","Next":"C","Retry":[{"ErrorEquals":["Broken"],"MaxAttempts":1}]},
    "C":{"Type":"Pass","Parameters":{"n.$":"$$.Execution.RedriveCount","t.$":"$$.Execution.RedriveTime"},"End":true}}})",
                          7);
  EXPECT_EQ(failed.status, ExecutionStatus::kFailed);
  EXPECT_EQ(calls_["bad7"], 2);
  clock_.Advance(std::chrono::hours(1));
  const auto again = engine().Redrive("x");
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_EQ(again->status, ExecutionStatus::kFailed);
  EXPECT_EQ(again->redrive_count, 1);
  EXPECT_EQ(calls_["bad7"], 4) << "its retries begin anew";
  broken_ = false;
  const auto done = engine().Redrive("x");
  ASSERT_TRUE(done.ok()) << done.status().ToString();
  EXPECT_EQ(done->status, ExecutionStatus::kSucceeded) << done->cause;
  EXPECT_EQ(done->output.at("n"), 2);
  EXPECT_EQ(calls_["good7"], 1) << "what was completed does not run again";
  EXPECT_EQ(calls_["bad7"], 5);
  EXPECT_EQ(
      Events(),
      "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted TaskSucceeded TaskStateExited "
      "TaskStateEntered TaskScheduled TaskStarted TaskFailed TaskScheduled TaskStarted TaskFailed "
      "ExecutionFailed ExecutionRedriven TaskScheduled TaskStarted TaskFailed TaskScheduled TaskStarted "
      "TaskFailed ExecutionFailed ExecutionRedriven TaskScheduled TaskStarted TaskSucceeded TaskStateExited "
      "PassStateEntered PassStateExited ExecutionSucceeded ");
  EXPECT_EQ(CodeOf(engine().Redrive("x").status()), ErrorCode::kPreconditionFailed);
  EXPECT_EQ(CodeOf(engine().Redrive("y").status()), ErrorCode::kNotFound);
}

TEST_F(EngineRedrive, OnlyFailedIterationsBranchesAndChildrenRunAgain) {
  const std::string processor = R"("StartAt":"T","States":{"T":{"Type":"Task","Resource":"odd","End":true}})";
  const std::map<std::string, std::string> machines{
      {"inline",
       R"({"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":1,"End":true,"ItemProcessor":{)" +
           processor + "}}}}"},
      {"standard",
       R"({"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":1,"End":true,"ItemProcessor":{
        "ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},)" +
           processor + "}}}}"},
      {"express",
       R"({"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":1,"End":true,"ItemProcessor":{
        "ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},)" +
           processor + "}}}}"}};
  for (const auto& [name, machine] : machines) {
    calls_.clear();
    broken_ = true;
    EXPECT_EQ(Run(machine, json::array{2, 4, 5, 6, 8}, name).status, ExecutionStatus::kFailed) << name;
    broken_ = false;
    const auto done = engine().Redrive(name);
    ASSERT_TRUE(done.ok()) << done.status().ToString();
    EXPECT_EQ(done->status, ExecutionStatus::kSucceeded) << name << done->cause;
    EXPECT_EQ(JsonText(done->output), "[2,4,5,6,8]");
    EXPECT_EQ(calls_["odd2"], 1) << name;
    EXPECT_EQ(calls_["odd4"], 1) << name;
    EXPECT_EQ(calls_["odd5"], 2) << name;
    EXPECT_EQ(calls_["odd8"], 1) << name;
  }
  EXPECT_NE(Events("standard").find("ExecutionRedriven MapRunRedriven MapRunSucceeded"), std::string::npos)
      << Events("standard");
  std::string child;
  for (const auto& event : *store_.ChildHistory("standard", "/M#1[2]")) child += EventName(event) + " ";
  EXPECT_EQ(child,
            "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted TaskFailed ExecutionFailed "
            "ExecutionRedriven TaskScheduled TaskStarted TaskSucceeded TaskStateExited ExecutionSucceeded ");

  calls_.clear();
  broken_ = true;
  EXPECT_EQ(Run(R"({"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":[
    {"StartAt":"L","States":{"L":{"Type":"Task","Resource":"good","End":true}}},
    {"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":5,"Next":"R"},"R":{"Type":"Task","Resource":"bad","End":true}}}]}}})",
                3, "both")
                .status,
            ExecutionStatus::kFailed);
  broken_ = false;
  const int left = calls_["good3"];
  const auto done = engine().Redrive("both");
  ASSERT_TRUE(done.ok() && done->status == ExecutionStatus::kSucceeded);
  EXPECT_EQ(JsonText(done->output), "[3,3]");
  EXPECT_LE(left, calls_["good3"]);
  EXPECT_LE(calls_["good3"], 1 + (left == 0));
}

TEST_F(EngineRedrive, ATimedOutExecutionGetsItsTimeAnew) {
  const std::string machine = R"({"TimeoutSeconds":100,"StartAt":"W","States":{
    "W":{"Type":"Wait","SecondsPath":"$","Next":"T"},"T":{"Type":"Task","Resource":"good","End":true}}})";
  EXPECT_EQ(Run(machine, 150).status, ExecutionStatus::kTimedOut);
  const auto done = engine().Redrive("x");
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->status, ExecutionStatus::kSucceeded) << done->error;
}

constexpr const char* kWaits = R"({"StartAt":"T","States":{"T":{"Type":"Task",
  "Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","HeartbeatSeconds":60,"TimeoutSeconds":600,
  "Parameters":{"token.$":"$$.Task.Token"},"End":true}}})";

TEST_F(EngineRedrive, ATokenEndsItsTask) {
  std::string token;
  function_ = [&](const TaskRequest& request) -> Result<json::value> {
    token = std::string(request.input.at("token").get_string());
    EXPECT_TRUE(engine().SendTaskSuccess(token, {{"answer", 42}}).ok());
    return json::value("ignored");
  };
  const auto run = Run(kWaits);
  EXPECT_EQ(JsonText(run.output), R"({"answer":42})");
  EXPECT_EQ(Events(),
            "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted TaskSubmitted TaskSucceeded "
            "TaskStateExited ExecutionSucceeded ");
  EXPECT_EQ(CodeOf(engine().SendTaskSuccess(token, 1)), ErrorCode::kPreconditionFailed) << "TaskTimedOut";
  EXPECT_EQ(CodeOf(engine().SendTaskSuccess("no token", 1)), ErrorCode::kInvalidData) << "InvalidToken";
  EXPECT_EQ(CodeOf(engine().SendTaskHeartbeat(std::string(64, '0'))), ErrorCode::kNotFound)
      << "TaskDoesNotExist";

  function_ = [&](const TaskRequest& request) -> Result<json::value> {
    EXPECT_TRUE(
        engine().SendTaskFailure(std::string(request.input.at("token").get_string()), "No", "said so").ok());
    return nullptr;
  };
  const auto failed = Run(kWaits, json::object(), "failed");
  EXPECT_EQ(failed.error, "No");
  EXPECT_EQ(failed.cause, "said so");
}

TEST_F(EngineRedrive, WithoutAnAnswerItTimesOut) {
  function_ = [&](const TaskRequest&) -> Result<json::value> { return nullptr; };
  const auto silent = Run(kWaits);
  EXPECT_EQ(silent.error, "States.HeartbeatTimeout");
  EXPECT_EQ(clock_.Now(), *ParseTimestamp("2024-05-06T07:09:09Z"));
  EXPECT_NE(Events().find("TaskSubmitted TaskTimedOut ExecutionFailed"), std::string::npos) << Events();
  std::string definition = kWaits;
  definition.replace(definition.find("\"HeartbeatSeconds\":60,"), 22, "");
  const auto late = Run(definition, json::object(), "late");
  EXPECT_EQ(late.error, "States.Timeout");
  EXPECT_EQ(clock_.Now(), *ParseTimestamp("2024-05-06T07:19:09Z"));
}

TEST_F(EngineRedrive, AnotherProcessSendsTheToken) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer does not survive threads in the child of a fork";
#endif
  TemporaryFolder folder;
  int tokens[2];
  ASSERT_EQ(pipe(tokens), 0);
  SystemClock clock;
  const pid_t child = fork();
  if (child == 0) {  // answers with a heartbeat and a success
    std::string token(64, ' ');
    if (read(tokens[0], token.data(), token.size()) != 64) _exit(2);
    auto store = SqliteExecutionStore::Open(folder / "state.db");
    FunctionTasks none([](const TaskRequest&, std::stop_token) -> Result<json::value> { return nullptr; });
    Engine engine(**store, none, clock, random_, Logger());
    const bool sent =
        engine.SendTaskHeartbeat(token).ok() && engine.SendTaskSuccess(token, "from outside").ok();
    _exit(sent ? 0 : 1);
  }
  auto store = SqliteExecutionStore::Open(folder / "state.db");
  ASSERT_TRUE(store.ok());
  FunctionTasks tasks([&](const TaskRequest& request, std::stop_token) -> Result<json::value> {
    const std::string token(request.input.at("token").get_string());
    EXPECT_EQ(write(tokens[1], token.data(), token.size()), 64);
    return nullptr;
  });
  Engine engine(**store, tasks, clock, random_, Logger());
  const auto run = engine.Run({"x", "m", kWaits, json::object()});
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  ASSERT_TRUE(run.ok()) << run.status().ToString();
  EXPECT_EQ(JsonText(run->output), "\"from outside\"");
  close(tokens[0]);
  close(tokens[1]);
}

// Stopped while it waits: taken up again it waits on, and does not send its message twice.
TEST_F(EngineRedrive, AWaitingTaskIsNotCalledAgain) {
  options_.commit_interval_ms = 0;
  std::stop_source stop;
  std::string token;
  std::atomic<int> called{0};
  function_ = [&](const TaskRequest& request) -> Result<json::value> {
    ++called;
    token = std::string(request.input.at("token").get_string());
    return nullptr;
  };
  std::string definition = kWaits;
  ManualClock still(clock_.Now(), false);
  Engine engine(store_, tasks_, still, random_, Logger(), options_);
  std::thread waiting([&] {
    EXPECT_EQ(CodeOf(engine.Run({"x", "m", definition, 1}, stop.get_token()).status()),
              ErrorCode::kCancelled);
  });
  while (still.sleepers() == 0) std::this_thread::yield();
  stop.request_stop();
  waiting.join();
  ASSERT_TRUE(engine.SendTaskSuccess(token, "late").ok());
  const auto run = engine.Run({"x", "m", definition, 1});
  ASSERT_TRUE(run.ok()) << run.status().ToString();
  EXPECT_EQ(JsonText(run->output), "\"late\"");
  EXPECT_EQ(called, 1);
}

TEST_F(EngineRedrive, AnExecutionStartsAnother) {
  const std::string inner = R"({"StartAt":"T","States":{"T":{"Type":"Task","Resource":"bad","End":true}}})";
  options_.definitions = [&](const std::string& name) -> Result<std::string> {
    if (name == "inner") return inner;
    return MakeError(ErrorCode::kNotFound, name);
  };
  const auto outer = [](const std::string& suffix, const std::string& machine = "inner") {
    return R"({"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution)" +
           suffix + R"(","Parameters":{"StateMachineArn":"arn:aws:states:local:000000000000:stateMachine:)" +
           machine + R"(","Input":{"a":1}},"End":true}}})";
  };
  broken_ = false;
  auto run = Run(outer(".sync"), nullptr, "sync");
  ASSERT_EQ(run.status, ExecutionStatus::kSucceeded) << run.cause;
  EXPECT_EQ(run.output.at("Output"), R"({"a":1})");
  EXPECT_EQ(run.output.at("Status"), "SUCCEEDED");
  run = Run(outer(".sync:2"), nullptr, "sync2");
  EXPECT_EQ(JsonText(run.output.at("Output")), R"({"a":1})");
  EXPECT_NE(Events("sync2").find("TaskStarted TaskSubmitted TaskSucceeded"), std::string::npos);
  run = Run(outer(""), nullptr, "fire");
  EXPECT_TRUE(run.output.get_object().contains("ExecutionArn"));
  EXPECT_TRUE(run.output.get_object().contains("StartDate"));
  EXPECT_EQ(Run(outer("", "other"), nullptr, "unknown").error,
            "StepFunctions.StateMachineDoesNotExistException");
  broken_ = true;
  run = Run(outer(".sync:2"), nullptr, "fails");
  EXPECT_EQ(run.error, "States.TaskFailed");
  const auto cause = ParseJson(run.cause);
  ASSERT_TRUE(cause.ok());
  EXPECT_EQ(cause->at("Error"), "Broken");
  EXPECT_EQ(cause->at("Status"), "FAILED");
}

// Developer guide, "Run a Job (.sync)": what a Task waits for is stopped with it.
class EngineAbandon : public EngineRedrive {
 protected:
  EngineAbandon() {
    const std::string task = R"({"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2",
      "Parameters":{"StateMachineArn":"inner","Input":{}},)";
    one_ = R"({"StartAt":"T","States":{"T":)" + task + R"("End":true}}})";
    timed_ = R"({"StartAt":"T","States":{"T":)" + task + R"("TimeoutSeconds":5,"End":true}}})";
    of_the_whole_ = R"({"TimeoutSeconds":5,"StartAt":"T","States":{"T":)" + task + R"("End":true}}})";
    beside_ = R"({"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,
      "Catch":[{"ErrorEquals":["States.ALL"],"Next":"Caught"}],"Branches":[
      {"StartAt":"T","States":{"T":)" +
              task + R"("End":true}}},
      {"StartAt":"F","States":{"F":{"Type":"Task","Resource":"fails","End":true}}}]},
      "Caught":{"Type":"Pass","End":true}}})";
    options_.commit_interval_ms = 0;
    options_.definitions = [](const std::string& name) -> Result<std::string> {
      // Inner waits for innermost, and that for ever.
      return name == "inner"
                 ? R"({"StartAt":"T","States":{"T":{"Type":"Task",
        "Resource":"arn:aws:states:::states:startExecution.sync",
        "Parameters":{"StateMachineArn":"innermost"},"End":true}}})"
                 : R"({"StartAt":"T","States":{"T":{"Type":"Task","Resource":"hangs","End":true}}})";
    };
    abandoning_ = std::make_unique<Engine>(store_, hanging_, still_, random_, Logger(), options_);
  }
  FunctionTasks hanging_{[this](const TaskRequest& request, std::stop_token stop) -> Result<json::value> {
    if (request.resource == "fails") {
      while (!hangs_) std::this_thread::yield();
      return MakeTaskError("Broken", "");
    }
    hangs_ = true;
    still_.SleepUntil(TimePoint::max(), stop);
    return MakeError(ErrorCode::kCancelled, "stopped");
  }};
  ExecutionStatus StatusOf(const std::string& name) {
    const auto info = store_.Get(name);
    return info.ok() ? info->status : ExecutionStatus::kRunning;
  }
  int64_t Having(ExecutionStatus status) {
    const auto all = store_.List({}).ValueOrDie();
    return std::count_if(all.begin(), all.end(), [&](const auto& info) { return info.status == status; });
  }
  int64_t Running() { return Having(ExecutionStatus::kRunning); }
  int64_t Aborted() { return Having(ExecutionStatus::kAborted); }

  std::string one_, timed_, of_the_whole_, beside_;
  std::atomic<bool> hangs_{false};
  ManualClock still_{clock_.Now(), false};
  std::unique_ptr<Engine> abandoning_;
};

TEST_F(EngineAbandon, StoppedWithWhatItWaitsFor) {
  std::thread running([&] { EXPECT_TRUE(abandoning_->Run({"x", "m", one_, json::object()}).ok()); });
  while (!hangs_) std::this_thread::yield();
  EXPECT_TRUE(abandoning_->Stop("x", "Enough", "").ok());
  running.join();
  EXPECT_EQ(Aborted(), 3);
}

TEST_F(EngineAbandon, TimedOutOrFailedWithAnotherBranch) {
  for (const std::string name : {"timed", "of the whole"}) {
    hangs_ = false;
    const std::string definition = name == "timed" ? timed_ : of_the_whole_;
    std::thread running([&] { EXPECT_TRUE(abandoning_->Run({name, "m", definition, json::object()}).ok()); });
    while (!hangs_) std::this_thread::yield();
    while (StatusOf(name) == ExecutionStatus::kRunning) {
      still_.Advance(std::chrono::seconds(6));
      std::this_thread::yield();
    }
    running.join();
    EXPECT_EQ(store_.Get(name)->error, "States.Timeout");
    EXPECT_EQ(Running(), 0);
  }
  hangs_ = false;
  EXPECT_EQ(abandoning_->Run({"beside", "m", beside_, json::object()})->status, ExecutionStatus::kSucceeded);
  EXPECT_EQ(Running(), 0);
  EXPECT_EQ(store_.List({})->size(), 9U);
}

// An interrupted process takes nothing with it; stopped before it is taken up again, all of them end.
TEST_F(EngineAbandon, StoppedWhileNoProcessRunsThem) {
  std::stop_source interrupt;
  std::thread running([&] {
    EXPECT_EQ(CodeOf(abandoning_->Run({"x", "m", one_, json::object()}, interrupt.get_token()).status()),
              ErrorCode::kCancelled);
  });
  while (!hangs_) std::this_thread::yield();
  interrupt.request_stop();
  running.join();
  EXPECT_EQ(Running(), 3);
  EXPECT_TRUE(abandoning_->Stop("x", "Enough", "").ok());
  EXPECT_EQ(Aborted(), 3);
}

TEST_F(EngineRedrive, AMachineThatStartsItselfEnds) {
  const std::string itself = R"({"StartAt":"T","States":{"T":{"Type":"Task",
    "Resource":"arn:aws:states:::states:startExecution.sync","Parameters":{"StateMachineArn":"m"},"End":true}}})";
  options_.definitions = [&](const std::string&) -> Result<std::string> { return itself; };
  EXPECT_EQ(Run(itself).error, "States.TaskFailed");
  EXPECT_EQ(store_.List({})->size(), static_cast<size_t>(kMaxNesting) + 1);
}

}  // namespace
}  // namespace penstock::workflow
