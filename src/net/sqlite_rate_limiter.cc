#include "net/sqlite_rate_limiter.h"

#include <algorithm>

namespace penstock::net {
namespace {

// `granted_us` and `reserved_us` ascend with `number`: when a turn is, and when it was asked for. Only the
// last `requests` turns of a name matter for the next one; the others are removed as it is given.
constexpr const char* kTable = R"(CREATE TABLE rate_grant (
  quota TEXT NOT NULL,
  number INTEGER NOT NULL,
  granted_us INTEGER NOT NULL,
  reserved_us INTEGER NOT NULL,
  PRIMARY KEY (quota, number)
) WITHOUT ROWID)";

TimePoint FromMicros(int64_t micros) { return TimePoint(Duration(micros)); }
int64_t ToMicros(TimePoint time) { return time.time_since_epoch().count(); }

// The longest window that a quota may have (pipeline.yaml: days), for which turns are remembered.
constexpr Duration kKeep = std::chrono::hours(24);
constexpr int64_t kPruneEvery = 256;

}  // namespace

Result<std::unique_ptr<SqliteRateLimiter>> SqliteRateLimiter::Open(std::shared_ptr<sqlite::Database> database,
                                                                   std::string name, Quota quota,
                                                                   Clock& clock) {
  RETURN_IF_ERROR(Validate(quota));
  RETURN_IF_ERROR(database->Migrate("rate_limiter", {kTable}));
  return std::unique_ptr<SqliteRateLimiter>(
      new SqliteRateLimiter(std::move(database), std::move(name), quota, clock));
}

Result<TimePoint> SqliteRateLimiter::Reserve() {
  Result<TimePoint> turn = TimePoint();
  const Status status = database_->Write([&]() -> Status {
    turn = ReserveInTransaction();
    return turn.status();
  });
  RETURN_IF_ERROR(WithContext(status, "rate limit of " + name_));
  return turn;
}

Result<TimePoint> SqliteRateLimiter::ReserveInTransaction() {
  // Read inside the transaction, so that the moments ascend over all processes.
  const TimePoint now = clock_.Now();
  ASSIGN_OR_RETURN(auto last,
                   database_->Prepare("SELECT number, granted_us, reserved_us FROM rate_grant WHERE "
                                      "quota = ? ORDER BY number DESC LIMIT 1"));
  ASSIGN_OR_RETURN(const bool found, last.Bind(1, name_).Step());
  const int64_t number = found ? last.Int(0) + 1 : 0;
  TimePoint turn = now;
  if (found) {
    TimePoint previous = FromMicros(last.Int(1));
    const TimePoint reserved_at = FromMicros(last.Int(2));
    last.Reset();
    if (now < reserved_at) {
      // The clock was set back: what was granted stays as far away as it was, as if no time had passed since.
      const Duration back = reserved_at - now;
      ASSIGN_OR_RETURN(auto shift, database_->Prepare("UPDATE rate_grant SET granted_us = granted_us - ?1, "
                                                      "reserved_us = reserved_us - ?1 WHERE quota = ?2"));
      RETURN_IF_ERROR(shift.Bind(1, back.count()).Bind(2, name_).Run());
      previous -= back;
    }
    turn = std::max(turn, previous);
  }
  const int64_t oldest = number - quota_.requests;
  if (oldest >= 0) {
    ASSIGN_OR_RETURN(auto first,
                     database_->Prepare("SELECT granted_us FROM rate_grant WHERE quota = ? AND number = ?"));
    ASSIGN_OR_RETURN(const bool kept, first.Bind(1, name_).Bind(2, oldest).Step());
    if (kept) turn = std::max(turn, FromMicros(first.Int(0)) + quota_.span());
    first.Reset();
  }
  // By age, not by our own number: another pipeline may hold the same provider to another quota.
  if (number % kPruneEvery == 0) {
    ASSIGN_OR_RETURN(auto prune,
                     database_->Prepare("DELETE FROM rate_grant WHERE quota = ? AND granted_us < ?"));
    RETURN_IF_ERROR(prune.Bind(1, name_).Bind(2, ToMicros(turn - std::max(quota_.span(), kKeep))).Run());
  }
  ASSIGN_OR_RETURN(auto insert, database_->Prepare("INSERT INTO rate_grant VALUES (?, ?, ?, ?)"));
  RETURN_IF_ERROR(insert.Bind(1, name_).Bind(2, number).Bind(3, ToMicros(turn)).Bind(4, ToMicros(now)).Run());
  return turn;
}

}  // namespace penstock::net
