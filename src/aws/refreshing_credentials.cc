#include "aws/refreshing_credentials.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::aws {

bool RefreshingCredentials::Holds(TimePoint now) const {
  return current_ && (policy_.use_expired || !current_->expires || *current_->expires > now);
}

RefreshingCredentials::Need RefreshingCredentials::NeedAt(TimePoint now) const {
  if (!current_) return Need::kNow;
  if (!current_->expires) return Need::kNone;
  const Duration left = *current_->expires - now;
  if (left > early_) return Need::kNone;
  if (Holds(now) && now < not_before_) return Need::kNone;
  return left > policy_.last_moment ? Need::kSoon : Need::kNow;
}

void RefreshingCredentials::Keep(Credentials credentials, TimePoint now) {
  current_ = std::move(credentials);
  not_before_ = {};
  if (!current_->expires) return;
  const Duration life = *current_->expires - now;
  early_ = std::min(policy_.early, life / 4);
  // Born expired: used, where that is allowed, and asked for again after a pause.
  if (life <= Duration(0)) not_before_ = now + policy_.pause_after_failure;
}

Result<Credentials> RefreshingCredentials::Get(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const Need need = NeedAt(clock_.Now());
    if (need == Need::kNone || (need == Need::kSoon && fetching_)) return *current_;
    if (!fetching_) break;
    if (!fetched_.wait(lock, stop, [&] { return !fetching_; })) {
      return MakeError(ErrorCode::kCancelled,
                       fmt::format("cancelled while waiting for credentials: {}", name_));
    }
  }
  fetching_ = true;
  lock.unlock();
  Result<Credentials> result = fetch_(stop);
  lock.lock();
  fetching_ = false;
  fetched_.notify_all();

  const TimePoint now = clock_.Now();
  Status status = result.status();
  if (result.ok()) {
    if (!result->expires || *result->expires > now || policy_.use_expired) {
      Keep(std::move(*result), now);
      return *current_;
    }
    status = MakeError(
        ErrorCode::kUnauthenticated,
        fmt::format("{} gave credentials that expired at {}", name_, FormatTimestamp(*result->expires)),
        "check what issues them, and this machine's clock");
  }
  if (!Holds(now) || CodeOf(status) == ErrorCode::kCancelled) return WithContext(status, "AWS credentials");
  not_before_ = now + policy_.pause_after_failure;
  logger_.Warning("aws_credentials_not_refreshed", {{"source", name_},
                                                    {"error", NameOf(CodeOf(status))},
                                                    {"reason", status.message()},
                                                    {"expire", FormatTimestamp(*current_->expires)}});
  return *current_;
}

}  // namespace penstock::aws
