// What stands in the place of AWS's services, in the shapes that Step Functions gives their answers.
#include "pipeline/service_tasks.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/json_text.h"
#include "base/temporary_folder.h"
#include "lake/parquet_file.h"
#include "net/http.h"
#include "pipeline/parquet_items.h"
#include "pipeline/step_runner.h"
#include "query/duckdb_engine.h"
#include "queue/memory_queue.h"
#include "store/memory_store.h"
#include "workflow/definition_resources.h"
#include "workflow/s3_tasks.h"

namespace penstock::pipeline {
namespace {

class CannedClient : public net::HttpClient {
 public:
  Result<net::HttpResponse> Send(const net::HttpRequest& request, std::stop_token) override {
    asked = request;
    net::HttpResponse response = answer;
    RETURN_IF_ERROR(net::DeliverBody(request, &response));
    return response;
  }
  net::HttpRequest asked;
  net::HttpResponse answer;
};

class ServiceTasksTest : public testing::Test {
 protected:
  ServiceTasksTest() : store_(clock_), queues_(clock_) {
    pipeline_.config.name = "p";
    pipeline_.folder = folder_.path();
    dead_letters_ = queues_.Get("p-dlq").ValueOrDie();
    runtime_.store = &store_;
    runtime_.dead_letters = dead_letters_.get();
    runtime_.clock = &clock_;
    runtime_.services.queue = [this](const std::string& name,
                                     bool make) -> Result<std::shared_ptr<queue::Queue>> {
      const auto names = queues_.Names().ValueOrDie();
      if (!make && std::find(names.begin(), names.end(), name) == names.end())
        return MakeError(ErrorCode::kNotFound, name);
      return queues_.Get(name);
    };
    runtime_.services.http = [this]() -> Result<net::HttpClient*> { return &client_; };
    runtime_.services.sql = [this](const std::string&) -> Result<std::shared_ptr<query::Engine>> {
      return std::shared_ptr<query::Engine>(std::shared_ptr<void>(), &sql_);
    };
  }
  Result<json::value> Run(const std::string& resource, json::value input) {
    workflow::TaskRequest request;
    request.resource = resource;
    request.input = std::move(input);
    request.state_name = "S";
    request.id = "an attempt";
    return StepRunner(pipeline_, runtime_).RunTask(request, {});
  }
  std::string ErrorOf(const Result<json::value>& result) {
    return result.ok() ? JsonText(*result) : workflow::TaskErrorOf(result.status()).error;
  }

  TemporaryFolder folder_;
  ManualClock clock_{*ParseTimestamp("2024-05-06T07:08:09Z")};
  store::MemoryStore store_;
  queue::MemoryQueues queues_;
  std::shared_ptr<queue::Queue> dead_letters_;
  CannedClient client_;
  query::DuckDbEngine sql_{{}, {}, clock_};
  Pipeline pipeline_;
  Runtime runtime_;
};

TEST_F(ServiceTasksTest, SqsAndSns) {
  const auto sent =
      Run("arn:aws:states:::sqs:sendMessage",
          {{"QueueUrl", "https://sqs.eu-west-1.amazonaws.com/1/p-dlq"}, {"MessageBody", {{"a", 1}}}});
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_EQ(sent->at("MD5OfMessageBody"), "bb6cb5c68df4652941caf652a366f2d8");
  EXPECT_EQ(dead_letters_->List().ValueOrDie().at(0).body, R"({"a":1})");
  const auto published =
      Run("arn:aws:states:::sns:publish",
          {{"TopicArn", "arn:aws:sns:eu-west-1:1:news"}, {"Message", "m"}, {"Subject", "s"}});
  ASSERT_TRUE(published.ok()) << published.status();
  const auto topic = queues_.Get("sns-news").ValueOrDie();
  EXPECT_EQ(topic->List().ValueOrDie().at(0).body, R"({"Message":"m","Subject":"s"})");
}

TEST_F(ServiceTasksTest, S3) {
  const std::string s3 = "arn:aws:states:::aws-sdk:s3:";
  EXPECT_EQ(ErrorOf(Run(s3 + "getObject", {{"Bucket", "lake"}, {"Key", "k"}})), "S3.NoSuchKeyException");
  EXPECT_EQ(ErrorOf(Run(s3 + "getObject", {{"Bucket", "other"}, {"Key", "k"}})), "S3.NoSuchBucketException");
  const auto put = Run(s3 + "putObject", {{"Bucket", "lake"}, {"Key", "k"}, {"Body", "body"}});
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_EQ(put->at("ETag"), "\"841a2d689ad86bd1611447453c22c6fc\"");
  const auto got = Run(s3 + "getObject", {{"Bucket", "lake"}, {"Key", "k"}});
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->at("Body"), "body");
  EXPECT_EQ(got->at("ContentLength"), 4);
  const auto listed = Run(s3 + "listObjectsV2", {{"Bucket", "lake"}});
  ASSERT_TRUE(listed.ok()) << listed.status();
  EXPECT_EQ(listed->at("Contents").at(0).at("Key"), "k");
  EXPECT_EQ(listed->at("IsTruncated"), false);
  EXPECT_TRUE(Run(s3 + "headObject", {{"Bucket", "lake"}, {"Key", "k"}}).ok());
  EXPECT_TRUE(Run(s3 + "deleteObject", {{"Bucket", "lake"}, {"Key", "k"}}).ok());
  EXPECT_EQ(ErrorOf(Run(s3 + "headObject", {{"Bucket", "lake"}, {"Key", "k"}})), "S3.NoSuchKeyException");
}

TEST_F(ServiceTasksTest, Athena) {
  const std::string athena = "arn:aws:states:::athena:startQueryExecution";
  const json::value configuration{{"OutputLocation", "s3://lake/results"}};
  const auto ran = Run(athena + ".sync", {{"QueryString", "select 1 as one, 'x' as two"},
                                          {"ResultConfiguration", configuration}});
  ASSERT_TRUE(ran.ok()) << ran.status();
  const json::value& execution = ran->at("QueryExecution");
  EXPECT_EQ(execution.at("Status").at("State"), "SUCCEEDED");
  const std::string location(execution.at("ResultConfiguration").at("OutputLocation").get_string());
  const std::string id(execution.at("QueryExecutionId").get_string());
  EXPECT_EQ(location, "s3://lake/results/" + id + ".csv");
  EXPECT_EQ(store_.Get("results/" + id + ".csv").ValueOrDie().bytes, "one,two\r\n1,x\r\n");

  const auto begun = Run(athena, {{"QueryString", "select 2"}, {"ResultConfiguration", configuration}});
  ASSERT_TRUE(begun.ok()) << begun.status();
  EXPECT_TRUE(begun->get_object().contains("QueryExecutionId"));

  std::filesystem::create_directory(folder_ / "queries");
  std::ofstream(folder_ / "queries/twice.sql")
      << "-- Doubles.\n-- param: n integer  A number.\nselect :n * 2 as v\n";
  const auto saved = Run(athena + ".sync", {{"QueryString", "EXECUTE twice"},
                                            {"ExecutionParameters", {"21"}},
                                            {"ResultConfiguration", configuration}});
  ASSERT_TRUE(saved.ok()) << saved.status();
  EXPECT_EQ(store_.Get("results/" + id + ".csv").ValueOrDie().bytes, "v\r\n42\r\n");

  const auto wrong =
      Run(athena + ".sync", {{"QueryString", "selec"}, {"ResultConfiguration", configuration}});
  EXPECT_EQ(ErrorOf(wrong), "States.TaskFailed");
  EXPECT_EQ(
      ParseJson(workflow::TaskErrorOf(wrong.status()).cause)->at("QueryExecution").at("Status").at("State"),
      "FAILED");
  EXPECT_EQ(ErrorOf(Run(athena, {{"QueryString", "select 1"}})), "Athena.InvalidRequestException");
}

TEST_F(ServiceTasksTest, Http) {
  client_.answer.status = 200;
  client_.answer.headers.Add("x-a", "1");
  client_.answer.headers.Add("x-a", "2");
  client_.answer.body = R"({"ok":true})";
  const auto answer = Run("arn:aws:states:::http:invoke", {{"ApiEndpoint", "http://127.0.0.1:8080/v1"},
                                                           {"Method", "POST"},
                                                           {"QueryParameters", {{"q", "a b"}}},
                                                           {"Headers", {{"x-h", "v"}}},
                                                           {"RequestBody", {{"n", 1}}}});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(JsonText(*answer),
            R"({"Headers":{"x-a":["1","2"]},"ResponseBody":{"ok":true},"StatusCode":200,"StatusText":"OK"})");
  EXPECT_EQ(client_.asked.url, "http://127.0.0.1:8080/v1?q=a%20b");
  EXPECT_EQ(client_.asked.body, R"({"n":1})");
  EXPECT_EQ(client_.asked.headers.Find("x-h"), "v");
  client_.answer.status = 503;
  const json::value input{{"ApiEndpoint", "http://localhost/"}, {"Method", "GET"}};
  EXPECT_EQ(ErrorOf(Run("arn:aws:states:::http:invoke", input)), "States.Http.StatusCode.503");
  EXPECT_EQ(ErrorOf(Run("arn:aws:states:::http:invoke",
                        {{"ApiEndpoint", "https://example.com/"}, {"Method", "GET"}})),
            "States.Http.AccessDeniedException");
  runtime_.services.http_hosts = {"example.com"};
  EXPECT_EQ(ErrorOf(Run("arn:aws:states:::http:invoke",
                        {{"ApiEndpoint", "https://example.com/"}, {"Method", "GET"}})),
            "States.Http.StatusCode.503");
}

TEST_F(ServiceTasksTest, RowsOfAParquetFileAreItems) {
  arrow::StringBuilder names;
  arrow::DoubleBuilder values;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(names.Append("n" + std::to_string(i)).ok());
    ASSERT_TRUE((i == 1 ? values.AppendNull() : values.Append(i + 0.5)).ok());
  }
  const auto table = arrow::Table::Make(
      arrow::schema({arrow::field("name", arrow::utf8()), arrow::field("value", arrow::float64())}),
      {names.Finish().ValueOrDie(), values.Finish().ValueOrDie()});
  const std::string bytes = lake::WriteParquet(*table).ValueOrDie();
  const auto items = ParquetItems(bytes, 2);
  ASSERT_TRUE(items.ok()) << items.status();
  EXPECT_EQ(JsonText(*items), R"([{"name":"n0","value":0.5},{"name":"n1","value":null}])");
  EXPECT_EQ(CodeOf(ParquetItems("not parquet", 2).status()), ErrorCode::kCorrupt);
}

// The validator warns of everything else.
TEST(ServiceTasks, AreThoseThatTheValidatorSaysRunHere) {
  size_t tasks = 0;
  for (const auto& name : workflow::ResourcesHere()) {
    const std::string resource = "arn:aws:states:::" + name;
    if (FindServiceTask(resource) != nullptr) {
      ++tasks;
    } else {
      EXPECT_TRUE(name == "lambda:invoke" || name == "states:startExecution" ||
                  workflow::IsS3Resource(resource))
          << name;
    }
  }
  EXPECT_EQ(tasks, 4U) << "one of FindServiceTask is not known to the validator";
}

}  // namespace
}  // namespace penstock::pipeline
