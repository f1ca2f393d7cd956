// Credentials that expire: kept, and fetched anew before they do.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "aws/credentials.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/thread_annotations.h"

namespace penstock::aws {

struct RefreshPolicy {
  // So long before they expire new ones are fetched, and at the latest in the last quarter of their life: by
  // one caller, while others go on with the old ones.
  Duration early = std::chrono::minutes(15);
  // So short before, everybody waits for the new ones.
  Duration last_moment = std::chrono::minutes(1);
  // After a fetch that failed, the next one comes so much later, as long as the old ones hold.
  Duration pause_after_failure = std::chrono::minutes(1);
  // Expired ones are used while no others are to be had: the instance metadata service, where in an outage
  // the keys still work ("static stability").
  bool use_expired = false;
};

// Thread-safe. At most one fetch at a time. A fetch that fails is logged and forgotten while the old ones
// hold; otherwise its failure is what Get returns.
class RefreshingCredentials : public CredentialSource {
 public:
  using Fetch = std::function<Result<Credentials>(std::stop_token)>;

  // `name`: of the source, for the log.
  RefreshingCredentials(std::string name, Fetch fetch, Clock& clock, Logger logger, RefreshPolicy policy = {})
      : name_(std::move(name)),
        fetch_(std::move(fetch)),
        clock_(clock),
        logger_(std::move(logger)),
        policy_(policy) {}

  Result<Credentials> Get(std::stop_token stop = {}) override;

 private:
  enum class Need { kNone, kSoon, kNow };
  Need NeedAt(TimePoint now) const REQUIRES(mutex_);
  bool Holds(TimePoint now) const REQUIRES(mutex_);
  void Keep(Credentials credentials, TimePoint now) REQUIRES(mutex_);

  const std::string name_;
  const Fetch fetch_;
  Clock& clock_;
  const Logger logger_;
  const RefreshPolicy policy_;
  std::mutex mutex_;
  std::condition_variable_any fetched_;
  bool fetching_ GUARDED_BY(mutex_) = false;
  std::optional<Credentials> current_ GUARDED_BY(mutex_);
  Duration early_ GUARDED_BY(mutex_){0};
  TimePoint not_before_ GUARDED_BY(mutex_){};  // no further try before
};

}  // namespace penstock::aws
