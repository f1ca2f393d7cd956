#include "base/fault.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

namespace penstock {
namespace {

struct FaultTest : testing::Test {
  void TearDown() override { ASSERT_TRUE(ArmFaults("").ok()); }
};

TEST_F(FaultTest, UnarmedPointsPass) {
  EXPECT_TRUE(FaultPoint("lake.put.before").ok());
  ASSERT_TRUE(ArmFaults("lake.put.before=error").ok());
  EXPECT_TRUE(FaultPoint("another.point").ok());
}

TEST_F(FaultTest, OnlyTheNamedPassageFails) {
  ASSERT_TRUE(ArmFaults("a=error@3,b=error").ok());
  EXPECT_TRUE(FaultPoint("a").ok());
  EXPECT_TRUE(FaultPoint("a").ok());
  EXPECT_EQ(CodeOf(FaultPoint("b")), ErrorCode::kIo);
  EXPECT_TRUE(FaultPoint("b").ok());
  EXPECT_EQ(CodeOf(FaultPoint("a")), ErrorCode::kIo);
  EXPECT_TRUE(FaultPoint("a").ok());
  ASSERT_TRUE(ArmFaults("a=error").ok());
  EXPECT_EQ(CodeOf(FaultPoint("a")), ErrorCode::kIo) << "armed anew, counted anew";
}

TEST_F(FaultTest, TextsOfAnotherForm) {
  for (const char* bad : {"a", "a=", "a=explode", "a=kill@", "a=kill@x", "a=kill@3x", "a=kill@0", "a=kill@-1",
                          "=kill", "a=error,,b=error", ","}) {
    EXPECT_EQ(CodeOf(ArmFaults(bad)), ErrorCode::kUsage) << bad;
    EXPECT_TRUE(FaultPoint("a").ok()) << bad;
  }
}

TEST_F(FaultTest, KillEndsTheProcessAtThatPassage) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setenv("PENSTOCK_FAULT", "lake.commit=kill@2", 1);
    if (!ArmFaultsFromEnvironment().ok()) ::_exit(1);
    if (!FaultPoint("lake.commit").ok()) ::_exit(2);
    IgnoreError(FaultPoint("lake.commit"), "it does not return");
    ::_exit(3);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

}  // namespace
}  // namespace penstock
