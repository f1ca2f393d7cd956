// One quota for all processes of the machine: the turns stand in a SQLite file.
#pragma once

#include <memory>
#include <string>

#include "net/rate_limiter.h"
#include "sqlite/database.h"

namespace penstock::net {

// The same rule as MemoryRateLimiter. A turn costs one short transaction; open the database with
// durable=false unless turns given shortly before a power cut must be remembered. A process that ends before
// its turn leaves it unused.
class SqliteRateLimiter : public ReservingRateLimiter {
 public:
  // `name` is what shares the quota, such as the origin of the provider; two quotas on one origin (a
  // minute's, a day's) are two limiters of two names. Makes its table when it is not there. All processes
  // must give the same quota; when it is changed, the new one counts what was granted under the old. A
  // database that reports Conflict (busy) makes Reserve fail so.
  static Result<std::unique_ptr<SqliteRateLimiter>> Open(std::shared_ptr<sqlite::Database> database,
                                                         std::string name, Quota quota, Clock& clock);
  Result<TimePoint> Reserve() override;

 private:
  SqliteRateLimiter(std::shared_ptr<sqlite::Database> database, std::string name, Quota quota, Clock& clock)
      : ReservingRateLimiter(clock), database_(std::move(database)), name_(std::move(name)), quota_(quota) {}
  Result<TimePoint> ReserveInTransaction();

  const std::shared_ptr<sqlite::Database> database_;
  const std::string name_;
  const Quota quota_;
};

}  // namespace penstock::net
