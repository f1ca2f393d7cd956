#include "net/rate_limiter.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "net/rate_limiter_conformance.h"
#include "net/sqlite_rate_limiter.h"

namespace penstock::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A folder for this process, removed at its end (children leave by _exit).
struct ScratchFolder {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / fmt::format("penstock-limiter-{}", getpid());
  ScratchFolder() { std::filesystem::create_directories(path); }
  ~ScratchFolder() { std::filesystem::remove_all(path); }
};

std::string NewDatabasePath() {
  static const ScratchFolder folder;
  static std::atomic<int> number{0};
  return folder.path / fmt::format("state-{}.db", number.fetch_add(1));
}

std::unique_ptr<SqliteRateLimiter> OpenAt(const std::string& path, Quota quota, Clock& clock,
                                          const std::string& name = "https://h.example") {
  auto database = sqlite::Database::Open(path, {.durable = false});
  EXPECT_TRUE(database.ok()) << database.status();
  auto limiter = SqliteRateLimiter::Open(*database, name, quota, clock);
  EXPECT_TRUE(limiter.ok()) << limiter.status();
  return std::move(*limiter);
}

INSTANTIATE_TEST_SUITE_P(Memory, RateLimiterConformance, testing::Values([](Quota quota, Clock& clock) {
                           return std::make_unique<MemoryRateLimiter>(quota, clock);
                         }));
INSTANTIATE_TEST_SUITE_P(Sqlite, RateLimiterConformance, testing::Values([](Quota quota, Clock& clock) {
                           return OpenAt(NewDatabasePath(), quota, clock);
                         }));

TEST(RateLimiter, AQuotaThatIsNoneIsRefused) {
  ManualClock clock(TimePoint{});
  MemoryRateLimiter none({.requests = 0, .window = seconds(1)}, clock);
  EXPECT_EQ(CodeOf(none.Acquire().status()), ErrorCode::kConfiguration);
  auto database = *sqlite::Database::Open(NewDatabasePath());
  EXPECT_EQ(CodeOf(SqliteRateLimiter::Open(database, "x", {.requests = 1}, clock).status()),
            ErrorCode::kConfiguration);
}

// The moment of a turn that is settled at once. For a clock that sleeps by advancing.
TimePoint Use(RateLimiter& limiter, const Clock& clock) {
  const auto turn = limiter.Acquire();
  EXPECT_TRUE(turn.ok()) << turn.status();
  return clock.Now();
}

TEST(SqliteRateLimiter, NamesDoNotShareAndRowsDoNotPileUp) {
  ManualClock clock(*ParseTimestamp("2026-11-20T10:00:00Z"));
  const std::string path = NewDatabasePath();
  const Quota quota{.requests = 3, .window = seconds(10)};
  auto first = OpenAt(path, quota, clock, "a"), second = OpenAt(path, quota, clock, "b");
  const TimePoint start = clock.Now();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Use(*first, clock), start);
  EXPECT_EQ(Use(*second, clock), start);
  for (int i = 0; i < 100; ++i) Use(*first, clock);
  clock.Advance(std::chrono::hours(48));  // those are forgotten: no quota looks back so far
  for (int i = 0; i < 300; ++i) Use(*first, clock);
  auto database = *sqlite::Database::Open(path);
  ASSERT_TRUE(database
                  ->Read([&]() -> Status {
                    for (const auto& [table, rows] :
                         {std::pair("rate_settled WHERE quota = 'a'", 300), std::pair("rate_turn", 0)}) {
                      ASSIGN_OR_RETURN(auto count,
                                       database->Prepare(std::string("SELECT count(*) FROM ") + table));
                      ASSIGN_OR_RETURN(bool row, count.Step());
                      EXPECT_TRUE(row);
                      EXPECT_LE(count.Int(0), rows) << table;
                    }
                    return Status::OK();
                  })
                  .ok());
}

// Two pipelines may hold one provider to two quotas: neither forgets what the other was given.
TEST(SqliteRateLimiter, TwoQuotasOfOneNameBothHold) {
  ManualClock clock(*ParseTimestamp("2026-11-20T10:00:00Z"));
  const std::string path = NewDatabasePath();
  const Quota small{.requests = 5, .window = seconds(1)}, large{.requests = 30, .window = seconds(3)};
  auto narrow = OpenAt(path, small, clock, "a"), wide = OpenAt(path, large, clock, "a");
  std::vector<TimePoint> used;
  for (int i = 0; i < 60; ++i) {
    used.push_back(Use(*wide, clock));
    used.push_back(Use(*narrow, clock));
  }
  ExpectWithinQuota(used, large);
}

TEST(SqliteRateLimiter, ARaisedQuotaCountsWhatWasUsedBefore) {
  ManualClock clock(*ParseTimestamp("2026-11-20T10:00:00Z"));
  const std::string path = NewDatabasePath();
  std::vector<TimePoint> used;
  auto small = OpenAt(path, {.requests = 3, .window = seconds(10)}, clock);
  for (int i = 0; i < 3; ++i) used.push_back(Use(*small, clock));
  auto large = OpenAt(path, {.requests = 5, .window = seconds(10)}, clock);
  for (int i = 0; i < 12; ++i) used.push_back(Use(*large, clock));
  ExpectWithinQuota(used, {.requests = 5, .window = seconds(10)});
}

// A process that stands still while it waits is overtaken; when it goes on, it has lost its turn and takes
// another.
TEST(SqliteRateLimiter, WhoStallsForLongerThanTheLeaseAsksAgain) {
  const TimePoint start = *ParseTimestamp("2026-11-20T10:00:00Z");
  const Quota quota{.requests = 1, .window = seconds(60), .lease_ms = 30'000};
  const std::string path = NewDatabasePath();
  ManualClock clock(start), stalled_clock(start, /*auto_advance=*/false);
  auto limiter = OpenAt(path, quota, clock), stalled = OpenAt(path, quota, stalled_clock);
  Use(*limiter, clock);
  TimePoint late;
  std::jthread waiter([&] { late = Use(*stalled, stalled_clock); });  // its turn is at 60 s
  while (stalled_clock.sleepers() == 0) std::this_thread::yield();
  clock.Advance(seconds(100));
  EXPECT_EQ(Use(*limiter, clock), start + seconds(160));  // the other one counts as settled at 100 s
  stalled_clock.Set(start + seconds(161));
  while (stalled_clock.sleepers() == 0) std::this_thread::yield();
  stalled_clock.Advance(seconds(59));
  waiter.join();
  EXPECT_EQ(late, start + seconds(220));
}

// Time in memory that several processes share; a sleep moves it.
class SharedClock : public Clock {
 public:
  explicit SharedClock(std::atomic<int64_t>* micros) : micros_(micros) {}
  TimePoint Now() const override { return TimePoint(Duration(micros_->load())); }
  bool SleepUntil(TimePoint deadline, std::stop_token) override {
    const int64_t to = deadline.time_since_epoch().count();
    int64_t now = micros_->load();
    while (now < to && !micros_->compare_exchange_weak(now, to)) {
    }
    return true;
  }

 private:
  std::atomic<int64_t>* micros_;
};

// When the requests of `processes` processes arrived, each sending `each`; an answer is there at once.
std::vector<TimePoint> RunProcesses(int processes, int each, Quota quota, Clock& clock) {
  const std::string path = NewDatabasePath();
  OpenAt(path, quota, clock).reset();
  int ends[2];
  if (pipe(ends) != 0) return {};
  std::vector<pid_t> children;
  for (int p = 0; p < processes; ++p) {
    const pid_t child = fork();
    if (child == 0) {
      auto limiter = OpenAt(path, quota, clock);
      for (int i = 0; i < each; ++i) {
        auto turn = limiter->Acquire();
        if (!turn.ok()) _exit(1);
        const int64_t micros = clock.Now().time_since_epoch().count();
        if (write(ends[1], &micros, sizeof micros) != sizeof micros) _exit(2);
        if (!turn->Settle().ok()) _exit(3);
      }
      _exit(0);
    }
    children.push_back(child);
  }
  close(ends[1]);
  std::vector<TimePoint> arrivals;
  int64_t micros = 0;
  while (read(ends[0], &micros, sizeof micros) == sizeof micros)
    arrivals.push_back(TimePoint(Duration(micros)));
  close(ends[0]);
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  std::sort(arrivals.begin(), arrivals.end());
  return arrivals;
}

// US-1: 300 requests a minute, never exceeded, used fully; here by two processes for ten minutes.
TEST(SqliteRateLimiter, TwoProcessesUseAQuotaFullyAndNeverExceedIt) {
  void* shared =
      mmap(nullptr, sizeof(std::atomic<int64_t>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  const TimePoint start = *ParseTimestamp("2026-11-20T10:00:00Z");
  SharedClock clock(new (shared) std::atomic<int64_t>(start.time_since_epoch().count()));
  const Quota quota{.requests = 300, .window = std::chrono::minutes(1)};
  const auto arrivals = RunProcesses(2, 1600, quota, clock);
  ASSERT_EQ(arrivals.size(), 3200u);
  ExpectWithinQuota(arrivals, quota);
  // A process that runs late sees the time that the other has moved: an end to that after 11 windows.
  EXPECT_LE(arrivals.back() - start, std::chrono::minutes(11));
  munmap(shared, sizeof(std::atomic<int64_t>));
}

TEST(SqliteRateLimiter, FourProcessesInRealTimeNeverExceedAQuota) {
  BootClock clock;
  const Quota quota{.requests = 20, .window = milliseconds(100)};
  const auto arrivals = RunProcesses(4, 30, quota, clock);
  ASSERT_EQ(arrivals.size(), 120u);
  ExpectWithinQuota(arrivals, quota);
}

// A killed process holds what it took for the lease, and no longer.
TEST(SqliteRateLimiter, AProcessThatDiesLosesItsTurnsToTheLease) {
  ManualClock clock(*ParseTimestamp("2026-11-20T10:00:00Z"));
  const Quota quota{.requests = 2, .window = seconds(60), .lease_ms = 100'000};
  const std::string path = NewDatabasePath();
  auto limiter = OpenAt(path, quota, clock);
  const pid_t child = fork();
  if (child == 0) {
    auto own = OpenAt(path, quota, clock);
    auto one = own->Acquire(), two = own->Acquire();
    _exit(one.ok() && two.ok() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  const TimePoint start = clock.Now();
  EXPECT_EQ(Use(*limiter, clock), start + seconds(160));
}

}  // namespace
}  // namespace penstock::net
