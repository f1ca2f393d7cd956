// Retriers and catchers: which error, how often, how long to wait.
// Source: Amazon States Language, "Errors"; developer guide, "Handling errors".
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "workflow/expression.h"
#include "workflow/task.h"

namespace penstock::workflow {

struct Retrier {
  std::vector<std::string> error_equals;
  double interval_s = 1;
  int max_attempts = 3;
  double backoff_rate = 2.0;
  std::optional<double> max_delay_s;
  bool full_jitter = false;
};

struct Catcher {
  std::vector<std::string> error_equals;
  std::optional<JsonPath> result_path;     // none: "$", the error is the whole output
  bool discard = false;                    // ResultPath null: the input is the output
  std::shared_ptr<const Template> output;  // JSONata; null: the error is the whole output
  std::shared_ptr<const Template> assign;  // null: none
  int next = -1;
};

// Whether one of `names` stands for `error`. States.ALL means any error, States.TaskFailed any but the
// timeouts; nothing stands for States.Runtime. (The developer guide says that States.ALL leaves out
// States.DataLimitExceeded; recordings of the service show that it catches it.)
bool ErrorMatches(const std::vector<std::string>& names, const std::string& error);

// The retries of one visit of a state: each retrier counts its own.
class RetryState {
 public:
  explicit RetryState(const std::vector<Retrier>& retriers)
      : retriers_(retriers), used_(retriers.size(), 0) {}
  // How long to wait before the next attempt after `error`; none: there is none.
  std::optional<Duration> Next(const std::string& error, Random& random);

 private:
  const std::vector<Retrier>& retriers_;
  std::vector<int> used_;
};

// The first catcher for `error`, or null.
const Catcher* FindCatcher(const std::vector<Catcher>& catchers, const std::string& error);

}  // namespace penstock::workflow
