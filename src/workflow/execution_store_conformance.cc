#include "workflow/execution_store_conformance.h"

#include "base/json_text.h"

namespace penstock::workflow {
namespace {

const TimePoint kStart = *ParseTimestamp("2024-05-06T07:08:09.123Z");

Owner OwnerNamed(const std::string& id) { return Owner{id, 42, 4711, "boot", "pid:[1]", kStart}; }

ExecutionInfo Info(const std::string& name, TimePoint started = kStart) {
  ExecutionInfo info;
  info.name = name;
  info.state_machine = "machine";
  info.definition_hash = "hash";
  info.input = json::value{{"a", 1.5}, {"b", {"x", nullptr}}};
  info.started = started;
  return info;
}

HistoryEvent Event(int64_t id, EventType type = EventType::kStateEntered) {
  HistoryEvent event;
  event.id = id;
  event.previous_id = id - 1;
  event.type = type;
  event.state_type = StateType::kMap;
  event.timestamp = kStart + std::chrono::microseconds(id);
  event.path = "/M#1[3]/T#2";
  event.name = "na\"me \xc3\xbc";
  event.data = R"({"k":[1,2.5]})";
  event.resource = "r";
  event.error = "E";
  event.cause = std::string("c\0d", 3);
  event.number = 7;
  event.next = "N";
  event.assigned = R"({"x":1})";
  return event;
}

Status Create(ExecutionStore& store, const ExecutionInfo& info, const Owner& owner) {
  return store.Create(info, "{definition}", owner, Event(1, EventType::kExecutionStarted));
}

TEST_P(ExecutionStoreConformance, KeepsTheHistoryOfChildrenApart) {
  ASSERT_TRUE(Create(*store_, Info("x"), OwnerNamed("o")).ok());
  HistoryEvent own = Event(2), first = Event(1), second = Event(2), other = Event(1);
  first.child = second.child = "/M#1[3]";
  other.child = "/M#1[4]";
  ASSERT_TRUE(store_->Append("x", OwnerNamed("o"), {own, first, other, second}, std::nullopt).ok());
  EXPECT_EQ(store_->History("x")->size(), 2u);
  const auto one = store_->ChildHistory("x", "/M#1[3]");
  ASSERT_TRUE(one.ok()) << one.status().ToString();
  ASSERT_EQ(one->size(), 2u);
  EXPECT_EQ(one->at(1).id, 2);
  EXPECT_EQ(one->at(1).child, "/M#1[3]");
  EXPECT_EQ(one->at(1).data, second.data);
  EXPECT_EQ(store_->ChildHistory("x", "")->size(), 3u);
  EXPECT_EQ(CodeOf(store_->ChildHistory("y", "").status()), ErrorCode::kNotFound);
}

TEST_P(ExecutionStoreConformance, KeepsWhatItWasGiven) {
  ASSERT_TRUE(Create(*store_, Info("x"), OwnerNamed("o")).ok());
  const auto info = store_->Get("x");
  ASSERT_TRUE(info.ok()) << info.status().ToString();
  EXPECT_EQ(info->state_machine, "machine");
  EXPECT_EQ(info->status, ExecutionStatus::kRunning);
  EXPECT_TRUE(JsonEquals(info->input, Info("x").input));
  EXPECT_EQ(info->started, kStart);
  EXPECT_EQ(*store_->GetDefinition("x"), "{definition}");
  const auto owner = store_->GetOwner("x");
  ASSERT_TRUE(owner.ok() && owner->has_value());
  EXPECT_EQ((*owner)->id, "o");
  EXPECT_EQ((*owner)->pid, 42);
  EXPECT_EQ((*owner)->start_ticks, 4711);
  EXPECT_EQ((*owner)->pid_namespace, "pid:[1]");
}

TEST_P(ExecutionStoreConformance, ANameIsTakenOnce) {
  ASSERT_TRUE(Create(*store_, Info("x"), OwnerNamed("o")).ok());
  EXPECT_EQ(CodeOf(Create(*store_, Info("x"), OwnerNamed("p"))), ErrorCode::kAlreadyExists);
  EXPECT_EQ((*store_->GetOwner("x"))->id, "o");
  EXPECT_EQ(store_->History("x")->size(), 1u);
}

TEST_P(ExecutionStoreConformance, UnknownNames) {
  EXPECT_EQ(CodeOf(store_->Get("no").status()), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(store_->GetDefinition("no").status()), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(store_->History("no").status()), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(store_->GetOwner("no").status()), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(store_->RequestStop("no", {})), ErrorCode::kNotFound);
}

TEST_P(ExecutionStoreConformance, EventsComeBackWholeAndInOrder) {
  const Owner owner = OwnerNamed("o");
  ASSERT_TRUE(Create(*store_, Info("x"), owner).ok());
  ASSERT_TRUE(
      store_->Append("x", owner, {Event(2), Event(3, EventType::kLambdaFunctionTimedOut)}, std::nullopt)
          .ok());
  ASSERT_TRUE(store_->Append("x", owner, {Event(4, EventType::kStateAborted)}, std::nullopt).ok());
  const auto events = store_->History("x");
  ASSERT_TRUE(events.ok()) << events.status().ToString();
  ASSERT_EQ(events->size(), 4u);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ((*events)[i].id, static_cast<int64_t>(i) + 1);
  const HistoryEvent expected = Event(4, EventType::kStateAborted);
  const HistoryEvent& actual = events->back();
  EXPECT_EQ(EventName(actual), "MapStateAborted");
  EXPECT_EQ(actual.previous_id, expected.previous_id);
  EXPECT_EQ(actual.timestamp, expected.timestamp);
  EXPECT_EQ(actual.path, expected.path);
  EXPECT_EQ(actual.name, expected.name);
  EXPECT_EQ(actual.data, expected.data);
  EXPECT_EQ(actual.resource, expected.resource);
  EXPECT_EQ(actual.error, expected.error);
  EXPECT_EQ(actual.cause, expected.cause);
  EXPECT_EQ(actual.number, expected.number);
  EXPECT_EQ(actual.next, expected.next);
  EXPECT_EQ(actual.assigned, expected.assigned);
  EXPECT_EQ(EventName((*events)[2]), "LambdaFunctionTimedOut");
}

TEST_P(ExecutionStoreConformance, OnlyTheOwnerWrites) {
  ASSERT_TRUE(Create(*store_, Info("x"), OwnerNamed("o")).ok());
  EXPECT_EQ(CodeOf(store_->Append("x", OwnerNamed("p"), {Event(2)}, std::nullopt)), ErrorCode::kConflict);
  EXPECT_EQ(CodeOf(store_->Heartbeat("x", OwnerNamed("p"), kStart).status()), ErrorCode::kConflict);
  EXPECT_EQ(store_->History("x")->size(), 1u);
}

TEST_P(ExecutionStoreConformance, TheLeaseGoesToWhoSawTheLastOwner) {
  ASSERT_TRUE(Create(*store_, Info("x"), OwnerNamed("a")).ok());
  EXPECT_EQ(CodeOf(store_->Acquire("x", std::nullopt, OwnerNamed("c"))), ErrorCode::kConflict);
  ASSERT_TRUE(store_->Acquire("x", OwnerNamed("a"), OwnerNamed("b")).ok());
  EXPECT_EQ(CodeOf(store_->Acquire("x", OwnerNamed("a"), OwnerNamed("c"))), ErrorCode::kConflict);
  EXPECT_EQ(CodeOf(store_->Append("x", OwnerNamed("a"), {Event(2)}, std::nullopt)), ErrorCode::kConflict);
  ASSERT_TRUE(store_->Release("x", OwnerNamed("a")).ok()) << "not its own: no effect";
  EXPECT_TRUE(store_->GetOwner("x")->has_value());
  ASSERT_TRUE(store_->Release("x", OwnerNamed("b")).ok());
  EXPECT_FALSE(store_->GetOwner("x")->has_value());
  EXPECT_TRUE(store_->Acquire("x", std::nullopt, OwnerNamed("c")).ok());
}

TEST_P(ExecutionStoreConformance, AnEndingIsFinal) {
  const Owner owner = OwnerNamed("o");
  ASSERT_TRUE(Create(*store_, Info("x"), owner).ok());
  const Ending ending{ExecutionStatus::kFailed, json::value{{"o", 1}}, "E", "C",
                      kStart + std::chrono::seconds(5)};
  ASSERT_TRUE(store_->Append("x", owner, {Event(2, EventType::kExecutionFailed)}, ending).ok());
  const auto info = store_->Get("x");
  EXPECT_EQ(info->status, ExecutionStatus::kFailed);
  EXPECT_TRUE(JsonEquals(info->output, ending.output));
  EXPECT_EQ(info->error, "E");
  EXPECT_EQ(info->cause, "C");
  EXPECT_EQ(info->stopped, ending.stopped);
  EXPECT_FALSE(store_->GetOwner("x")->has_value());
  EXPECT_EQ(CodeOf(store_->Append("x", owner, {Event(3)}, std::nullopt)), ErrorCode::kConflict);
  EXPECT_EQ(CodeOf(store_->Acquire("x", std::nullopt, owner)), ErrorCode::kConflict);
}

TEST_P(ExecutionStoreConformance, AStopRequestReachesTheOwner) {
  const Owner owner = OwnerNamed("o");
  ASSERT_TRUE(Create(*store_, Info("x"), owner).ok());
  auto request = store_->Heartbeat("x", owner, kStart + std::chrono::seconds(9));
  ASSERT_TRUE(request.ok());
  EXPECT_FALSE(request->has_value());
  EXPECT_EQ((*store_->GetOwner("x"))->heartbeat, kStart + std::chrono::seconds(9));
  ASSERT_TRUE(store_->RequestStop("x", {"E", "why"}).ok());
  request = store_->Heartbeat("x", owner, kStart);
  ASSERT_TRUE(request.ok() && request->has_value());
  EXPECT_EQ((*request)->error, "E");
  EXPECT_EQ((*request)->cause, "why");
}

TEST_P(ExecutionStoreConformance, ListsNewestFirst) {
  for (int i = 0; i < 5; ++i) {
    ExecutionInfo info = Info("x" + std::to_string(i), kStart + std::chrono::seconds(i));
    if (i == 2) info.state_machine = "other";
    ASSERT_TRUE(Create(*store_, info, OwnerNamed("o")).ok());
  }
  ASSERT_TRUE(store_->Append("x4", OwnerNamed("o"), {}, Ending{}).ok());
  const auto names = [&](const ListOptions& options) {
    std::string out;
    for (const auto& info : *store_->List(options)) out += info.name + " ";
    return out;
  };
  EXPECT_EQ(names({}), "x4 x3 x2 x1 x0 ");
  EXPECT_EQ(names({"machine", std::nullopt, 2}), "x4 x3 ");
  EXPECT_EQ(names({"", ExecutionStatus::kSucceeded, 100}), "x4 ");
  EXPECT_EQ(names({"other", ExecutionStatus::kRunning, 100}), "x2 ");
}

}  // namespace

std::string ExecutionStoreMakerName(const testing::TestParamInfo<ExecutionStoreMaker>& info) {
  return info.param.name;
}

void ExecutionStoreConformance::SetUp() { store_ = GetParam().make(); }

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ExecutionStoreConformance);

}  // namespace penstock::workflow
