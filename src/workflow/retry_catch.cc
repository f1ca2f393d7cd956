#include "workflow/retry_catch.h"

#include <algorithm>
#include <cmath>

namespace penstock::workflow {

bool ErrorMatches(const std::vector<std::string>& names, const std::string& error) {
  if (error == "States.Runtime") return false;
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    if (name == error) return true;
    if (name == "States.ALL") return true;
    if (name == "States.TaskFailed") return error != "States.Timeout" && error != "States.HeartbeatTimeout";
    return name == "States.Timeout" && error == "States.HeartbeatTimeout";
  });
}

std::optional<Duration> RetryState::Next(const std::string& error, Random& random) {
  for (size_t i = 0; i < retriers_.size(); ++i) {
    const Retrier& retrier = retriers_[i];
    if (!ErrorMatches(retrier.error_equals, error)) continue;
    if (used_[i] >= retrier.max_attempts) return std::nullopt;
    double seconds = retrier.interval_s * std::pow(retrier.backoff_rate, used_[i]);
    ++used_[i];
    // A year is longer than an execution may last; beyond it the power overflows.
    seconds = std::min({seconds, retrier.max_delay_s.value_or(seconds), 31'536'000.0});
    const auto delay = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
    if (retrier.full_jitter) return Duration(random.Uniform(0, delay.count()));
    return delay;
  }
  return std::nullopt;
}

const Catcher* FindCatcher(const std::vector<Catcher>& catchers, const std::string& error) {
  const auto found = std::find_if(catchers.begin(), catchers.end(), [&](const Catcher& catcher) {
    return ErrorMatches(catcher.error_equals, error);
  });
  return found == catchers.end() ? nullptr : &*found;
}

}  // namespace penstock::workflow
