#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "serve/memory_schedule_store.h"
#include "serve/schedule_store_conformance.h"
#include "serve/sqlite_schedule_store.h"
#include "sqlite/database.h"

namespace penstock::serve {
namespace {

// The folder goes with the last pointer.
std::shared_ptr<ScheduleStore> MakeSqlite() {
  auto folder = std::make_shared<TemporaryFolder>();
  auto database = sqlite::Database::Open(folder->path() + "/state.db");
  if (!database.ok()) ADD_FAILURE() << database.status();
  auto store = SqliteScheduleStore::Open(*database);
  if (!store.ok()) ADD_FAILURE() << store.status();
  return {store->release(), [folder](ScheduleStore* opened) { delete opened; }};
}

INSTANTIATE_TEST_SUITE_P(Memory, ScheduleStoreConformance,
                         testing::Values(ScheduleStoreMaker{
                             "memory", [] { return std::make_shared<MemoryScheduleStore>(); }}),
                         ScheduleStoreMakerName);
INSTANTIATE_TEST_SUITE_P(Sqlite, ScheduleStoreConformance,
                         testing::Values(ScheduleStoreMaker{"sqlite", MakeSqlite}), ScheduleStoreMakerName);

}  // namespace
}  // namespace penstock::serve
