#include "net/rate_limiter.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>

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
  EXPECT_EQ(CodeOf(none.Acquire()), ErrorCode::kConfiguration);
  auto database = *sqlite::Database::Open(NewDatabasePath());
  EXPECT_EQ(CodeOf(SqliteRateLimiter::Open(database, "x", {.requests = 1}, clock).status()),
            ErrorCode::kConfiguration);
}

TEST(SqliteRateLimiter, NamesDoNotShareAndRowsDoNotPileUp) {
  ManualClock clock(*ParseTimestamp("2026-11-20T10:00:00Z"));
  const std::string path = NewDatabasePath();
  const Quota quota{.requests = 3, .window = seconds(10)};
  auto first = OpenAt(path, quota, clock, "a"), second = OpenAt(path, quota, clock, "b");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(*first->Reserve(), clock.Now());
  EXPECT_EQ(*second->Reserve(), clock.Now());
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(first->Reserve().ok());
  clock.Advance(std::chrono::hours(48));  // those are forgotten: no quota looks back so far
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(first->Reserve().ok());
  auto database = *sqlite::Database::Open(path);
  ASSERT_TRUE(database
                  ->Read([&]() -> Status {
                    ASSIGN_OR_RETURN(auto count,
                                     database->Prepare("SELECT count(*) FROM rate_grant WHERE quota = 'a'"));
                    ASSIGN_OR_RETURN(bool row, count.Step());
                    EXPECT_TRUE(row);
                    EXPECT_EQ(count.Int(0), 300);
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
  std::vector<TimePoint> grants;
  for (int i = 0; i < 60; ++i) {
    grants.push_back(*wide->Reserve());
    grants.push_back(*narrow->Reserve());
  }
  for (size_t i = 30; i < grants.size(); ++i) EXPECT_GE(grants[i] - grants[i - 30], seconds(3)) << i;
}

TEST(SqliteRateLimiter, ARaisedQuotaCountsWhatWasGrantedBefore) {
  ManualClock clock(*ParseTimestamp("2026-11-20T10:00:00Z"));
  const std::string path = NewDatabasePath();
  std::vector<TimePoint> grants;
  auto small = OpenAt(path, {.requests = 3, .window = seconds(10)}, clock);
  for (int i = 0; i < 3; ++i) grants.push_back(*small->Reserve());
  auto large = OpenAt(path, {.requests = 5, .window = seconds(10)}, clock);
  for (int i = 0; i < 12; ++i) grants.push_back(*large->Reserve());
  ExpectWithinQuota(grants, {.requests = 5, .window = seconds(10)});
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

// The turns that `processes` processes got, each asking `each` times, and waiting for its turn before the
// next.
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
        const auto turn = limiter->Reserve();
        if (!turn.ok() || !clock.SleepUntil(*turn)) _exit(1);
        const int64_t micros = turn->time_since_epoch().count();
        if (write(ends[1], &micros, sizeof micros) != sizeof micros) _exit(2);
      }
      _exit(0);
    }
    children.push_back(child);
  }
  close(ends[1]);
  std::vector<TimePoint> grants;
  int64_t micros = 0;
  while (read(ends[0], &micros, sizeof micros) == sizeof micros)
    grants.push_back(TimePoint(Duration(micros)));
  close(ends[0]);
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  std::sort(grants.begin(), grants.end());
  return grants;
}

// US-1: 300 requests a minute, never exceeded, used fully; here by two processes for ten minutes.
TEST(SqliteRateLimiter, TwoProcessesUseAQuotaFullyAndNeverExceedIt) {
  void* shared =
      mmap(nullptr, sizeof(std::atomic<int64_t>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  const TimePoint start = *ParseTimestamp("2026-11-20T10:00:00Z");
  SharedClock clock(new (shared) std::atomic<int64_t>(start.time_since_epoch().count()));
  const Quota quota{.requests = 300, .window = std::chrono::minutes(1)};
  const auto grants = RunProcesses(2, 1600, quota, clock);
  ASSERT_EQ(grants.size(), 3200u);
  ExpectWithinQuota(grants, quota);
  const auto used =
      std::lower_bound(grants.begin(), grants.end(), start + std::chrono::minutes(10)) - grants.begin();
  EXPECT_GE(used, 2970);  // 99 % of ten windows
  EXPECT_LE(used, 3000);
  munmap(shared, sizeof(std::atomic<int64_t>));
}

TEST(SqliteRateLimiter, FourProcessesInRealTimeNeverExceedAQuota) {
  SystemClock clock;
  const Quota quota{.requests = 20, .window = milliseconds(100)};
  const auto grants = RunProcesses(4, 30, quota, clock);
  ASSERT_EQ(grants.size(), 120u);
  ExpectWithinQuota(grants, quota);
}

}  // namespace
}  // namespace penstock::net
