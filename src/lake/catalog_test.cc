#include "lake/catalog.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>

#include "lake/catalog_conformance.h"
#include "lake/daily_bars.h"
#include "store/folder_store.h"
#include "store/memory_store.h"

namespace penstock::lake {
namespace {

struct InMemory {
  ManualClock clock{TimePoint(MakeDate(2017, 8, 12))};
  store::MemoryStore store{clock};
  StoreCatalog catalog{store};
};

std::shared_ptr<Catalog> MakeInMemory() {
  auto owned = std::make_shared<InMemory>();
  return {owned, &owned->catalog};
}

struct InFolder {
  static std::string NewPath() {
    static std::atomic<int> next{0};
    return (std::filesystem::temp_directory_path() /
            ("penstock-catalog-test-" + std::to_string(::getpid()) + "-" + std::to_string(next++)))
        .string();
  }
  ~InFolder() { std::filesystem::remove_all(path); }
  std::string path = NewPath();
  std::shared_ptr<store::FolderStore> store = store::FolderStore::Open(path).ValueOrDie();
  StoreCatalog catalog{*store, "lake/"};
};

std::shared_ptr<Catalog> MakeInFolder() {
  auto owned = std::make_shared<InFolder>();
  return {owned, &owned->catalog};
}

INSTANTIATE_TEST_SUITE_P(Store, CatalogConformance,
                         testing::Values(CatalogMaker{"memory", MakeInMemory},
                                         CatalogMaker{"folder", MakeInFolder}),
                         CatalogMakerName);

TEST(StoreCatalog, OneObjectADatabaseAndDamageIsCorrupt) {
  InMemory lake;
  ASSERT_TRUE(lake.catalog.RegisterTable(EntryOf(DailyBarsTable(), "sp500", TableLayout{"bars", ""})).ok());
  const auto bytes = lake.store.Get("catalog/sp500.json")->bytes;
  for (const char* text : {"", "{}", "{\"tables\":[1]}", "{\"tables\":[{\"table\":\"bars\"}]}"}) {
    ASSERT_TRUE(lake.store.Put("catalog/sp500.json", text).ok());
    EXPECT_EQ(CodeOf(lake.catalog.GetTable("sp500", "bars").status()), ErrorCode::kCorrupt) << text;
    EXPECT_EQ(CodeOf(lake.catalog.Drop("sp500", "bars")), ErrorCode::kCorrupt) << text;
  }
  ASSERT_TRUE(lake.store.Put("catalog/sp500.json", bytes).ok());
  EXPECT_TRUE(lake.catalog.GetTable("sp500", "bars").ok());
}

TEST(StoreCatalog, DatabaseNames) { EXPECT_EQ(DatabaseOfPipeline("us-stocks"), "us_stocks"); }

}  // namespace
}  // namespace penstock::lake
