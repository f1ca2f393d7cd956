#include "workflow/engine.h"
#include "base/json_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <set>
#include <thread>

#include "workflow/function_tasks.h"
#include "workflow/memory_execution_store.h"

namespace penstock::workflow {
namespace {

const char* const kOneTask = R"({"StartAt":"T","States":{"T":{"Type":"Task","Resource":"t","End":true}}})";
const char* const kMapOfTasks = R"({"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{
  "StartAt":"T","States":{"T":{"Type":"Task","Resource":"t","End":true}}}}}})";

struct Fixture {
  explicit Fixture(FunctionTasks::Function function, EngineOptions options = {}, bool auto_advance = true)
      : clock(*ParseTimestamp("2024-01-01T00:00:00Z"), auto_advance),
        tasks(std::move(function)),
        engine(store, tasks, clock, random, Logger(), std::move(options)) {}
  ManualClock clock;
  Random random{1};
  MemoryExecutionStore store;
  FunctionTasks tasks;
  Engine engine;
};

Result<json::value> Echo(const TaskRequest& request, std::stop_token) { return request.input; }
// Returns when told to stop, as a task should.
Result<json::value> Hang(const TaskRequest&, std::stop_token stop) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any never;
  never.wait(lock, stop, [] { return false; });
  return MakeError(ErrorCode::kCancelled, "stopped");
}

json::array Numbers(int count) {
  json::array out;
  for (int i = 0; i < count; ++i) out.emplace_back(i);
  return out;
}

std::vector<std::string> Types(Engine& engine, const std::string& name) {
  std::vector<std::string> out;
  for (const auto& event : *engine.History(name)) out.push_back(EventName(event));
  return out;
}

TEST(Engine, GivesTheTaskItsRequest) {
  TaskRequest seen;
  Fixture f([&](const TaskRequest& request, std::stop_token) -> Result<json::value> {
    seen = request;
    return json::value{{"ok", true}};
  });
  const auto run = f.engine.Run({"run-1", "m", kOneTask, json::value{{"a", 1}}});
  ASSERT_TRUE(run.ok()) << run.status().ToString();
  EXPECT_EQ(run->status, ExecutionStatus::kSucceeded);
  EXPECT_EQ(JsonText(run->output), R"({"ok":true})");
  EXPECT_EQ(seen.resource, "t");
  EXPECT_EQ(JsonText(seen.input), R"({"a":1})");
  EXPECT_EQ(seen.execution_name, "run-1");
  EXPECT_EQ(seen.state_name, "T");
  EXPECT_EQ(seen.attempt, 1);
  EXPECT_EQ(std::string(seen.context.at("Execution").at("Name").as_string()), "run-1");
  EXPECT_EQ(seen.context.at("State").at("RetryCount").as_int64(), 0);
}

TEST(Engine, ANameRunsOnce) {
  std::atomic<int> calls{0};
  Fixture f([&](const TaskRequest& request, std::stop_token stop) { return ++calls, Echo(request, stop); });
  ASSERT_TRUE(f.engine.Run({"x", "m", kOneTask, 1}).ok());
  const auto again = f.engine.Run({"x", "m", kOneTask, 1.0});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->status, ExecutionStatus::kSucceeded);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(CodeOf(f.engine.Run({"x", "m", kOneTask, 2}).status()), ErrorCode::kAlreadyExists);
  EXPECT_EQ(CodeOf(f.engine.Run({"x", "other", kOneTask, 1}).status()), ErrorCode::kAlreadyExists);
  EXPECT_EQ(CodeOf(f.engine.Run({"", "m", kOneTask, 1}).status()), ErrorCode::kUsage);
  EXPECT_EQ(CodeOf(f.engine.Run({"y", "m", "{}", 1}).status()), ErrorCode::kConfiguration);
  EXPECT_EQ(CodeOf(f.engine.Describe("y").status()), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(f.engine.Resume("y").status()), ErrorCode::kNotFound);
}

TEST(Engine, FailuresHaveTheNameOfTheirCode) {
  Fixture f([](const TaskRequest&, std::stop_token) -> Result<json::value> {
    return MakeError(ErrorCode::kThrottled, "over the quota");
  });
  const auto run = f.engine.Run({"x", "m", kOneTask, 1});
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run->status, ExecutionStatus::kFailed);
  EXPECT_EQ(run->error, InfoOf(ErrorCode::kThrottled).asl_name);
  EXPECT_NE(run->cause.find("over the quota"), std::string::npos);
}

TEST(Engine, ATaskThatThrowsFails) {
  Fixture f(
      [](const TaskRequest&, std::stop_token) -> Result<json::value> { throw std::runtime_error("boom"); });
  const auto run = f.engine.Run({"x", "m", kOneTask, 1});
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run->error, "States.TaskFailed");
  EXPECT_NE(run->cause.find("boom"), std::string::npos);
}

TEST(Engine, ATaskThatHangsIsStoppedAtItsTimeout) {
  Fixture f(Hang, {}, false);
  std::jthread mover([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      f.clock.Advance(std::chrono::milliseconds(100));
      std::this_thread::yield();
    }
  });
  const auto run = f.engine.Run({"x", "m", R"({"StartAt":"T","States":{"T":{"Type":"Task","Resource":"t",
    "TimeoutSeconds":5,"Catch":[{"ErrorEquals":["States.Timeout"],"Next":"C"}],"End":true},
    "C":{"Type":"Pass","End":true}}})",
                                 1});
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run->status, ExecutionStatus::kSucceeded);
  EXPECT_EQ(std::string(run->output.at("Error").as_string()), "States.Timeout");
}

TEST(Engine, TheMachinesTimeoutStopsAHangingTask) {
  Fixture f(Hang, {}, false);
  std::jthread mover([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      f.clock.Advance(std::chrono::milliseconds(100));
      std::this_thread::yield();
    }
  });
  const auto run = f.engine.Run({"x", "m", R"({"TimeoutSeconds":5,"StartAt":"T","States":{"T":{"Type":"Task",
    "Resource":"t","End":true}}})",
                                 1});
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run->status, ExecutionStatus::kTimedOut);
}

TEST(Engine, RunsAtMostSoManyIterationsAtOnce) {
  for (const auto& [own, expected] : {std::pair(0, 4), std::pair(2, 2), std::pair(9, 6)}) {
    std::atomic<int> now{0}, most{0};
    std::mutex mutex;
    std::condition_variable changed;
    EngineOptions options;
    options.max_parallel = 4;
    Fixture f(
        [&, expected = expected](const TaskRequest& request, std::stop_token) -> Result<json::value> {
          std::unique_lock lock(mutex);
          most = std::max<int>(most, ++now);
          changed.notify_all();
          // All that may run at once do meet here; should one more be let in, `most` shows it.
          changed.wait_for(lock, std::chrono::minutes(2), [&] { return most >= expected; });
          --now;
          return request.input;
        },
        options);
    const std::string text =
        std::string(R"({"StartAt":"M","States":{"M":{"Type":"Map","End":true,"MaxConcurrency":)") +
        std::to_string(own) + R"(,"ItemProcessor":{"StartAt":"T","States":{"T":{"Type":"Task",
                             "Resource":"t","End":true}}}}}})";
    const auto run = f.engine.Run({"x", "m", text, Numbers(6)});
    ASSERT_TRUE(run.ok());
    EXPECT_TRUE(JsonEquals(run->output, Numbers(6)));
    EXPECT_EQ(most, expected);
  }
}

TEST(Engine, NestedMapsDoNotWaitForEachOther) {
  EngineOptions options;
  options.max_parallel = 2;
  Fixture f(Echo, options);
  json::array outer;
  for (int i = 0; i < 10; ++i) outer.emplace_back(json::array{Numbers(3), Numbers(2)});
  const auto run =
      f.engine.Run({"x", "m", R"({"StartAt":"A","States":{"A":{"Type":"Map","End":true,"ItemProcessor":{
    "StartAt":"B","States":{"B":{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"C","States":{"C":{"Type":"Map",
    "End":true,"ItemProcessor":{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"t","End":true}}}}}}}}}}}})",
                    outer});
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run->status, ExecutionStatus::kSucceeded) << run->error << run->cause;
  EXPECT_TRUE(JsonEquals(run->output, outer));
}

TEST(Engine, AFailingIterationStopsTheOthers) {
  EngineOptions options;
  options.max_parallel = 4;
  Fixture f(
      [](const TaskRequest& request, std::stop_token stop) -> Result<json::value> {
        if (request.input != 2) return Hang(request, stop);
        return MakeTaskError("E", "two");
      },
      options);
  const auto run = f.engine.Run({"x", "m", kMapOfTasks, Numbers(100)});
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run->status, ExecutionStatus::kFailed);
  EXPECT_EQ(run->error, "E");
  const auto types = Types(f.engine, "x");
  EXPECT_EQ(std::count(types.begin(), types.end(), "MapIterationFailed"), 1);
  EXPECT_EQ(std::count(types.begin(), types.end(), "MapIterationStarted"),
            1 + std::count(types.begin(), types.end(), "MapIterationAborted"));
  EXPECT_EQ(types.back(), "ExecutionFailed");
}

TEST(Engine, InterruptedItStaysRunningAndGoesOn) {
  std::atomic<int> first{0};
  std::stop_source stop;
  Fixture f([&](const TaskRequest& request, std::stop_token token) -> Result<json::value> {
    if (request.state_name == "A") return ++first, json::value("a");
    if (!stop.stop_requested()) {
      stop.request_stop();
      return Hang(request, token);
    }
    return request.input;
  });
  const StartOptions start{"x", "m",
                           R"({"StartAt":"A","States":{"A":{"Type":"Task","Resource":"t","Next":"B"},
    "B":{"Type":"Task","Resource":"t","End":true}}})",
                           1};
  EXPECT_EQ(CodeOf(f.engine.Run(start, stop.get_token()).status()), ErrorCode::kCancelled);
  EXPECT_EQ(f.engine.Describe("x")->status, ExecutionStatus::kRunning);
  const auto run = f.engine.Resume("x");
  ASSERT_TRUE(run.ok()) << run.status().ToString();
  EXPECT_EQ(run->status, ExecutionStatus::kSucceeded);
  EXPECT_EQ(JsonText(run->output), "\"a\"");
  EXPECT_EQ(first, 1);
  // The same events as without the interruption.
  EXPECT_EQ(
      Types(f.engine, "x"),
      (std::vector<std::string>{"ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted",
                                "TaskSucceeded", "TaskStateExited", "TaskStateEntered", "TaskScheduled",
                                "TaskStarted", "TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"}));
}

TEST(Engine, ResumesAWaitForWhatIsLeft) {
  Fixture f(Echo, {}, false);
  std::stop_source stop;
  const StartOptions start{"x", "m",
                           R"({"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":3600,"End":true}}})", 1};
  {
    std::jthread runner([&] { EXPECT_FALSE(f.engine.Run(start, stop.get_token()).ok()); });
    while (f.clock.sleepers() == 0) std::this_thread::yield();
    f.clock.Advance(std::chrono::seconds(3000));
    stop.request_stop();
  }
  Result<ExecutionInfo> run = MakeError(ErrorCode::kInternal, "not run");
  {
    std::jthread runner([&] { run = f.engine.Run(start); });
    while (f.clock.sleepers() == 0) std::this_thread::yield();
    f.clock.Advance(std::chrono::seconds(600));
  }
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run->stopped - run->started, std::chrono::seconds(3600));
}

TEST(Engine, StopAborts) {
  std::atomic<bool> running{false};
  Fixture f([&](const TaskRequest& request, std::stop_token stop) {
    running = true;
    return Hang(request, stop);
  });
  Result<ExecutionInfo> run = MakeError(ErrorCode::kInternal, "not run");
  {
    std::jthread runner([&] { run = f.engine.Run({"x", "m", kMapOfTasks, Numbers(3)}); });
    while (!running) std::this_thread::yield();
    EXPECT_EQ(CodeOf(f.engine.Resume("x").status()), ErrorCode::kConflict) << "it is being run";
    EXPECT_TRUE(f.engine.Stop("x", "E", "enough").ok());
  }
  ASSERT_TRUE(run.ok()) << run.status().ToString();
  EXPECT_EQ(run->status, ExecutionStatus::kAborted);
  EXPECT_EQ(run->error, "E");
  EXPECT_EQ(run->cause, "enough");
  EXPECT_EQ(CodeOf(f.engine.Stop("x", "", "")), ErrorCode::kPreconditionFailed);
  EXPECT_EQ(CodeOf(f.engine.Stop("no", "", "")), ErrorCode::kNotFound);
}

TEST(Engine, StopAbortsOneThatNobodyRuns) {
  std::stop_source stop;
  stop.request_stop();
  Fixture f(Echo);
  EXPECT_EQ(CodeOf(f.engine.Run({"x", "m", kOneTask, 1}, stop.get_token()).status()), ErrorCode::kCancelled);
  ASSERT_TRUE(f.engine.Stop("x", "E", "c").ok());
  EXPECT_EQ(f.engine.Describe("x")->status, ExecutionStatus::kAborted);
  EXPECT_EQ(Types(f.engine, "x").back(), "ExecutionAborted");
  EXPECT_EQ(f.engine.Resume("x")->status, ExecutionStatus::kAborted);
}

// A definition must have a terminal state: this one is there, and never reached.
std::string Looping(const std::string& state) {
  return R"({"StartAt":"C","States":{"C":{"Type":"Choice","Default":"A",
    "Choices":[{"Variable":"$.never","IsPresent":true,"Next":"Done"}]},"Done":{"Type":"Succeed"},"A":)" +
         state + "}}";
}

TEST(Engine, LimitsAreSettable) {
  EngineOptions options;
  options.max_events = 10;
  options.max_payload_bytes = 100;
  Fixture f(Echo, options);
  EXPECT_EQ(CodeOf(f.engine.Run({"big", "m", kOneTask, json::value(std::string(200, 'x'))}).status()),
            ErrorCode::kTooLarge);
  const auto run = f.engine.Run({"x", "m", Looping(R"({"Type":"Pass","Next":"A"})"), 1});
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run->error, "States.Runtime");
  EXPECT_EQ(f.engine.History("x")->size(), 10u);
  const auto grown = f.engine.Run({"y", "m", R"x({"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":
    {"a.$":"States.ArrayRange(1, 60, 1)"},"End":true}}})x",
                                   1});
  ASSERT_TRUE(grown.ok());
  EXPECT_EQ(grown->error, "States.DataLimitExceeded");
}

TEST(Engine, GarbageFromATaskFailsIt) {
  json::value deep = 1;
  for (int i = 0; i < 101; ++i) deep = json::array{std::move(deep)};
  const json::value results[] = {json::value("\xff\xfe"), json::value{{"\xc3(", 1}}, deep};
  for (const auto& garbage : results) {
    Fixture f([&](const TaskRequest&, std::stop_token) -> Result<json::value> { return garbage; });
    const auto run = f.engine.Run({"x", "m", kOneTask, 1});
    ASSERT_TRUE(run.ok());
    EXPECT_EQ(run->status, ExecutionStatus::kFailed);
    EXPECT_EQ(Types(f.engine, "x")[4], "TaskFailed");
  }
  Fixture f([&](const TaskRequest&, std::stop_token) -> Result<json::value> {
    return MakeTaskError("E", "bad \xff byte, gr\xc3\xbc\xc3\x9f");
  });
  EXPECT_EQ(f.engine.Run({"x", "m", kOneTask, 1})->cause, "bad ? byte, gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(CodeOf(f.engine.Run({"y", "m", kOneTask, deep}).status()), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOf(f.engine.Run({"y", "m", kOneTask, json::value("\xff")}).status()),
            ErrorCode::kInvalidData);
}

TEST(Engine, ALoopThatNestsItsDataDeeperEnds) {
  Fixture f(Echo);
  const auto run =
      f.engine.Run({"x", "m", Looping(R"({"Type":"Pass","Parameters":{"a.$":"$"},"Next":"A"})"), 1});
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run->error, "States.Runtime");
  EXPECT_LT(f.engine.History("x")->size(), 210u);
}

TEST(Engine, TellsWhatHappensInOrder) {
  std::vector<int64_t> ids;
  std::set<std::thread::id> threads;
  EngineOptions options;
  options.on_event = [&](const HistoryEvent& event) {
    ids.push_back(event.id);
    threads.insert(std::this_thread::get_id());
  };
  Fixture f(Echo, options);
  ASSERT_TRUE(f.engine.Run({"x", "m", kMapOfTasks, Numbers(50)}).ok());
  ASSERT_EQ(ids.size() + 1, f.engine.History("x")->size()) << "all but ExecutionStarted";
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  EXPECT_EQ(threads.size(), 1u);
}

TEST(Engine, HistoryHasTheFieldsOfGetExecutionHistory) {
  Fixture f(Echo);
  ASSERT_TRUE(f.engine.Run({"x", "m", kOneTask, json::value{{"a", 1}}}).ok());
  const auto events = *f.engine.History("x");
  EXPECT_EQ(JsonText(ToJsonEvent(events[0])),
            R"({"timestamp":"2024-01-01T00:00:00.000Z","type":"ExecutionStarted","id":1,"previousEventId":0,)"
            R"("executionStartedEventDetails":{"input":"{\"a\":1}"}})");
  EXPECT_EQ(JsonText(ToJsonEvent(events[1])),
            R"({"timestamp":"2024-01-01T00:00:00.000Z","type":"TaskStateEntered","id":2,"previousEventId":1,)"
            R"("stateEnteredEventDetails":{"name":"T","input":"{\"a\":1}"}})");
  EXPECT_EQ(JsonText(ToJsonEvent(events[4])),
            R"({"timestamp":"2024-01-01T00:00:00.000Z","type":"TaskSucceeded","id":5,"previousEventId":4,)"
            R"("taskSucceededEventDetails":{"resource":"t","output":"{\"a\":1}"}})");
}

TEST(Engine, TimestampsNeverGoBack) {
  ManualClock* clock = nullptr;
  Fixture f([&](const TaskRequest& request, std::stop_token) -> Result<json::value> {
    clock->Set(*ParseTimestamp("2020-01-01T00:00:00Z"));
    return request.input;
  });
  clock = &f.clock;
  ASSERT_TRUE(f.engine.Run({"x", "m", kOneTask, 1}).ok());
  const auto events = *f.engine.History("x");
  for (size_t i = 1; i < events.size(); ++i) EXPECT_GE(events[i].timestamp, events[i - 1].timestamp);
}

}  // namespace
}  // namespace penstock::workflow
