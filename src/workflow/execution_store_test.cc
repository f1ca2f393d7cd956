#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "workflow/execution_store_conformance.h"
#include "workflow/memory_execution_store.h"
#include "workflow/sqlite_execution_store.h"

namespace penstock::workflow {
namespace {

std::string NewFolder() {
  std::string folder = (std::filesystem::temp_directory_path() / "penstock-workflow-XXXXXX").string();
  return mkdtemp(folder.data());
}

// The folder goes with the last pointer.
std::shared_ptr<ExecutionStore> MakeSqlite() {
  const std::string folder = NewFolder();
  auto store = SqliteExecutionStore::Open(folder + "/state.db");
  if (!store.ok()) ADD_FAILURE() << store.status().ToString();
  return {store->release(), [folder](ExecutionStore* opened) {
            delete opened;
            std::filesystem::remove_all(folder);
          }};
}

INSTANTIATE_TEST_SUITE_P(Memory, ExecutionStoreConformance,
                         testing::Values(ExecutionStoreMaker{
                             "memory", [] { return std::make_shared<MemoryExecutionStore>(); }}),
                         ExecutionStoreMakerName);
INSTANTIATE_TEST_SUITE_P(Sqlite, ExecutionStoreConformance,
                         testing::Values(ExecutionStoreMaker{"sqlite", MakeSqlite}), ExecutionStoreMakerName);

TEST(SqliteExecutionStore, ADamagedFileIsNamed) {
  const std::string folder = NewFolder();
  const std::string path = folder + "/state.db";
  std::ofstream(path) << std::string(8192, 'x');
  const auto store = SqliteExecutionStore::Open(path);
  EXPECT_EQ(CodeOf(store.status()), ErrorCode::kCorrupt);
  EXPECT_NE(store.status().message().find(path), std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST(History, NamesGoBothWays) {
  for (int type = 0; type <= static_cast<int>(EventType::kParallelStateFailed); ++type) {
    HistoryEvent event, parsed;
    event.type = static_cast<EventType>(type);
    event.state_type = StateType::kWait;
    ASSERT_TRUE(ParseEventName(EventName(event), parsed).ok());
    EXPECT_EQ(EventName(parsed), EventName(event));
  }
  HistoryEvent ignored;
  EXPECT_EQ(CodeOf(ParseEventName("TaskExploded", ignored)), ErrorCode::kInvalidData);
}

TEST(Owner, ThisProcessLivesAndOthersDoNot) {
  Random random(1);
  const TimePoint now = *ParseTimestamp("2024-01-01T00:00:00Z");
  const Owner mine = MakeOwner(random, now);
  EXPECT_TRUE(IsAlive(mine, now + std::chrono::hours(9)));
  Owner reused = mine;
  reused.start_ticks -= 1;
  EXPECT_FALSE(IsAlive(reused, now)) << "the pid is another process's now";
  Owner gone = mine;
  gone.pid = 1 << 30;
  EXPECT_FALSE(IsAlive(gone, now));
  Owner before_boot = mine;
  before_boot.boot_id = "another";
  EXPECT_FALSE(IsAlive(before_boot, now));
  Owner container = mine;
  container.pid_namespace = "pid:[1]";
  EXPECT_TRUE(IsAlive(container, now + std::chrono::seconds(59)));
  EXPECT_FALSE(IsAlive(container, now + std::chrono::seconds(61)));
}

}  // namespace
}  // namespace penstock::workflow
