// One quota for all processes of the machine: the turns stand in a SQLite file.
#pragma once

#include <memory>
#include <string>

#include "net/rate_limiter.h"
#include "sqlite/database.h"

namespace penstock::net {

// The same rule as MemoryRateLimiter. A turn costs one short transaction when it is asked for and one when it
// is settled, and one each window where it has to wait for another to be settled. Open the database with
// durable=false unless turns settled shortly before a power cut must be remembered.
//
// All processes must have the same clock: BootClock, which nobody sets.
class SqliteRateLimiter : public RateLimiter {
 public:
  // `name` is what shares the quota, such as the origin of the provider; two quotas on one origin (a
  // minute's, a day's) are two limiters of two names. Makes its tables when they are not there. All processes
  // must give the same quota; when it is changed, the new one counts what was used under the old. A database
  // that reports Conflict (busy) makes Acquire fail so.
  static Result<std::unique_ptr<SqliteRateLimiter>> Open(std::shared_ptr<sqlite::Database> database,
                                                         std::string name, Quota quota, Clock& clock);

 protected:
  Result<Place> Look(const std::optional<int64_t>& number) override;
  Status Settle(int64_t number) override;
  Status Leave(int64_t number) override;

 private:
  // The quota's row.
  struct State {
    TimePoint now;
    int64_t next_open = 0;
    int64_t next_settled = 0;
  };
  SqliteRateLimiter(std::shared_ptr<sqlite::Database> database, std::string name, Quota quota, Clock& clock)
      : RateLimiter(quota, clock), database_(std::move(database)), name_(std::move(name)) {}

  // `work` in a transaction, on the state as of now; then writes the state.
  Status Change(const std::function<Status(State&)>& work);
  // What the time does to the turns: a clock set back, leases that are over.
  Result<State> Attend();
  Status MoveBack(Duration by);
  Status AddSettled(State& state);
  Result<Place> LookIn(State& state, const std::optional<int64_t>& number);
  Status Remove(int64_t number);

  const std::shared_ptr<sqlite::Database> database_;
  const std::string name_;
};

}  // namespace penstock::net
