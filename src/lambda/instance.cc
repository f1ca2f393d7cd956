#include "lambda/instance.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/uuid.h"

namespace penstock::lambda {
namespace {

constexpr std::string_view kInit = "init";
constexpr std::string_view kMark = "PENSTOCK_FUNCTION_INSTANCE";

std::string Seconds(int64_t ms) { return fmt::format("{:.2f} seconds", static_cast<double>(ms) / 1000.0); }

// Root=1-8 hexadecimal digits of the time-24 of chance: X-Ray's form, never sampled.
std::string TraceId(TimePoint now, Random& random) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  return fmt::format("Root=1-{:08x}-{:016x}{:08x};Parent={:016x};Sampled=0", static_cast<uint32_t>(seconds),
                     random.Next(), static_cast<uint32_t>(random.Next()), random.Next());
}

}  // namespace

Result<std::unique_ptr<Instance>> Instance::Start(const FunctionSpec& spec, ChildOptions child, Clock& clock,
                                                  Random& random, Logger logger, std::stop_token stop) {
  std::unique_ptr<Instance> instance(new Instance(spec, clock, random, std::move(logger)));
  Instance& self = *instance;
  RuntimeEvents events;
  events.on_first_next = [&self] { self.Finish(std::string(kInit), std::string()); };
  events.on_init_error = [&self](FunctionFailure failure) {
    std::string text = fmt::format("{}: {}", failure.type, failure.message);
    self.Finish(std::string(kInit), MakeFunctionFailure(std::move(failure), std::move(text)));
  };
  events.on_answer = [&self](const std::string& id, Result<std::string> answer) {
    self.Finish(id, std::move(answer));
  };
  ASSIGN_OR_RETURN(self.api_, RuntimeApi::Start(std::move(events)));
  // The process's number: two whose chance is seeded alike must not kill each other's.
  child.mark = fmt::format("{}={}-{}", kMark, getpid(), RandomUuid(random));
  child.environment.push_back(child.mark);
  child.environment.push_back(fmt::format("AWS_LAMBDA_RUNTIME_API={}", self.api_->address()));

  self.Expect(std::string(kInit));
  const TimePoint begin = clock.Now();
  self.keeper_ = std::thread([&self, child = std::move(child)] { self.Keep(child); });
  {
    std::unique_lock lock(self.mutex_);
    self.changed_.wait(lock, [&] { return self.started_.has_value(); });
    if (!self.started_->ok()) {
      self.alive_ = false;
      return *self.started_;
    }
  }
  const auto too_late = MakeFunctionFailure(
      {.kind = FunctionFailure::Kind::kInit,
       .type = "Sandbox.Timedout",
       .message = "Init timed out after " + Seconds(spec.init_timeout_ms)},
      fmt::format("it did not ask for an event within {}", Seconds(spec.init_timeout_ms)),
      "is the command a client of the Lambda Runtime API, such as python3 -m awslambdaric app.handler?");
  const auto ready = self.Await(std::string(kInit), spec.init_timeout_ms, too_late, stop);
  if (!ready.ok()) {
    self.Retire("init");
    return WithContext(self.WithTail(ready.status()), fmt::format("function {} cannot start", spec.name));
  }
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock.Now() - begin);
  self.logger_.Info("function_ready", {{"init_ms", static_cast<int64_t>(took.count())}});
  return instance;
}

Instance::~Instance() {
  if (child_ != nullptr) Retire("closed");
  if (keeper_.joinable()) keeper_.join();
  api_.reset();
}

bool Instance::alive() const {
  const std::lock_guard lock(mutex_);
  return alive_;
}

void Instance::Retire(std::string_view why) {
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(alive_, false)) return;
  }
  logger_.Debug("function_killed", {{"why", why}});
  child_->Kill();
}

void Instance::Keep(const ChildOptions& options) {
  auto started = ChildProcess::Start(options);
  {
    const std::lock_guard lock(mutex_);
    if (started.ok()) {
      child_ = *std::move(started);
      output_ = std::make_unique<ChildOutput>(child_->output(), child_->errors(), spec_.log_bytes, logger_);
      started_ = Status::OK();
    } else {
      started_ = WithContext(started.status(), fmt::format("function {}", spec_.name));
    }
    changed_.notify_all();
  }
  if (child_ == nullptr) return;
  logger_.Info("function_started", {{"pid", static_cast<int64_t>(child_->pid())}});
  WatchOutput();
  const ChildEnd end = child_->Wait();
  output_->Read();
  output_->Flush();
  OnEnd(end);
}

void Instance::WatchOutput() {
  for (;;) {
    const auto open = output_->open();
    pollfd watched[3] = {{open[0], POLLIN, 0}, {open[1], POLLIN, 0}, {child_->ended(), POLLIN, 0}};
    if (::poll(watched, 3, -1) < 0 && errno != EINTR) return;
    if (watched[2].revents != 0) return;
    if (watched[0].revents != 0 || watched[1].revents != 0) output_->Read();
  }
}

void Instance::OnEnd(const ChildEnd& end) {
  std::string awaited;
  {
    const std::lock_guard lock(mutex_);
    alive_ = false;
    awaited = awaited_;
  }
  logger_.Info("function_ended", {{"how", end.Text()}});
  if (awaited.empty()) return;
  const bool init = awaited == kInit;
  Finish(awaited,
         MakeFunctionFailure({.kind = init ? FunctionFailure::Kind::kInit : FunctionFailure::Kind::kEnded,
                              .type = "Runtime.ExitError",
                              .message = "Runtime exited with error: " + end.Text()},
                             fmt::format("its process ended ({}) before it {}", end.Text(),
                                         init ? "asked for an event" : "answered")));
}

void Instance::Expect(const std::string& id) {
  const std::lock_guard lock(mutex_);
  outcome_.reset();
  awaited_ = id;
}

void Instance::Finish(const std::string& id, Result<std::string> outcome) {
  const std::lock_guard lock(mutex_);
  if (awaited_ != id || outcome_) return;
  outcome_ = std::move(outcome);
  changed_.notify_all();
}

Result<std::string> Instance::Await(const std::string& id, int64_t limit_ms, const Status& too_late,
                                    std::stop_token stop) {
  const std::stop_callback on_stop(
      stop, [&] { Finish(id, MakeError(ErrorCode::kCancelled, "cancelled while a function worked")); });
  const std::jthread timer([&](const std::stop_token& over) {
    // By no clock that anybody sets: a handler that hangs is not given an hour more, nor one that works an
    // hour less.
    if (BootClock().SleepFor(std::chrono::milliseconds(limit_ms), over)) Finish(id, too_late);
  });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return outcome_.has_value(); });
  awaited_.clear();
  return *std::exchange(outcome_, std::nullopt);
}

Status Instance::WithTail(const Status& status) const {
  output_->Read();
  std::string tail = output_->Tail();
  while (!tail.empty() && (tail.back() == '\n' || tail.back() == '\r')) tail.pop_back();
  const auto failure = FunctionFailureOf(status);
  if (tail.empty() || !failure) return status;
  return MakeFunctionFailure(*failure, fmt::format("{}; the last it printed:\n{}", status.message(), tail),
                             AdviceOf(status));
}

Result<std::string> Instance::Invoke(std::string arn, std::string payload, std::stop_token stop) {
  Invocation invocation{.request_id = RandomUuid(random_),
                        .trace_id = TraceId(SystemClock().Now(), random_),
                        .arn = std::move(arn),
                        .payload = std::move(payload)};
  const std::string id = invocation.request_id;
  // The machine's time, not the clock's: the child looks at the same.
  invocation.deadline_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(SystemClock().Now().time_since_epoch()).count() +
      spec_.timeout_ms;
  output_->Read();
  output_->BeginRequest(id);
  Expect(id);
  if (!alive()) {
    return MakeFunctionFailure({.kind = FunctionFailure::Kind::kEnded,
                                .type = "Runtime.ExitError",
                                .message = "Runtime exited between two invocations"},
                               fmt::format("function {}: its process ended between two events", spec_.name));
  }
  api_->Begin(std::move(invocation));
  const auto too_late =
      MakeFunctionFailure({.kind = FunctionFailure::Kind::kTimedOut,
                           .type = "Sandbox.Timedout",
                           .message = "Task timed out after " + Seconds(spec_.timeout_ms)},
                          fmt::format("it did not answer within {}", Seconds(spec_.timeout_ms)),
                          "raise the function's timeout_s, or give it smaller batches");
  auto answer = Await(id, spec_.timeout_ms, too_late, stop);
  output_->Read();
  if (answer.ok()) {
    output_->Flush();
    return answer;
  }
  Status failed = answer.status();
  const auto failure = FunctionFailureOf(failed);
  const bool own = failure && failure->kind == FunctionFailure::Kind::kHandler;
  if (failure && failure->kind == FunctionFailure::Kind::kEnded) failed = WithTail(failed);
  output_->Flush();
  // A handler that failed goes on; one that answered too much ends by itself, sooner or later.
  if (!own) Retire(failure ? failure->type : "cancelled");
  if (failure) {
    logger_.Warning("function_error",
                    {{"request_id", id}, {"type", failure->type}, {"message", failure->message}});
  }
  return WithContext(failed, fmt::format("function {}", spec_.name));
}

}  // namespace penstock::lambda
