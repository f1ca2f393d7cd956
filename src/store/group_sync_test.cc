#include "store/group_sync.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "base/temporary_folder.h"

namespace penstock::store {
namespace {

TEST(GroupSync, ThreadsOfOneFolderAllReturn) {
  const TemporaryFolder folder;
  GroupSync sync;
  std::vector<std::jthread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const int fd = ::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY);
      for (int n = 0; n < 50; ++n) good += sync.Sync(fd) == 0 ? 1 : 0;
      ::close(fd);
    });
  }
  threads.clear();
  EXPECT_EQ(good, 400);
}

TEST(GroupSync, AFailureIsToldToWhoMetIt) {
  GroupSync sync;
  EXPECT_EQ(sync.Sync(-1), EBADF);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_EQ(sync.Sync(ends[0]), EINVAL) << "a pipe cannot be synced";
  EXPECT_EQ(sync.Sync(ends[0]), EINVAL) << "and the next caller tries by itself";
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace penstock::store
