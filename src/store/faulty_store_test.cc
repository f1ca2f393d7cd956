#include "store/faulty_store.h"

#include <gtest/gtest.h>

#include "base/date.h"
#include "store/memory_store.h"
#include "store/object_store_conformance.h"

namespace penstock::store {
namespace {

struct FaultyStoreTest : testing::Test {
  ManualClock clock{TimePoint(MakeDate(2017, 8, 11))};
  MemoryStore memory{clock};
  FaultyStore store{memory, clock};
};

struct Owned {
  ManualClock clock{TimePoint(MakeDate(2017, 8, 11))};
  MemoryStore memory{clock};
  FaultyStore store{memory, clock};
};
std::shared_ptr<ObjectStore> Make() {
  auto owned = std::make_shared<Owned>();
  return {owned, &owned->store};
}
// Without an order it is the store inside.
INSTANTIATE_TEST_SUITE_P(Faulty, ObjectStoreConformance, testing::Values(StoreMaker{"faulty", Make}),
                         StoreMakerName);

TEST_F(FaultyStoreTest, BeforeMeansNothingHappened) {
  store.Order(
      {.kind = FaultKind::kBefore, .operation = Operation::kPut, .key_pattern = "clean/*", .skip = 1});
  EXPECT_TRUE(store.Put("clean/1", "x").ok());
  EXPECT_TRUE(store.Put("raw/1", "x").ok());
  EXPECT_EQ(CodeOf(store.Put("clean/2", "x").status()), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf(memory.Head("clean/2").status()), ErrorCode::kNotFound);
  EXPECT_TRUE(store.Put("clean/2", "x").ok());
  EXPECT_EQ(store.met(), 1);
}

TEST_F(FaultyStoreTest, AfterMeansItHappenedAndWasNotTold) {
  store.Order({.kind = FaultKind::kAfter, .count = -1, .code = ErrorCode::kTimeout});
  EXPECT_EQ(CodeOf(store.Put("a", "x").status()), ErrorCode::kTimeout);
  EXPECT_EQ(memory.Get("a")->bytes, "x");
  EXPECT_EQ(CodeOf(store.Delete("a")), ErrorCode::kTimeout);
  EXPECT_EQ(CodeOf(memory.Head("a").status()), ErrorCode::kNotFound);
  store.Clear();
  EXPECT_TRUE(store.Put("a", "x").ok());
}

TEST_F(FaultyStoreTest, SlowWaitsByTheClock) {
  store.Order({.kind = FaultKind::kSlow, .operation = Operation::kGet, .delay = std::chrono::seconds(90)});
  ASSERT_TRUE(store.Put("a", "x").ok());
  const TimePoint before = clock.Now();
  EXPECT_TRUE(store.Get("a").ok());
  EXPECT_EQ(clock.Now() - before, std::chrono::seconds(90));
}

TEST_F(FaultyStoreTest, TruncatedGetSaysOk) {
  ASSERT_TRUE(store.Put("a", "0123456789").ok());
  store.Order({.kind = FaultKind::kTruncated, .key_pattern = "?", .bytes = 4});
  const auto got = store.Get("a");
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->bytes, "0123");
  EXPECT_EQ(got->info.size, 10);
  EXPECT_EQ(store.Get("a")->bytes, "0123456789");
}

TEST_F(FaultyStoreTest, NoSpaceAfterSoManyBytes) {
  store.Order({.kind = FaultKind::kNoSpace, .bytes = 10});
  EXPECT_TRUE(store.Put("a", "123456").ok());
  EXPECT_EQ(CodeOf(store.Put("b", "123456").status()), ErrorCode::kNoSpace);
  EXPECT_EQ(CodeOf(store.Put("c", "1").status()), ErrorCode::kNoSpace) << "full stays full";
  EXPECT_EQ(ListAll(memory, "")->size(), 1u);
  EXPECT_TRUE(store.Delete("a").ok());
}

TEST_F(FaultyStoreTest, WritersMeetFaultsAtEachWriteAndAtCommit) {
  store.Order({.kind = FaultKind::kBefore, .operation = Operation::kWrite, .skip = 1});
  store.Order({.kind = FaultKind::kAfter, .operation = Operation::kPut, .code = ErrorCode::kTimeout});
  auto first = store.OpenWriter("a").ValueOrDie();
  EXPECT_TRUE(first->Write("1").ok());
  EXPECT_EQ(CodeOf(first->Write("2")), ErrorCode::kUnavailable);
  EXPECT_FALSE(first->Commit().ok()) << "a piece is missing";
  EXPECT_EQ(CodeOf(memory.Head("a").status()), ErrorCode::kNotFound);
  auto second = store.OpenWriter("a").ValueOrDie();
  EXPECT_TRUE(second->Write("12").ok());
  EXPECT_EQ(CodeOf(second->Commit().status()), ErrorCode::kTimeout);
  EXPECT_EQ(memory.Get("a")->bytes, "12");
  store.Order({.kind = FaultKind::kNoSpace, .bytes = 5});
  auto third = store.OpenWriter("b").ValueOrDie();
  EXPECT_TRUE(third->Write("1234").ok());
  EXPECT_EQ(CodeOf(third->Write("5678")), ErrorCode::kNoSpace);
}

// One List, not one a thousand keys: a page of a folder reads the folder.
TEST_F(FaultyStoreTest, ListAllAsksForLargePages) {
  for (int i = 0; i < 3000; ++i) ASSERT_TRUE(memory.Put(std::to_string(i), "").ok());
  store.Order({.kind = FaultKind::kSlow, .operation = Operation::kList, .count = -1});
  EXPECT_EQ(ListAll(store, "")->size(), 3000u);
  EXPECT_EQ(store.met(), 1);
}

}  // namespace
}  // namespace penstock::store
