#include "lambda/function.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <future>
#include <set>
#include <thread>

#include "base/json_text.h"
#include "base/parallel.h"
#include "lambda/log_for_test.h"
#include "lambda/runtime_api.h"

namespace penstock::lambda {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Kind = FunctionFailure::Kind;

const std::string kRoot = PENSTOCK_SOURCE_DIR;
const std::string kPython = kRoot + "/build/venv/bin/python";

// A machine's environment, with a secret in it.
std::optional<std::string> OurEnvironment(std::string_view name) {
  if (name == "PATH") return "/usr/local/bin:/usr/bin:/bin";
  if (name == "HOME") return "/tmp";
  if (name == "FMP_API_KEY" || name == "AWS_SECRET_ACCESS_KEY") return "a-secret";
  return std::nullopt;
}

bool IsRunning(int64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  return !text.empty() && text.find(") Z ") == std::string::npos;
}

// Within ten seconds: the kernel needs a moment between a signal and its effect.
bool Ends(int64_t pid) {
  const int ended = static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0));
  if (ended < 0) return !IsRunning(pid);
  pollfd watched{ended, POLLIN, 0};
  const bool ends = ::poll(&watched, 1, 10'000) == 1;
  ::close(ended);
  return ends;
}

class FunctionTest : public ::testing::Test {
 protected:
  FunctionSpec Python(const std::string& handler) {
    return {.name = "testing",
            .command = {kPython, "-m", "awslambdaric", "handlers." + handler},
            .folder = kRoot + "/src/lambda/testdata",
            .environment = {{"PYTHONDONTWRITEBYTECODE", "1"}}};
  }
  Result<std::unique_ptr<Function>> TryOpen(FunctionSpec spec) {
    return Function::Open(std::move(spec), OurEnvironment, clock_, random_,
                          Logger(log_, LogFormat::kText, LogLevel::kDebug, &clock_));
  }
  std::unique_ptr<Function> Open(FunctionSpec spec) { return TryOpen(std::move(spec)).ValueOrDie(); }

  static json::value Parse(const Result<std::string>& answer) {
    EXPECT_TRUE(answer.ok()) << Describe(answer.status());
    return answer.ok() ? ParseJson(*answer).ValueOrDie() : json::value();
  }
  static FunctionFailure FailureOf(const Result<std::string>& answer) {
    EXPECT_FALSE(answer.ok());
    const auto failure = FunctionFailureOf(answer.status());
    EXPECT_TRUE(failure) << answer.status();
    return failure.value_or(FunctionFailure{});
  }

  SystemClock clock_;
  Random random_{7};
  std::shared_ptr<LogForTest> log_ = std::make_shared<LogForTest>();
};

TEST_F(FunctionTest, AnUnchangedPythonHandlerAnswersThroughAwslambdaric) {
  const auto function = Open(Python("echo"));
  const json::value answer = Parse(function->Invoke(R"({"a":[1,2,"ü"]})"));
  EXPECT_EQ(JsonText(answer.at("event")), R"({"a":[1,2,"ü"]})");
  EXPECT_EQ(answer.at("name").as_string(), "testing");
  EXPECT_EQ(answer.at("arn").as_string(), "arn:aws:lambda:us-east-1:000000000000:function:testing");
  EXPECT_GT(answer.at("remaining_ms").as_int64(), 50'000);
  EXPECT_LE(answer.at("remaining_ms").as_int64(), 60'000);
  const std::string id(answer.at("request_id").as_string());
  EXPECT_EQ(id.size(), 36u);
  EXPECT_THAT(log_->text(), HasSubstr("output=stdout request_id=" + id + " text=\"echo " + id));
  EXPECT_THAT(log_->text(), HasSubstr("output=stderr request_id=" + id + " text=\"to stderr"));
}

// Set back by an hour whenever somebody looks.
class BackwardClock : public SystemClock {
 public:
  TimePoint Now() const override { return SystemClock::Now() - std::chrono::hours(++looks_); }

 private:
  mutable std::atomic<int> looks_{0};
};

TEST_F(FunctionTest, WhoeverSetsTheClockGivesAHandlerThatHangsNoMoreTime) {
  FunctionSpec spec = Python("hang");
  spec.timeout_ms = 100;
  BackwardClock clock;
  const auto function = Function::Open(spec, OurEnvironment, clock, random_, Logger()).ValueOrDie();
  std::stop_source stop;
  auto answer =
      std::async(std::launch::async, [&] { return function->Invoke(R"({"hang":true})", stop.get_token()); });
  EXPECT_EQ(answer.wait_for(std::chrono::minutes(1)), std::future_status::ready);
  stop.request_stop();
  EXPECT_EQ(CodeOf(answer.get().status()), ErrorCode::kTimeout);
}

TEST_F(FunctionTest, ItsCodeIsLoadedOnce) {
  const auto function = Open(Python("count"));
  for (int i = 1; i <= 20; ++i) EXPECT_EQ(Parse(function->Invoke("{}")).at("calls").as_int64(), i);
  EXPECT_EQ(function->children_started(), 1);
}

TEST_F(FunctionTest, AsManyChildrenWorkAtOnceAsWereAllowedAndNoMore) {
  FunctionSpec spec = Python("sleeps");
  spec.children = 3;
  const auto function = Open(spec);
  std::vector<int64_t> pids(12);
  ASSERT_TRUE(ParallelFor(pids.size(), 12, [&](size_t i) {
                ASSIGN_OR_RETURN(const std::string answer, function->Invoke(R"({"seconds":0.05})"));
                pids[i] = ParseJson(answer).ValueOrDie().as_int64();
                return Status::OK();
              }).ok());
  EXPECT_EQ(std::set(pids.begin(), pids.end()).size(), 3u);
  EXPECT_EQ(function->children_started(), 3);
}

TEST_F(FunctionTest, AHandlersErrorIsItsOwn) {
  const auto function = Open(Python("fail"));
  const auto failure = FailureOf(function->Invoke("{}"));
  EXPECT_EQ(failure.kind, Kind::kHandler);
  EXPECT_EQ(failure.type, "ValueError");
  EXPECT_EQ(failure.message, "no such symbol: XYZ");
  FailureOf(function->Invoke("{}"));
  EXPECT_EQ(function->children_started(), 1) << "an error is no reason to load it again";
}

TEST_F(FunctionTest, AHandlerThatHangsIsKilledAndTheNextEventHasANewOne) {
  FunctionSpec spec = Python("hang");
  spec.timeout_ms = 1'500;
  const auto function = Open(spec);
  const int64_t pid = Parse(function->Invoke(R"({"hang":false})")).as_int64();
  const auto answer = function->Invoke("{}");
  EXPECT_EQ(CodeOf(answer.status()), ErrorCode::kTimeout);
  EXPECT_EQ(FailureOf(answer).kind, Kind::kTimedOut);
  EXPECT_EQ(FailureOf(answer).message, "Task timed out after 1.50 seconds");
  EXPECT_TRUE(Ends(pid));
  EXPECT_NE(Parse(function->Invoke(R"({"hang":false})")).as_int64(), pid);
  EXPECT_EQ(function->children_started(), 2);
}

TEST_F(FunctionTest, ACrashIsReportedWithTheLastWordsAndTheNextEventHasANewChild) {
  const auto function = Open(Python("crash"));
  const auto answer = function->Invoke("{}");
  const auto failure = FailureOf(answer);
  EXPECT_EQ(failure.kind, Kind::kEnded);
  EXPECT_EQ(failure.type, "Runtime.ExitError");
  EXPECT_EQ(failure.message, "Runtime exited with error: exit status 7");
  EXPECT_THAT(answer.status().message(), HasSubstr("about to crash"));
  EXPECT_TRUE(IsRetryable(answer.status()));
  EXPECT_GT(Parse(function->Invoke(R"({"crash":false})")).as_int64(), 0);
  EXPECT_EQ(function->children_started(), 2);
}

TEST_F(FunctionTest, AChildThatEndedBetweenTwoEventsIsNoFailure) {
  const auto function = Open(Python("count"));
  const int64_t pid = Parse(function->Invoke("{}")).at("pid").as_int64();
  ASSERT_EQ(::kill(static_cast<pid_t>(pid), SIGKILL), 0);
  ASSERT_TRUE(Ends(pid));
  // Its end is seen by a thread of its own: the first event may still be given to it.
  auto answer = function->Invoke("{}");
  if (!answer.ok()) answer = function->Invoke("{}");
  EXPECT_EQ(Parse(answer).at("calls").as_int64(), 1);
}

TEST_F(FunctionTest, AModuleThatCannotBeImportedSaysSo) {
  FunctionSpec spec = Python("echo");
  spec.command.back() = "broken_import.handler";
  const auto answer = Open(spec)->Invoke("{}");
  const auto failure = FailureOf(answer);
  EXPECT_EQ(failure.kind, Kind::kInit);
  EXPECT_EQ(failure.type, "Runtime.ImportModuleError");
  EXPECT_THAT(failure.message, HasSubstr("a_package_that_nobody_has"));
  EXPECT_THAT(answer.status().message(), HasSubstr("function testing cannot start"));
}

TEST_F(FunctionTest, ACommandThatIsNoClientShowsItsLastWords) {
  FunctionSpec spec = Python("echo");
  spec.command = {"sh", "-c", "echo one >&2; echo cannot open the door >&2; exit 3"};
  const auto answer = Open(spec)->Invoke("{}");
  EXPECT_EQ(FailureOf(answer).kind, Kind::kInit);
  EXPECT_THAT(answer.status().message(), HasSubstr("its process ended (exit status 3)"));
  EXPECT_THAT(answer.status().message(), HasSubstr("one\ncannot open the door"));

  spec.command = {"sleep", "60"};
  spec.init_timeout_ms = 200;
  const auto silent = Open(spec)->Invoke("{}");
  EXPECT_EQ(FailureOf(silent).kind, Kind::kInit);
  EXPECT_THAT(silent.status().message(), HasSubstr("did not ask for an event within 0.20 seconds"));
}

TEST_F(FunctionTest, AnAnswerAboveSixMebibytesIsRefused) {
  const auto function = Open(Python("big"));
  // With its two quotes.
  EXPECT_EQ(function->Invoke(R"({"bytes":6291554})").ValueOrDie().size(), kMostPayload);
  const auto answer = function->Invoke(R"({"bytes":7340032})");
  EXPECT_EQ(CodeOf(answer.status()), ErrorCode::kTooLarge);
  EXPECT_EQ(FailureOf(answer).type, "Function.ResponseSizeTooLarge");
  EXPECT_EQ(function->Invoke(R"({"bytes":1})").ValueOrDie(), R"("x")");
  // More than is read at all: the client hears 413 and ends.
  EXPECT_EQ(FailureOf(function->Invoke(R"({"bytes":40000000})")).kind, Kind::kEnded);
  EXPECT_EQ(function->Invoke(R"({"bytes":1})").ValueOrDie(), R"("x")");

  const auto event = function->Invoke(std::string(kMostPayload + 1, ' '));
  EXPECT_EQ(FailureOf(event).kind, Kind::kTooLarge);
}

TEST_F(FunctionTest, AHundredMegabytesOnStdoutNeitherStopItNorFillTheLog) {
  const auto function = Open(Python("chatty"));
  EXPECT_EQ(Parse(function->Invoke(R"({"bytes":100000000})")).as_string(), "said");
  EXPECT_LT(log_->text().size(), 2u << 20);
  EXPECT_THAT(log_->text(), HasSubstr("function_output_cut"));
  EXPECT_THAT(log_->text(), HasSubstr("bytes_left_out="));
}

TEST_F(FunctionTest, MemoryIsLimited) {
  FunctionSpec spec = Python("hungry");
  spec.memory_mib = 256;
  const auto function = Open(spec);
  EXPECT_EQ(FailureOf(function->Invoke(R"({"bytes":1000000000})")).type, "MemoryError");
  EXPECT_EQ(Parse(function->Invoke(R"({"bytes":1000000})")).as_int64(), 1'000'000);
}

TEST_F(FunctionTest, WhatAHandlerLeavesBehindEndsWithIt) {
  auto function = Open(Python("forks"));
  const json::value pids = Parse(function->Invoke("{}"));
  for (const auto& pid : pids.as_array()) EXPECT_TRUE(IsRunning(pid.as_int64()));
  function.reset();
  for (const auto& pid : pids.as_array()) EXPECT_TRUE(Ends(pid.as_int64()));
}

TEST_F(FunctionTest, AChildGetsOfOurEnvironmentOnlyWhatIsNamed) {
  FunctionSpec spec = Python("environ");
  spec.environment.emplace_back("TABLE", "bars");
  const json::object got = Parse(Open(spec)->Invoke("{}")).as_object();
  EXPECT_THAT(JsonText(got), Not(HasSubstr("a-secret")));
  EXPECT_EQ(got.at("TABLE").as_string(), "bars");
  EXPECT_EQ(got.at("HOME").as_string(), "/tmp");
  EXPECT_EQ(got.at("_HANDLER").as_string(), "handlers.environ");
  EXPECT_EQ(got.at("LAMBDA_TASK_ROOT").as_string(), kRoot + "/src/lambda/testdata");
  EXPECT_EQ(got.at("AWS_LAMBDA_FUNCTION_NAME").as_string(), "testing");
  EXPECT_EQ(got.at("AWS_REGION").as_string(), "us-east-1");
}

TEST_F(FunctionTest, WhatIsWrongIsSaidWhenItIsOpened) {
  const auto refused = [&](auto change, const char* why) {
    FunctionSpec spec = Python("echo");
    change(spec);
    const auto function = TryOpen(spec);
    ASSERT_FALSE(function.ok()) << why;
    EXPECT_EQ(CodeOf(function.status()), ErrorCode::kConfiguration);
    EXPECT_THAT(Describe(function.status()), HasSubstr(why));
  };
  refused([](auto& s) { s.command.clear(); }, "no command");
  refused([](auto& s) { s.command[0] = "pyton3"; }, "no program 'pyton3' on the PATH");
  refused([](auto& s) { s.command[0] = "./handlers.py"; }, "not a program that can be run");
  refused([](auto& s) { s.folder += "/nowhere"; }, "no such folder");
  refused([](auto& s) { s.children = 0; }, "1 to 64 children");
  refused([](auto& s) { s.timeout_ms = 0; }, "time-out");
  refused([](auto& s) { s.environment.emplace_back("AWS_LAMBDA_RUNTIME_API", "x"); }, "which Lambda sets");
}

TEST_F(FunctionTest, AStopEndsTheWait) {
  const auto function = Open(Python("hang"));
  const int64_t pid = Parse(function->Invoke(R"({"hang":false})")).as_int64();
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_EQ(CodeOf(function->Invoke("{}", stop.get_token()).status()), ErrorCode::kCancelled);
  EXPECT_EQ(CodeOf(function->Invoke("{}", stop.get_token()).status()), ErrorCode::kCancelled);
  (void)pid;
}

TEST_F(FunctionTest, ANodeHandlerAnswers) {
  if (::access("/usr/bin/node", X_OK) != 0 && ::access("/usr/local/bin/node", X_OK) != 0) {
    GTEST_SKIP() << "there is no Node here";
  }
  FunctionSpec spec = Python("echo");
  spec.command = {"node", "runtime.mjs", "handlers.upper"};
  spec.memory_mib = 512;  // of address space it reserves far more
  const auto function = Open(spec);
  EXPECT_EQ(function->Invoke(R"({"text":"abc"})").ValueOrDie(), R"({"text":"ABC"})");
  EXPECT_EQ(FailureOf(function->Invoke("{}")).type, "TypeError");
  EXPECT_EQ(function->Invoke(R"({"text":"d"})").ValueOrDie(), R"({"text":"D"})");
  EXPECT_EQ(function->children_started(), 1);
}

TEST_F(FunctionTest, ACppHandlerAnswers) {
  FunctionSpec spec = Python("echo");
  spec.command = {PENSTOCK_LAMBDA_REVERSE};
  spec.memory_mib = 0;  // under a sanitizer it reserves terabytes
  const auto function = Open(spec);
  EXPECT_EQ(function->Invoke(R"("abc")").ValueOrDie(), R"("cba")");
  EXPECT_EQ(function->Invoke(R"("123")").ValueOrDie(), R"("321")");
  EXPECT_THAT(log_->text(), HasSubstr("reversed 3 bytes"));
}

// Another process opens the function, and is killed: its handler must not live on.
TEST_F(FunctionTest, AKilledPenstockTakesItsHandlersAlong) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer does not follow threads of a forked process";
#endif
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t other = ::fork();
  if (other == 0) {
    const auto function = Open(Python("count"));
    const auto answer = function->Invoke("{}");
    const auto pid = answer.ok() ? ParseJson(*answer).ValueOrDie().at("pid").as_int64() : int64_t{0};
    if (::write(ends[1], &pid, sizeof pid) != sizeof pid) ::_exit(1);
    for (;;) ::pause();
  }
  int64_t pid = 0;
  ASSERT_EQ(::read(ends[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
  EXPECT_TRUE(IsRunning(pid));
  ::kill(other, SIGKILL);
  ASSERT_EQ(::waitpid(other, nullptr, 0), other);
  EXPECT_TRUE(Ends(pid));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(FunctionTest, NoZombiesAreLeft) {
  {
    const auto function = Open(Python("crash"));
    for (int i = 0; i < 3; ++i) FailureOf(function->Invoke("{}"));
    Parse(function->Invoke(R"({"crash":false})"));
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child that nobody has waited for";
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace penstock::lambda
