// kill -9 while records are appended: what was acknowledged is there once, with its sequence.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <set>

#include "base/fault.h"
#include "base/random.h"
#include "base/temporary_folder.h"
#include "stream/log_for_test.h"

namespace penstock::stream {
namespace {

constexpr int kThreads = 4;

struct Acknowledged {  // what the child tells of a group
  uint64_t first;
  uint32_t records, thread, group;
};

std::string DataOf(uint64_t run, const Acknowledged& group, uint32_t record) {
  return std::to_string(run) + "/" + std::to_string(group.thread) + "/" + std::to_string(group.group) + "/" +
         std::to_string(record) + std::string((run * 31 + group.group * 7 + record) % 300, 'x');
}

uint32_t RecordsOf(uint64_t run, uint32_t group) { return 1 + static_cast<uint32_t>((run + group * 5) % 9); }

// Appends until it is killed.
[[noreturn]] void Child(const std::string& folder, uint64_t run, int report) {
  SystemClock clock;
  auto opened = RecordLog::Open(folder, {.segment_bytes = 50'000, .commit_bytes = 4000}, clock, Logger());
  if (!opened.ok()) ::_exit(3);
  RecordLog& log = **opened;
  std::vector<std::jthread> threads;
  for (uint32_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (uint32_t n = 0;; ++n) {
        Acknowledged group{.first = 0, .records = RecordsOf(run, n), .thread = thread, .group = n};
        std::vector<std::string> records;
        for (uint32_t i = 0; i < group.records; ++i) records.push_back(DataOf(run, group, i));
        const auto first = AppendAll(log, records);
        if (!first.ok()) ::_exit(4);
        group.first = *first;
        if (::write(report, &group, sizeof group) != sizeof group) ::_exit(5);
      }
    });
  }
  threads.clear();
  ::_exit(6);
}

TEST(LogKill, WhatWasAcknowledgedIsThereOnce) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer follows no threads behind a fork; the other builds run this";
#endif
  const TemporaryFolder temporary;
  const auto folder = temporary / "log";
  Random random(20261121);
  SystemClock clock;
  uint64_t checked = 0, acknowledged_records = 0;
  for (uint64_t run = 0; run < 200; ++run) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    // Half of the runs die at an exact place of the log's own, the others when so many groups are
    // acknowledged.
    const int64_t passage = random.Uniform(1, 12);
    const std::string fault = run % 4 == 0 ? "log.write=kill@" : run % 4 == 1 ? "log.sync=kill@" : "";
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      if (!fault.empty() && !ArmFaults(fault + std::to_string(passage)).ok()) ::_exit(7);
      Child(folder, run, ends[1]);
    }
    ::close(ends[1]);
    std::vector<Acknowledged> groups;
    const size_t enough = fault.empty() ? static_cast<size_t>(random.Uniform(0, 40)) : SIZE_MAX;
    Acknowledged group;
    bool killed = enough == 0;
    if (killed) ::kill(child, SIGKILL);
    while (::read(ends[0], &group, sizeof group) == sizeof group) {  // to the last that it said
      groups.push_back(group);
      if (!killed && groups.size() >= enough) {
        ::kill(child, SIGKILL);
        killed = true;
      }
    }
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "run " << run << " ended with " << WEXITSTATUS(status);

    const auto log = RecordLog::Open(folder, {}, clock, Logger()).ValueOrDie();
    ASSERT_EQ(log->damage().regions, 0U) << "run " << run;
    const auto read = ReadAll(folder, checked).ValueOrDie();
    ASSERT_EQ(read.damage.regions, 0U) << "run " << run;
    ASSERT_EQ(checked + read.data.size(), log->end());
    ASSERT_EQ(std::set<std::string>(read.data.begin(), read.data.end()).size(), read.data.size())
        << "run " << run;
    for (const auto& one : groups) {
      for (uint32_t i = 0; i < one.records; ++i) {
        ASSERT_GE(one.first, checked);
        ASSERT_LT(one.first + i, log->end()) << "run " << run;
        ASSERT_EQ(read.data[one.first + i - checked], DataOf(run, one, i)) << "run " << run;
      }
      acknowledged_records += one.records;
    }
    checked = log->end();
    ASSERT_TRUE(run % 10 != 9 || log->RemoveBefore(checked).ok());
  }
  EXPECT_GT(acknowledged_records, 1000U);
  RecordProperty("acknowledged", static_cast<int>(acknowledged_records));
}

}  // namespace
}  // namespace penstock::stream
