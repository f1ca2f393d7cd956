// One child process of a function, with the Runtime API that it speaks to.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/thread_annotations.h"
#include "lambda/child_output.h"
#include "lambda/child_process.h"
#include "lambda/function_spec.h"
#include "lambda/runtime_api.h"

namespace penstock::lambda {

// Used by one caller at a time. A thread of its own starts the child, reads what it prints and waits for its
// end.
class Instance {
 public:
  // Returns when the child asks for its first event. The child's `environment` is whole but for what only the
  // instance knows. FunctionFailure: it did not come to that. Cancelled.
  static Result<std::unique_ptr<Instance>> Start(const FunctionSpec& spec, ChildOptions child, Clock& clock,
                                                 Random& random, Logger logger, std::stop_token stop);
  // Kills.
  ~Instance();

  // The answer's bytes. FunctionFailure. Cancelled. The child is killed when it was too slow, said too much,
  // or nobody waits any longer.
  Result<std::string> Invoke(std::string arn, std::string payload, std::stop_token stop);

  // False once the child has ended or was killed.
  bool alive() const;

 private:
  Instance(const FunctionSpec& spec, Clock& clock, Random& random, Logger logger)
      : spec_(spec), clock_(clock), random_(random), logger_(std::move(logger)) {}

  void Keep(const ChildOptions& options);
  void WatchOutput();
  void OnEnd(const ChildEnd& end);
  // From here on the outcome of `id` is awaited: of an invocation, or of kInit.
  void Expect(const std::string& id);
  // Waits for it, for at most `limit_ms`; then it is `too_late`.
  Result<std::string> Await(const std::string& id, int64_t limit_ms, const Status& too_late,
                            std::stop_token stop);
  // The first one of an id counts.
  void Finish(const std::string& id, Result<std::string> outcome);
  void Retire(std::string_view why);
  // The failure with what the child printed last.
  Status WithTail(const Status& status) const;

  const FunctionSpec& spec_;
  Clock& clock_;
  Random& random_;
  const Logger logger_;
  std::unique_ptr<RuntimeApi> api_;
  std::unique_ptr<ChildProcess> child_;  // made by the keeper, before Start returns
  std::unique_ptr<ChildOutput> output_;  // likewise

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string awaited_ GUARDED_BY(mutex_);  // an invocation's id; kInit before the first
  std::optional<Result<std::string>> outcome_ GUARDED_BY(mutex_);
  std::optional<Status> started_ GUARDED_BY(mutex_);  // what became of starting the process
  bool alive_ GUARDED_BY(mutex_) = true;
  std::thread keeper_;
};

}  // namespace penstock::lambda
