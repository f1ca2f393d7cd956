// Distributed Map, after the developer guide: "Using Map state in Distributed mode" and the pages of its
// fields.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>

#include "base/json_text.h"
#include "base/temporary_folder.h"
#include "store/memory_store.h"
#include "workflow/engine.h"
#include "workflow/function_tasks.h"
#include "workflow/memory_execution_store.h"
#include "workflow/sqlite_execution_store.h"

namespace penstock::workflow {
namespace {

constexpr const char* kTask = R"("StartAt":"T","States":{"T":{"Type":"Task","Resource":"t","End":true}})";

std::string MachineOf(const std::string& fields, const std::string& type = "STANDARD",
                      const std::string& processor = kTask) {
  return R"({"StartAt":"M","States":{"M":{"Type":"Map","End":true,)" + fields + (fields.empty() ? "" : ",") +
         R"("ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":")" + type + "\"}," +
         processor + "}}}}";
}

class DistributedMapTest : public testing::Test {
 protected:
  Result<ExecutionInfo> Run(const std::string& definition, json::value input, const std::string& name = "x") {
    FunctionTasks tasks([this](const TaskRequest& request, std::stop_token) { return function_(request); });
    options_.sources.bucket = [this](const std::string& bucket) -> Result<store::ObjectStore*> {
      if (bucket == "lake") return &lake_;
      return MakeError(ErrorCode::kNotFound, bucket);
    };
    options_.commit_interval_ms = 0;
    Engine engine(store_, tasks, clock_, random_, Logger(), options_);
    return engine.Run({name, "machine", definition, std::move(input)});
  }
  std::string Text(const std::string& key) {
    const auto object = lake_.Get(key);
    return object.ok() ? object->bytes : "";
  }
  std::string Events(const std::string& child = "-") {
    std::string out;
    for (const auto& event : child == "-" ? *store_.History("x") : *store_.ChildHistory("x", child)) {
      out += EventName(event) + " ";
    }
    return out;
  }

  ManualClock clock_{*ParseTimestamp("2024-05-06T07:08:09Z")};
  Random random_{1};
  MemoryExecutionStore store_;
  store::MemoryStore lake_{clock_};
  EngineOptions options_;
  std::function<Result<json::value>(const TaskRequest&)> function_ =
      [](const TaskRequest& request) -> Result<json::value> { return request.input; };
};

TEST_F(DistributedMapTest, ChildrenDoNotCountAgainstTheHistory) {
  json::array items;
  for (int i = 0; i < 9'000; ++i) items.emplace_back(i);
  for (const std::string type : {"STANDARD", "EXPRESS"}) {
    store_.~MemoryExecutionStore();
    new (&store_) MemoryExecutionStore();
    const auto run = Run(MachineOf(R"("MaxConcurrency":300)", type), items);
    ASSERT_TRUE(run.ok()) << run.status().ToString();
    ASSERT_EQ(run->status, ExecutionStatus::kSucceeded) << run->error << run->cause;
    EXPECT_TRUE(JsonEquals(run->output, items));
    EXPECT_EQ(
        Events(),
        "ExecutionStarted MapStateEntered MapStateStarted MapRunStarted MapRunSucceeded MapStateSucceeded "
        "MapStateExited ExecutionSucceeded ");
    EXPECT_EQ(Events("/M#1[37]"),
              type == "EXPRESS" ? "ExecutionStarted ExecutionSucceeded "
                                : "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted TaskSucceeded "
                                  "TaskStateExited ExecutionSucceeded ");
  }
}

TEST_F(DistributedMapTest, AChildSeesItselfAsTheExecution) {
  const auto run = Run(MachineOf(R"("Label":"Each")", "STANDARD",
                                 R"("StartAt":"P","States":{"P":{"Type":"Pass","End":true,"Parameters":{
    "id.$":"$$.Execution.Id","machine.$":"$$.StateMachine.Name","input.$":"$$.Execution.Input"}}})"),
                       json::array{"a"});
  ASSERT_TRUE(run.ok() && run->status == ExecutionStatus::kSucceeded) << run->cause;
  const json::value& child = run->output.at(0);
  EXPECT_EQ(child.at("id").get_string().find("arn:aws:states:local:000000000000:execution:machine/Each:"),
            0u);
  EXPECT_EQ(child.at("machine"), "machine/Each");
  EXPECT_EQ(child.at("input"), "a");
}

TEST_F(DistributedMapTest, ReadsItemsOfEveryKind) {
  const auto read = [&](const std::string& key, const std::string& config) {
    const auto run = Run(MachineOf(R"("ItemReader":{"Resource":"arn:aws:states:::s3:getObject","Parameters":{
      "Bucket":"lake","Key":")" + key +
                                   R"("},"ReaderConfig":{)" + config + "}}"),
                         nullptr, key + config);
    EXPECT_TRUE(run.ok()) << run.status().ToString();
    return run->status == ExecutionStatus::kSucceeded ? JsonText(run->output)
                                                      : run->error + ": " + run->cause;
  };
  ASSERT_TRUE(lake_.Put("a.csv", "x,y\r\n1,\"two, \"\"2\"\"\"\n\n3\n").ok());
  EXPECT_EQ(read("a.csv", R"("InputType":"CSV","CSVHeaderLocation":"FIRST_ROW")"),
            R"([{"x":"1","y":"two, \"2\""},{"x":"3","y":""}])");
  ASSERT_TRUE(lake_.Put("b.csv", "1|2\n3|4\n5|6\n").ok());
  EXPECT_EQ(read("b.csv", R"("InputType":"CSV","CSVHeaderLocation":"GIVEN","CSVHeaders":["a","b"],)"
                          R"("CSVDelimiter":"PIPE","MaxItems":2)"),
            R"([{"a":"1","b":"2"},{"a":"3","b":"4"}])");
  ASSERT_TRUE(lake_.Put("c.jsonl", "{\"a\":1}\n\n[2]\n").ok());
  EXPECT_EQ(read("c.jsonl", R"("InputType":"JSONL")"), R"([{"a":1},[2]])");
  ASSERT_TRUE(lake_.Put("d.json", R"({"deep":{"list":[1,2,3]}})").ok());
  EXPECT_EQ(read("d.json", R"("InputType":"JSON","ItemsPointer":"/deep/list")"), "[1,2,3]");
  EXPECT_EQ(read("d.json", R"("InputType":"JSON")"), R"([{"Key":"deep","Value":{"list":[1,2,3]}}])");
  ASSERT_TRUE(lake_.Put("m/1.csv", "\"lake\",\"k1\",\"5\"\n\"lake\",\"k2\",\"6\"\n").ok());
  ASSERT_TRUE(lake_
                  .Put("m/manifest.json", R"({"fileFormat":"CSV","fileSchema":"Bucket, Key, Size",
    "files":[{"key":"m/1.csv"}]})")
                  .ok());
  EXPECT_EQ(read("m/manifest.json", R"("InputType":"MANIFEST")"),
            R"([{"Bucket":"lake","Key":"k1","Size":"5"},{"Bucket":"lake","Key":"k2","Size":"6"}])");
  for (const auto& [key, config] : std::vector<std::pair<std::string, std::string>>{
           {"missing", R"("InputType":"JSON")"},
           {"a.csv", R"("InputType":"JSON")"},
           {"c.jsonl", R"("InputType":"PARQUET")"},
           {"d.json", R"("InputType":"JSON","ItemsPointer":"/no")"}}) {
    EXPECT_EQ(read(key, config).find("States.ItemReaderFailed: "), 0u) << key << config;
  }
}

TEST_F(DistributedMapTest, ListsTheObjectsOfABucket) {
  for (int i = 0; i < 2'500; ++i) ASSERT_TRUE(lake_.Put("in/" + std::to_string(10'000 + i), "12345").ok());
  ASSERT_TRUE(lake_.Put("other", "").ok());
  const auto run = Run(
      MachineOf(R"("ItemReader":{"Resource":"arn:aws:states:::s3:listObjectsV2","Parameters":{
    "Bucket":"lake","Prefix":"in/"}},"ItemSelector":{"key.$":"$$.Map.Item.Value.Key","i.$":"$$.Map.Item.Index",
    "from.$":"$$.Map.Item.Source"},"ResultPath":"$.r")",
                "EXPRESS",
                R"("StartAt":"C","States":{"C":{"Type":"Choice","Default":"F","Choices":[{"Variable":"$.from",
    "StringEquals":"S3://lake","Next":"P"}]},"F":{"Type":"Fail"},"P":{"Type":"Pass","InputPath":"$.key","End":true}})"),
      json::object{});
  ASSERT_TRUE(run.ok() && run->status == ExecutionStatus::kSucceeded) << run->cause;
  const auto& keys = run->output.at("r").get_array();
  ASSERT_EQ(keys.size(), 2'500u);
  EXPECT_EQ(keys.front(), "in/10000");
  EXPECT_EQ(keys.back(), "in/12499");
}

TEST_F(DistributedMapTest, BatchesByCountAndBytes) {
  const auto batches = [&](const std::string& batcher, json::value input) {
    const auto run = Run(MachineOf("\"ItemBatcher\":" + batcher + ",\"ItemsPath\":\"$.items\"", "STANDARD",
                                   R"("StartAt":"P","States":{"P":{"Type":"Pass","End":true}})"),
                         std::move(input), batcher);
    EXPECT_TRUE(run.ok()) << run.status().ToString();
    return run->status == ExecutionStatus::kSucceeded ? JsonText(run->output) : run->error;
  };
  const json::value input{{"items", {1, 2, 3, 4, 5}}, {"n", 2}, {"none", 0}};
  EXPECT_EQ(batches(R"({"MaxItemsPerBatch":2})", input),
            R"([{"Items":[1,2]},{"Items":[3,4]},{"Items":[5]}])");
  EXPECT_EQ(batches(R"({"MaxItemsPerBatchPath":"$.n","BatchInput":{"all.$":"$.n"}})", input),
            R"([{"BatchInput":{"all":2},"Items":[1,2]},{"BatchInput":{"all":2},"Items":[3,4]},)"
            R"({"BatchInput":{"all":2},"Items":[5]}])");
  // {"Items":[1,2,3]} has 17 bytes.
  EXPECT_EQ(batches(R"({"MaxInputBytesPerBatch":17})", input), R"([{"Items":[1,2,3]},{"Items":[4,5]}])");
  EXPECT_EQ(batches(R"({"MaxInputBytesPerBatch":1})", input),
            R"([{"Items":[1]},{"Items":[2]},{"Items":[3]},{"Items":[4]},{"Items":[5]}])");
  EXPECT_EQ(batches(R"({"MaxItemsPerBatchPath":"$.none"})", input), "States.Runtime");
  EXPECT_EQ(batches(R"({"MaxItemsPerBatch":7})", {{"items", json::array{}}}), "[]");
}

TEST_F(DistributedMapTest, ToleratesSoManyFailures) {
  function_ = [](const TaskRequest& request) -> Result<json::value> {
    if (request.input.is_int64() && request.input.get_int64() % 4 == 0) return MakeTaskError("Bad", "four");
    return request.input;
  };
  const json::array items{1, 2, 3, 4, 5, 6, 7, 8};
  const auto run = [&](const std::string& fields) {
    const auto ended = Run(MachineOf("\"MaxConcurrency\":1" + fields), items, fields + "-");
    EXPECT_TRUE(ended.ok()) << ended.status().ToString();
    return *ended;
  };
  for (const std::string fields : {"", ",\"ToleratedFailureCount\":1", ",\"ToleratedFailurePercentage\":24",
                                   ",\"ToleratedFailureCount\":5,\"ToleratedFailurePercentage\":12.5"}) {
    const auto ended = run(fields);
    EXPECT_EQ(ended.status, ExecutionStatus::kFailed) << fields;
    EXPECT_EQ(ended.error, "States.ExceedToleratedFailureThreshold");
    EXPECT_EQ(ended.cause, "The specified tolerated failure threshold was exceeded");
  }
  for (const std::string fields : {",\"ToleratedFailureCount\":2", ",\"ToleratedFailurePercentage\":25"}) {
    const auto ended = run(fields);
    ASSERT_EQ(ended.status, ExecutionStatus::kSucceeded) << fields << ended.cause;
    EXPECT_EQ(ended.output.at(2), 3);
    EXPECT_EQ(ended.output.at(3).at("Status"), "FAILED");
    EXPECT_EQ(ended.output.at(3).at("Error"), "Bad");
    EXPECT_EQ(ended.output.at(3).at("Cause"), "four");
  }
}

TEST_F(DistributedMapTest, AFailedBatchCountsItsItems) {
  function_ = [](const TaskRequest&) -> Result<json::value> { return MakeTaskError("Bad", ""); };
  const auto run = Run(MachineOf(R"("ItemBatcher":{"MaxItemsPerBatch":3},"ToleratedFailureCount":2)"),
                       json::array{1, 2, 3});
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run->error, "States.ExceedToleratedFailureThreshold");
  EXPECT_EQ(Events(),
            "ExecutionStarted MapStateEntered MapStateStarted MapRunStarted MapRunFailed MapStateFailed "
            "ExecutionFailed ");
}

TEST_F(DistributedMapTest, WritesResultsAndTheirManifest) {
  function_ = [](const TaskRequest& request) -> Result<json::value> {
    if (request.input == 2) return MakeTaskError("Bad", "two");
    return json::value{request.input, "done"};
  };
  const std::string writer = R"("ToleratedFailureCount":1,"MaxConcurrency":1,"Label":"L","ResultWriter":{
    "Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"lake","Prefix":"out"})";
  auto run = Run(MachineOf(writer + "}"), json::array{1, 2, 3});
  ASSERT_TRUE(run.ok() && run->status == ExecutionStatus::kSucceeded) << run->cause;
  const std::string key(run->output.at("ResultWriterDetails").at("Key").get_string());
  EXPECT_EQ(run->output.at("ResultWriterDetails").at("Bucket"), "lake");
  const auto manifest = ParseJson(Text(key));
  ASSERT_TRUE(manifest.ok()) << key;
  EXPECT_EQ(manifest->at("DestinationBucket"), "lake");
  EXPECT_EQ(manifest->at("MapRunArn"), run->output.at("MapRunArn"));
  EXPECT_TRUE(manifest->at("ResultFiles").at("PENDING").get_array().empty());
  const auto& succeeded = manifest->at("ResultFiles").at("SUCCEEDED").at(0);
  const std::string text = Text(std::string(succeeded.at("Key").get_string()));
  EXPECT_EQ(succeeded.at("Size").get_int64(), static_cast<int64_t>(text.size()));
  const auto results = *ParseJson(text);
  ASSERT_EQ(results.get_array().size(), 2u);
  EXPECT_EQ(results.at(0).at("Input"), "1");
  EXPECT_EQ(results.at(0).at("Output"), R"([1,"done"])");
  EXPECT_EQ(results.at(0).at("Status"), "SUCCEEDED");
  EXPECT_EQ(results.at(0).at("StartDate"), "2024-05-06T07:08:09.000Z");
  const std::string folder = key.substr(0, key.rfind('/') + 1);
  const auto failed = *ParseJson(Text(folder + "FAILED_0.json"));
  EXPECT_EQ(failed.at(0).at("Error"), "Bad");
  EXPECT_EQ(failed.at(0).at("Input"), "2");

  run = Run(MachineOf(writer + R"(,"WriterConfig":{"Transformation":"FLATTEN","OutputType":"JSONL"}})"),
            json::array{1, 3}, "flat");
  ASSERT_TRUE(run.ok() && run->status == ExecutionStatus::kSucceeded) << run->cause;
  const std::string flat(run->output.at("ResultWriterDetails").at("Key").get_string());
  EXPECT_EQ(Text(flat.substr(0, flat.rfind('/') + 1) + "SUCCEEDED_0.jsonl"), "1\n\"done\"\n3\n\"done\"\n");
}

TEST_F(DistributedMapTest, WhatHadNotBegunWhenItFailedIsPending) {
  function_ = [](const TaskRequest&) -> Result<json::value> { return MakeTaskError("Bad", ""); };
  const auto run =
      Run(MachineOf(R"("MaxConcurrency":1,"ResultWriter":{"Resource":"arn:aws:states:::s3:putObject",
    "Parameters":{"Bucket":"lake","Prefix":"p/"}})"),
          json::array{1, 2, 3});
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run->error, "States.ExceedToleratedFailureThreshold");
  const auto objects = *store::ListAll(lake_, "p/");
  ASSERT_EQ(objects.size(), 3u);  // FAILED_0, PENDING_0, manifest
  const auto pending = *ParseJson(Text(objects[1].key));
  ASSERT_EQ(pending.get_array().size(), 2u);
  EXPECT_EQ(pending.at(0).at("Status"), "PENDING");
  EXPECT_EQ(pending.at(0).at("Input"), "2");
}

TEST_F(DistributedMapTest, AMissingBucketFailsTheWriter) {
  const auto run = Run(MachineOf(R"("ResultWriter":{"Resource":"arn:aws:states:::s3:putObject",
    "Parameters":{"Bucket":"nowhere","Prefix":"p"}})"),
                       json::array{1});
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run->error, "States.ResultWriterFailed");
}

TEST_F(DistributedMapTest, RetryStartsANewMapRun) {
  std::atomic<int> calls{0};
  function_ = [&](const TaskRequest&) -> Result<json::value> {
    if (++calls == 1) return MakeTaskError("Bad", "");
    return json::value("ok");
  };
  const auto run =
      Run(MachineOf(R"("MaxConcurrency":1,"Retry":[{"ErrorEquals":["States.ALL"]}])"), json::array{1, 2});
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(JsonText(run->output), R"(["ok","ok"])");
  EXPECT_EQ(calls, 3);
}

// US: "A run stopped at ticker 4,711 goes on from there."
TEST_F(DistributedMapTest, AStoppedRunGoesOnFromThere) {
  TemporaryFolder folder;
  json::array items;
  for (int i = 0; i < 9'000; ++i) items.emplace_back(i);
  for (const std::string type : {"STANDARD", "EXPRESS"}) {
    std::mutex mutex;
    std::multiset<int64_t> called;
    std::stop_source stop;
    FunctionTasks tasks([&](const TaskRequest& request, std::stop_token) -> Result<json::value> {
      std::lock_guard lock(mutex);
      called.insert(request.input.get_int64());
      if (called.size() == 4'711) stop.request_stop();
      return request.input;
    });
    auto store = SqliteExecutionStore::Open(folder.path() + "/" + type + ".db");
    ASSERT_TRUE(store.ok());
    Engine engine(**store, tasks, clock_, random_, Logger());
    const StartOptions start{"x", "m", MachineOf(R"("MaxConcurrency":16)", type), items};
    EXPECT_EQ(CodeOf(engine.Run(start, stop.get_token()).status()), ErrorCode::kCancelled);
    const size_t first = called.size();
    EXPECT_LT(first, 4'800u);
    const auto run = engine.Run(start);
    ASSERT_TRUE(run.ok()) << run.status().ToString();
    EXPECT_TRUE(JsonEquals(run->output, items));
    std::set<int64_t> distinct(called.begin(), called.end());
    EXPECT_EQ(distinct.size(), 9'000u);
    EXPECT_LE(called.size(), 9'000u + 32) << "only those in flight are called again";
  }
}

TEST_F(DistributedMapTest, RefusesWhatIsWrong) {
  for (const std::string fields :
       {R"("Label":"a b")", R"("Label":"01234567890123456789012345678901234567890")", R"("ItemBatcher":{})",
        R"("ToleratedFailurePercentage":101)", R"("ToleratedFailureCount":-1)", R"("ItemReader":{})",
        R"("ResultWriter":{})",
        R"("ItemReader":{"Resource":"arn:aws:states:::s3:getObject","Parameters":{}})"}) {
    EXPECT_FALSE(ParseDefinition(MachineOf(fields)).ok()) << fields;
  }
  EXPECT_FALSE(ParseDefinition(MachineOf("", "OTHER")).ok());
  EXPECT_TRUE(ParseDefinition(MachineOf("")).ok());
}

}  // namespace
}  // namespace penstock::workflow
