#include "workflow/graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "workflow/case_tasks.h"
#include "workflow/engine.h"
#include "workflow/function_tasks.h"
#include "workflow/memory_execution_store.h"

namespace penstock::workflow {
namespace {

std::shared_ptr<const Definition> Parsed(const std::string& text) {
  auto definition = ParseDefinition(text);
  EXPECT_TRUE(definition.ok()) << definition.status().ToString();
  return *definition;
}

const char* const kMachine = R"({"StartAt":"Begin","States":{
  "Begin":{"Type":"Choice","Choices":[{"Variable":"$.never","IsPresent":true,"Next":"Skipped"}],"Default":"All"},
  "Skipped":{"Type":"Pass","Next":"Again"},
  "Again":{"Type":"Choice","Choices":[{"Variable":"$.a","IsNull":true,"Next":"Skipped"}],"Default":"Last"},
  "All":{"Type":"Map","ItemsPath":"$.items","Next":"Last","ItemProcessor":{"StartAt":"Fetch","States":{
    "Fetch":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","End":true,
      "Retry":[{"ErrorEquals":["Slow"],"MaxAttempts":2}],
      "Catch":[{"ErrorEquals":["States.ALL"],"Next":"Note"}]},
    "Note":{"Type":"Pass","End":true}}}},
  "Last":{"Type":"Fail","Error":"E"}}})";

void ForEach(const GraphBlock& block, const std::function<void(const GraphBlock&, const GraphNode&)>& visit) {
  for (const auto& node : block.nodes) {
    visit(block, node);
    for (const auto& inner : node.inner) ForEach(inner, visit);
  }
}

const GraphNode* Find(const GraphBlock& block, const std::string& key) {
  const GraphNode* found = nullptr;
  ForEach(block, [&](const GraphBlock&, const GraphNode& node) {
    if (node.key == key) found = &node;
  });
  return found;
}

TEST(Graph, BoxesDoNotOverlapAndLinesGoDown) {
  GraphBlock graph = GraphOf(Parsed(kMachine)->machine);
  LayOut(GraphMetrics(), graph);
  int states = 0;
  ForEach(graph, [&](const GraphBlock& block, const GraphNode& node) {
    states += node.kind == GraphNode::Kind::kState ? 1 : 0;
    EXPECT_GE(node.box.x, 0);
    EXPECT_LE(node.box.x + node.box.width, graph.width);
    EXPECT_LE(node.box.y + node.box.height, graph.height);
    for (const auto& other : block.nodes) {
      if (&other == &node) continue;
      const bool apart =
          other.box.x >= node.box.x + node.box.width || node.box.x >= other.box.x + other.box.width ||
          other.box.y >= node.box.y + node.box.height || node.box.y >= other.box.y + other.box.height;
      EXPECT_TRUE(apart) << node.key << " " << other.key;
    }
    for (const auto& inner : node.inner) {
      for (const auto& child : inner.nodes) {
        EXPECT_GT(child.box.x, node.box.x);
        EXPECT_LT(child.box.y + child.box.height, node.box.y + node.box.height);
      }
    }
    for (const auto& edge : block.edges) {
      ASSERT_GE(edge.points.size(), 2u);
      for (size_t i = 1; i < edge.points.size(); ++i) {
        EXPECT_TRUE(edge.points[i].x == edge.points[i - 1].x || edge.points[i].y == edge.points[i - 1].y);
        EXPECT_TRUE(edge.back || edge.points[i].y >= edge.points[i - 1].y);
      }
    }
  });
  EXPECT_EQ(states, 7);
  EXPECT_EQ(std::count_if(graph.edges.begin(), graph.edges.end(), [](const GraphEdge& e) { return e.back; }),
            1);
}

TEST(Graph, IsDrawnTheSameWayAgain) {
  const auto definition = Parsed(kMachine);
  const std::string text = GraphAsText(GraphOf(definition->machine), false);
  EXPECT_EQ(text, GraphAsText(GraphOf(definition->machine), false));
  EXPECT_EQ(
      GraphAsText(GraphOf(Parsed(R"({"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}})")->machine),
                  false),
      "╭───────╮\n"
      "│ Start │\n"
      "╰───┬───╯\n"
      "    │\n"
      "    │\n"
      "    ▼\n"
      "┌───────┐\n"
      "│   A   │\n"
      "│ Pass  │\n"
      "└───┬───┘\n"
      "    │\n"
      "    │\n"
      "    ▼\n"
      " ╭─────╮\n"
      " │ End │\n"
      " ╰─────╯\n");
}

TEST(Graph, ShowsWhatBecameOfAnExecution) {
  ManualClock clock(TimePoint{});
  Random random(1);
  int calls = 0;
  FunctionTasks tasks([&](const TaskRequest& request, std::stop_token) -> Result<json::value> {
    ++calls;
    if (request.input == json::value(1) && request.attempt == 1) return MakeTaskError("Slow", "");
    if (request.input == json::value(2)) return MakeTaskError("Broken", "");
    return request.input;
  });
  MemoryExecutionStore store;
  EngineOptions options;
  options.commit_interval_ms = 0;
  Engine engine(store, tasks, clock, random, Logger(), options);
  const auto run = engine.Run({"x", "m", kMachine, *ParseJson(R"({"items":[1,2,3]})")});
  ASSERT_TRUE(run.ok()) << run.status().ToString();
  ASSERT_EQ(run->status, ExecutionStatus::kFailed);
  GraphBlock graph = GraphOf(Parsed(kMachine)->machine);
  ShowProgress(*engine.History("x"), run->status, graph);
  EXPECT_EQ(Find(graph, "/Begin")->progress.status, StateStatus::kSucceeded);
  EXPECT_EQ(Find(graph, "/Skipped")->progress.status, StateStatus::kNotEntered);
  EXPECT_EQ(Find(graph, "/All")->progress.items, 3);
  EXPECT_EQ(Find(graph, "/All")->progress.items_done, 3);
  EXPECT_EQ(Find(graph, "/All/Fetch")->progress.status, StateStatus::kCaught);
  EXPECT_EQ(Find(graph, "/All/Fetch")->progress.visits, 3);
  EXPECT_EQ(Find(graph, "/All/Fetch")->progress.retries, 1);
  EXPECT_EQ(Find(graph, "/All/Note")->progress.visits, 1);
  EXPECT_EQ(Find(graph, "/Last")->progress.status, StateStatus::kFailed);
  const std::string text = GraphAsText(graph, true);
  EXPECT_NE(text.find("✗ Last"), std::string::npos) << text;
  EXPECT_NE(text.find("\033[31m"), std::string::npos);
}

TEST(Graph, CountsTheChildrenOfADistributedMap) {
  ManualClock clock(TimePoint{});
  Random random(1);
  FunctionTasks tasks([&](const TaskRequest& request, std::stop_token) -> Result<json::value> {
    if (request.input == json::value(2)) return MakeTaskError("Broken", "");
    return request.input;
  });
  MemoryExecutionStore store;
  Engine engine(store, tasks, clock, random, Logger());
  const std::string machine =
      R"({"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ToleratedFailureCount":1,
    "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"T","States":{
      "T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","End":true}}}}}})";
  const auto run = engine.Run({"x", "m", machine, *ParseJson("[1,2,3]")});
  ASSERT_TRUE(run.ok()) << run.status().ToString();
  auto events = *store.History("x");
  for (auto& event : *store.ChildHistory("x", "")) events.push_back(event);
  GraphBlock graph = GraphOf(Parsed(machine)->machine);
  ShowProgress(events, run->status, graph);
  EXPECT_EQ(Find(graph, "/M")->progress.items, 3);
  EXPECT_EQ(Find(graph, "/M")->progress.items_done, 2);
  EXPECT_EQ(Find(graph, "/M")->progress.items_failed, 1);
  EXPECT_EQ(Find(graph, "/M/T")->progress.visits, 3);
  EXPECT_EQ(Find(graph, "/M/T")->progress.status, StateStatus::kFailed);
}

TEST(Graph, SvgHasTitlesAndNoScripts) {
  const auto definition = Parsed(R"({"StartAt":"A<&>","States":{"A<&>":{"Type":"Succeed"}}})");
  const std::string svg = GraphAsSvg(GraphOf(definition->machine), "a \"title\"");
  EXPECT_NE(svg.find("<title>A&lt;&amp;&gt;, Succeed</title>"), std::string::npos);
  EXPECT_NE(svg.find("prefers-color-scheme: dark"), std::string::npos);
  EXPECT_EQ(svg.find("<script"), std::string::npos);
}

}  // namespace
}  // namespace penstock::workflow
