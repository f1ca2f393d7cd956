#include "net/sqlite_rate_limiter.h"

#include <algorithm>
#include <functional>
#include <vector>

namespace penstock::net {
namespace {

// First the turns as given, of versions that did not settle them.
constexpr const char* kGrants = R"(CREATE TABLE rate_grant (
  quota TEXT NOT NULL,
  number INTEGER NOT NULL,
  granted_us INTEGER NOT NULL,
  reserved_us INTEGER NOT NULL,
  PRIMARY KEY (quota, number)
) WITHOUT ROWID)";

// rate_turn: waiting or under way, in order of asking. rate_settled: in order of time, numbered without gaps,
// so that the n-th last is found by its number. `seen_us`: when somebody last asked or settled.
constexpr const char* kTurns = R"(DROP TABLE rate_grant;
CREATE TABLE rate_quota (
  quota TEXT PRIMARY KEY,
  seen_us INTEGER NOT NULL,
  next_turn INTEGER NOT NULL,
  next_settled INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE rate_turn (
  quota TEXT NOT NULL,
  number INTEGER NOT NULL,
  lease_end_us INTEGER NOT NULL,
  PRIMARY KEY (quota, number)
) WITHOUT ROWID;
CREATE TABLE rate_settled (
  quota TEXT NOT NULL,
  number INTEGER NOT NULL,
  settled_us INTEGER NOT NULL,
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
  RETURN_IF_ERROR(database->Migrate("rate_limiter", {kGrants, kTurns}));
  return std::unique_ptr<SqliteRateLimiter>(
      new SqliteRateLimiter(std::move(database), std::move(name), quota, clock));
}

Result<RateLimiter::Place> SqliteRateLimiter::Look(const std::optional<int64_t>& number) {
  Place place;
  RETURN_IF_ERROR(Change([&](State& state) -> Status {
    ASSIGN_OR_RETURN(place, LookIn(state, number));
    return Status::OK();
  }));
  return place;
}

Status SqliteRateLimiter::Settle(int64_t number) {
  return Change([&](State& state) -> Status {
    RETURN_IF_ERROR(Remove(number));
    return AddSettled(state);  // also when the lease was over: the request may have arrived since
  });
}

Status SqliteRateLimiter::Leave(int64_t number) {
  return Change([&](State&) { return Remove(number); });
}

Status SqliteRateLimiter::Change(const std::function<Status(State&)>& work) {
  return WithContext(database_->Write([&]() -> Status {
    ASSIGN_OR_RETURN(State state, Attend());
    RETURN_IF_ERROR(work(state));
    ASSIGN_OR_RETURN(auto keep, database_->Prepare("INSERT OR REPLACE INTO rate_quota VALUES (?, ?, ?, ?)"));
    return keep.Bind(1, name_)
        .Bind(2, ToMicros(state.now))
        .Bind(3, state.next_open)
        .Bind(4, state.next_settled)
        .Run();
  }),
                     "rate limit of " + name_);
}

Result<SqliteRateLimiter::State> SqliteRateLimiter::Attend() {
  // Read inside the transaction, so that the moments ascend over all processes.
  State state{.now = clock_.Now()};
  ASSIGN_OR_RETURN(
      auto quota,
      database_->Prepare("SELECT seen_us, next_turn, next_settled FROM rate_quota WHERE quota = ?"));
  ASSIGN_OR_RETURN(const bool found, quota.Bind(1, name_).Step());
  if (!found) return state;
  const TimePoint seen = FromMicros(quota.Int(0));
  state.next_open = quota.Int(1);
  state.next_settled = quota.Int(2);
  quota.Reset();
  if (state.now < seen) RETURN_IF_ERROR(MoveBack(seen - state.now));

  ASSIGN_OR_RETURN(auto expired,
                   database_->Prepare("SELECT number FROM rate_turn WHERE quota = ? AND lease_end_us <= ?"));
  expired.Bind(1, name_).Bind(2, ToMicros(state.now));
  std::vector<int64_t> numbers;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, expired.Step());
    if (!row) break;
    numbers.push_back(expired.Int(0));
  }
  expired.Reset();
  for (const int64_t number : numbers) {
    RETURN_IF_ERROR(Remove(number));
    RETURN_IF_ERROR(AddSettled(state));
  }
  return state;
}

Status SqliteRateLimiter::MoveBack(Duration by) {
  for (const char* sql : {"UPDATE rate_settled SET settled_us = settled_us - ?1 WHERE quota = ?2",
                          "UPDATE rate_turn SET lease_end_us = lease_end_us - ?1 WHERE quota = ?2"}) {
    ASSIGN_OR_RETURN(auto update, database_->Prepare(sql));
    RETURN_IF_ERROR(update.Bind(1, by.count()).Bind(2, name_).Run());
  }
  return Status::OK();
}

Status SqliteRateLimiter::Remove(int64_t number) {
  ASSIGN_OR_RETURN(auto remove, database_->Prepare("DELETE FROM rate_turn WHERE quota = ? AND number = ?"));
  return remove.Bind(1, name_).Bind(2, number).Run();
}

Status SqliteRateLimiter::AddSettled(State& state) {
  // By age, not by our own number: another pipeline may hold the same provider to another quota.
  if (state.next_settled % kPruneEvery == 0) {
    ASSIGN_OR_RETURN(auto prune,
                     database_->Prepare("DELETE FROM rate_settled WHERE quota = ? AND settled_us < ?"));
    RETURN_IF_ERROR(prune.Bind(1, name_).Bind(2, ToMicros(state.now - std::max(quota_.span(), kKeep))).Run());
  }
  ASSIGN_OR_RETURN(auto insert, database_->Prepare("INSERT INTO rate_settled VALUES (?, ?, ?)"));
  return insert.Bind(1, name_).Bind(2, state.next_settled++).Bind(3, ToMicros(state.now)).Run();
}

Result<RateLimiter::Place> SqliteRateLimiter::LookIn(State& state, const std::optional<int64_t>& number) {
  bool waits = false;
  if (number) {
    ASSIGN_OR_RETURN(auto find, database_->Prepare("SELECT 1 FROM rate_turn WHERE quota = ? AND number = ?"));
    ASSIGN_OR_RETURN(waits, find.Bind(1, name_).Bind(2, *number).Step());
  }
  const int64_t own = waits ? *number : state.next_open++;
  Place place{.number = own, .at = state.now, .final = true};

  ASSIGN_OR_RETURN(auto earlier, database_->Prepare("SELECT count(*), min(lease_end_us) FROM rate_turn "
                                                    "WHERE quota = ? AND number < ?"));
  RETURN_IF_ERROR(earlier.Bind(1, name_).Bind(2, own).Step().status());
  // Room for so many that are settled, beside the earlier ones that are not.
  const int64_t room = quota_.requests - earlier.Int(0);
  if (room <= 0) {
    // One of them has to be settled first, at the earliest now.
    place.final = false;
    place.at = std::min(state.now + quota_.span(), FromMicros(earlier.Int(1)));
  } else {
    ASSIGN_OR_RETURN(auto settled, database_->Prepare(
                                       "SELECT settled_us FROM rate_settled WHERE quota = ? AND number = ?"));
    ASSIGN_OR_RETURN(const bool kept, settled.Bind(1, name_).Bind(2, state.next_settled - room).Step());
    if (kept) place.at = std::max(state.now, FromMicros(settled.Int(0)) + quota_.span());
    settled.Reset();
  }
  earlier.Reset();
  ASSIGN_OR_RETURN(auto keep, database_->Prepare("INSERT OR REPLACE INTO rate_turn VALUES (?, ?, ?)"));
  RETURN_IF_ERROR(keep.Bind(1, name_).Bind(2, own).Bind(3, ToMicros(place.at + quota_.lease())).Run());
  return place;
}

}  // namespace penstock::net
