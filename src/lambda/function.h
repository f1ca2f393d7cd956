// A Lambda handler as it is, in child processes of ours.
//
// A child gets of our environment PATH, HOME, LANG, LC_ALL, LC_CTYPE, TZ and TMPDIR, what Lambda sets
// (AWS_LAMBDA_*, _HANDLER, LAMBDA_TASK_ROOT, AWS_REGION, …), and what its spec says: no key and no password
// that the spec does not name. It dies with us.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/environment.h"
#include "base/log.h"
#include "base/random.h"
#include "base/thread_annotations.h"
#include "lambda/child_process.h"
#include "lambda/function_failure.h"
#include "lambda/function_spec.h"

namespace penstock::lambda {

class Instance;

// Thread-safe. The clock and the random outlive it.
class Function {
 public:
  // Starts nothing yet. Configuration: no such folder or program, or a variable that Lambda sets itself.
  static Result<std::unique_ptr<Function>> Open(FunctionSpec spec, const Environment& environment,
                                                Clock& clock, Random& random, Logger logger);
  // Kills its children. No Invoke runs any more.
  ~Function();

  // The handler's answer (JSON) to the event `payload` (JSON). Waits for one of the children, and starts it
  // where it has not been or has ended since; the handler's code is loaded once a child. One attempt:
  // FunctionFailure (function_failure.h), after which another may be made; Cancelled.
  Result<std::string> Invoke(std::string payload, std::stop_token stop = {});

  const FunctionSpec& spec() const { return spec_; }
  const std::string& arn() const { return arn_; }
  // Since it was opened.
  int64_t children_started() const;

 private:
  struct Slot {
    std::unique_ptr<Instance> instance;
    bool busy = false;
  };
  Function(FunctionSpec spec, Clock& clock, Random& random, Logger logger);
  Slot* Acquire(std::stop_token stop);
  void Release(Slot* slot);
  Result<std::string> InvokeIn(Slot& slot, std::string payload, std::stop_token stop);

  const FunctionSpec spec_;
  const std::string arn_;
  Clock& clock_;
  Random& random_;
  const Logger logger_;
  ChildOptions child_;
  mutable std::mutex mutex_;
  std::condition_variable_any released_;
  std::vector<Slot> slots_ GUARDED_BY(mutex_);  // a busy one is its caller's
  int64_t started_ GUARDED_BY(mutex_) = 0;
};

}  // namespace penstock::lambda
