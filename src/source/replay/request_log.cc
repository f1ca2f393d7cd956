#include "source/replay/request_log.h"

#include <algorithm>
#include <charconv>

namespace penstock::source {

Result<Duration> ParseSpan(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  if (error == std::errc() && number >= 0 && number <= 86'400'000) {
    if (unit == "ms") return std::chrono::milliseconds(number);
    if (unit == "s") return std::chrono::seconds(number);
    if (unit == "m" && number <= 1'440) return std::chrono::minutes(number);
  }
  return MakeError(ErrorCode::kUsage, "expected a span such as 50ms, 2s or 1m, got: " + std::string(text));
}

Result<ReplayQuota> ParseReplayQuota(std::string_view text) {
  ReplayQuota quota;
  const size_t slash = text.find('/');
  const std::string_view count = text.substr(0, slash);
  const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), quota.requests);
  if (slash == std::string_view::npos || error != std::errc() || end != count.data() + count.size() ||
      quota.requests < 1) {
    return MakeError(ErrorCode::kUsage, "expected a quota such as 300/60s, got: " + std::string(text));
  }
  ASSIGN_OR_RETURN(quota.window, ParseSpan(text.substr(slash + 1)));
  if (quota.window.count() == 0) {
    return MakeError(ErrorCode::kUsage, "expected a quota with a window, got: " + std::string(text));
  }
  return quota;
}

std::optional<Duration> RequestLog::Arrive(TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (last_ && now < *last_) now = *last_;  // two threads took the time in another order
  if (!first_) first_ = now;
  last_ = now;
  ++requests_;
  while (!window_.empty() && window_.front() <= now - quota_.window) window_.pop_front();
  window_.push_back(now);
  max_in_window_ = std::max(max_in_window_, window_.size());
  if (quota_.requests == 0) return std::nullopt;
  while (!granted_.empty() && granted_.front() <= now - quota_.window) granted_.pop_front();
  if (static_cast<int64_t>(granted_.size()) >= quota_.requests) {
    ++rejected_;
    return granted_.front() + quota_.window - now;
  }
  granted_.push_back(now);
  return std::nullopt;
}

void RequestLog::Answered(int status) {
  const std::lock_guard lock(mutex_);
  ++by_status_[status];
}

void RequestLog::Reset() {
  const std::lock_guard lock(mutex_);
  window_.clear();
  granted_.clear();
  by_status_.clear();
  requests_ = rejected_ = 0;
  max_in_window_ = 0;
  first_ = last_ = std::nullopt;
}

json::object RequestLog::Stats() const {
  const std::lock_guard lock(mutex_);
  json::object stats;
  stats["requests"] = requests_;
  stats["rejected"] = rejected_;
  json::object& statuses = stats["by_status"].emplace_object();
  for (const auto& [status, count] : by_status_) statuses[std::to_string(status)] = count;
  stats["max_in_window"] = static_cast<int64_t>(max_in_window_);
  stats["window_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(quota_.window).count();
  stats["first"] = first_ ? json::value(FormatTimestamp(*first_)) : json::value(nullptr);
  stats["last"] = last_ ? json::value(FormatTimestamp(*last_)) : json::value(nullptr);
  return stats;
}

}  // namespace penstock::source
