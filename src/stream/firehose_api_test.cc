// The wire as raw requests: what no SDK would send, and what only the server can be made to say. The real
// clients are in tests/e2e/test_firehose.py.
#include "stream/firehose_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>

#include "base/base64.h"
#include "base/json_text.h"
#include "base/temporary_folder.h"
#include "store/memory_store.h"
#include "stream/firehose_error.h"

namespace penstock::stream {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// A disk whose syncs wait until it is let go.
class SlowDisk : public LogDisk {
 public:
  int Sync(int fd) override {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !slow_; });
    --waiting_;
    return LogDisk::Sync(fd);
  }
  void Set(bool slow) {
    const std::lock_guard lock(mutex_);
    slow_ = slow;
    changed_.notify_all();
  }
  void WaitForSyncs(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool slow_ = false;
  int waiting_ = 0;
};

class FirehoseApiTest : public ::testing::Test {
 protected:
  FirehoseApiTest() : clock_(*ParseTimestamp("2026-11-21T12:00:00Z")), objects_(clock_), catalog_(objects_) {
    Open({});
  }
  ~FirehoseApiTest() override { disk_.Set(false); }

  void Open(StreamsOptions options, const aws::SignatureCheck* check = nullptr) {
    streams_.reset();
    options.log.disk = &disk_;
    streams_ = *Streams::Open(folder_ / "streams", clock_, Logger(), options);
    api_ = std::make_unique<FirehoseApi>(*streams_, catalog_, check, random_);
  }
  std::future<net::ServerResponse> Begin(const std::string& target, std::string body) {
    auto request = std::make_shared<net::ServerRequest>();
    request->method = "POST";
    EXPECT_TRUE(net::ParseTarget("/", request.get()).ok());
    if (!target.empty()) request->headers.Add("X-Amz-Target", target);
    request->body = std::move(body);
    EXPECT_TRUE(FirehoseApi::IsCall(*request));
    auto answer = std::make_shared<std::promise<net::ServerResponse>>();
    api_->Answer(request, [answer](net::ServerResponse response) { answer->set_value(std::move(response)); });
    return answer->get_future();
  }
  net::ServerResponse Call(const std::string& action, std::string body) {
    return Begin("Firehose_20150804." + action, std::move(body)).get();
  }
  // Of a call that has to succeed.
  json::value Output(const std::string& action, std::string body) {
    const auto response = Call(action, std::move(body));
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.headers.Find("content-type"), "application/x-amz-json-1.1");
    EXPECT_EQ(response.headers.Find("x-amzn-requestid")->size(), 36u);
    return ParseJson(response.body).ValueOr(json::value());
  }
  // "400 Type: message" of one that has to fail.
  std::string Error(const std::string& action, std::string body) {
    const auto response = Call(action, std::move(body));
    const auto document = ParseJson(response.body).ValueOr(json::object());
    EXPECT_EQ(response.headers.Find("x-amzn-errortype").value_or(""),
              GetStringOr(document, "__type", "").ValueOr("?"));
    return std::to_string(response.status) + " " + GetStringOr(document, "__type", "").ValueOr("?") + ": " +
           GetStringOr(document, "message", "").ValueOr("?");
  }
  static std::string Create(const std::string& name, const std::string& members = "") {
    return R"({"DeliveryStreamName":")" + name +
           R"(","ExtendedS3DestinationConfiguration":{"RoleARN":"arn:aws:iam::123456789012:role/r","BucketARN":"arn:aws:s3:::b")" +
           members + "}}";
  }
  static std::string Records(const std::string& name, const std::vector<std::string>& records) {
    json::array list;
    for (const auto& record : records) list.push_back(json::object{{"Data", Base64Encode(record)}});
    return JsonText(json::object{{"DeliveryStreamName", name}, {"Records", list}});
  }

  TemporaryFolder folder_;
  ManualClock clock_;
  store::MemoryStore objects_;
  lake::StoreCatalog catalog_;
  Random random_{7};
  SlowDisk disk_;
  std::unique_ptr<Streams> streams_;
  std::unique_ptr<FirehoseApi> api_;
};

TEST_F(FirehoseApiTest, ARecordIdNamesARecordForEver) {
  Output("CreateDeliveryStream", Create("a"));
  const auto one = Output("PutRecord", R"({"DeliveryStreamName":"a","Record":{"Data":"YQ=="}})");
  EXPECT_EQ(one.at("Encrypted"), json::value(false));
  const auto batch = Output("PutRecordBatch", Records("a", {"b", "c"}));
  EXPECT_EQ(batch.at("FailedPutCount"), json::value(0));
  const std::string first(one.at("RecordId").as_string());
  EXPECT_EQ(first.size(), 32u);
  const auto& entries = batch.at("RequestResponses").as_array();
  ASSERT_EQ(entries.size(), 2u);
  const auto number = [](const json::value& id) {
    return std::stoull(std::string(id.as_string()).substr(16), nullptr, 16);
  };
  EXPECT_EQ(number(entries[0].at("RecordId")), number(one.at("RecordId")) + 1);
  EXPECT_EQ(number(entries[1].at("RecordId")), number(one.at("RecordId")) + 2);
  // Of another stream of the same name, another one.
  Output("DeleteDeliveryStream", R"({"DeliveryStreamName":"a"})");
  clock_.Advance(std::chrono::seconds(1));
  Output("CreateDeliveryStream", Create("a"));
  EXPECT_NE(Output("PutRecord", R"({"DeliveryStreamName":"a","Record":{"Data":"YQ=="}})").at("RecordId"),
            one.at("RecordId"));
}

// More waits for the disk than may: what still fits is taken, the rest is refused record by record; and a
// call of which nothing fits fails as a whole, so that SDKs send it again.
TEST_F(FirehoseApiTest, BackPressureRefusesRecordsNotBatches) {
  StreamsOptions options;
  options.log.pending_bytes = 100;
  options.log.lanes = 1;
  Open(options);
  Output("CreateDeliveryStream", Create("a"));
  disk_.Set(true);
  auto syncing = Begin("Firehose_20150804.PutRecordBatch", Records("a", {std::string(50, 'x')}));
  disk_.WaitForSyncs(1);
  auto waiting = Begin("Firehose_20150804.PutRecordBatch", Records("a", {std::string(30, 'y')}));
  const size_t room = 100 - streams_->Describe("a")->log.pending_bytes;
  ASSERT_GT(room, 0u);
  ASSERT_LT(room, 100u);
  auto partly = Begin("Firehose_20150804.PutRecordBatch", Records("a", std::vector<std::string>(200, "z")));
  EXPECT_EQ(Error("PutRecordBatch", Records("a", {"more", "and more"})),
            "500 ServiceUnavailableException: Slow down.");
  EXPECT_EQ(Error("PutRecord", R"({"DeliveryStreamName":"a","Record":{"Data":"YQ=="}})"),
            "500 ServiceUnavailableException: Slow down.");
  disk_.Set(false);
  EXPECT_EQ(syncing.get().status, 200);
  EXPECT_EQ(waiting.get().status, 200);
  const auto answer = partly.get();
  ASSERT_EQ(answer.status, 200);
  const auto output = *ParseJson(answer.body);
  EXPECT_EQ(output.at("FailedPutCount").as_int64(), static_cast<int64_t>(200 - room));
  const auto& entries = output.at("RequestResponses").as_array();
  ASSERT_EQ(entries.size(), 200u);
  EXPECT_TRUE(entries[room - 1].as_object().contains("RecordId"));
  EXPECT_EQ(entries[room].at("ErrorCode"), json::value("ServiceUnavailableException"));
  EXPECT_EQ(entries[199].at("ErrorMessage"), json::value("Slow down."));
  const auto counts = streams_->Describe("a")->counts;
  EXPECT_EQ(counts.records, 2 + room);
  EXPECT_EQ(counts.throttled_records, 200 - room + 3);
  EXPECT_EQ(counts.throttled_requests, 3u);
}

TEST_F(FirehoseApiTest, WhatIsNoCallOfItIsRefusedByName) {
  EXPECT_THAT(Error("PutRecords", "{}"), HasSubstr("400 UnknownOperationException: "));
  EXPECT_THAT(Begin("", "{}").get().body, HasSubstr("UnknownOperationException"));
  EXPECT_THAT(Begin("DynamoDB_20120810.PutItem", "{}").get().body, HasSubstr("UnknownOperationException"));
  EXPECT_THAT(Error("StartDeliveryStreamEncryption", "{}"), HasSubstr("InvalidArgumentException"));
  EXPECT_THAT(Error("CreateDeliveryStream", "{"), HasSubstr("400 SerializationException"));
  EXPECT_THAT(Error("CreateDeliveryStream", "[]"), HasSubstr("400 SerializationException"));
  EXPECT_THAT(
      Error("CreateDeliveryStream", "{}"),
      HasSubstr("400 ValidationException: 1 validation error detected: Value null at 'deliveryStreamName'"));
  EXPECT_THAT(Error("PutRecord", R"({"DeliveryStreamName":"a","Record":{"Data":"YQ=="}})"),
              HasSubstr("400 ResourceNotFoundException: Firehose a under account 000000000000 not found."));
  for (const char* action : {"DescribeDeliveryStream", "DeleteDeliveryStream", "ListTagsForDeliveryStream"}) {
    EXPECT_THAT(Error(action, R"({"DeliveryStreamName":"a"})"), HasSubstr("ResourceNotFoundException"))
        << action;
  }
}

TEST_F(FirehoseApiTest, WhatCannotBeDoneIsRefusedNotPassedOver) {
  const auto refused = [&](const std::string& members) {
    return Error("CreateDeliveryStream", Create("a", members));
  };
  EXPECT_THAT(refused(R"(,"S3BackupMode":"Enabled")"), HasSubstr("InvalidArgumentException: S3BackupMode"));
  EXPECT_THAT(refused(R"(,"BufferingHints":{"SizeInMBs":129,"IntervalInSeconds":60})"),
              HasSubstr("ValidationException"));
  EXPECT_THAT(refused(R"(,"BufferingHints":{"SizeInMBs":1})"), HasSubstr("InvalidArgumentException"));
  EXPECT_THAT(refused(R"(,"BufferingHints":[])"), HasSubstr("SerializationException"));
  EXPECT_THAT(refused(R"(,"CompressionFormat":"LZO")"), HasSubstr("ValidationException"));
  EXPECT_THAT(refused(R"(,"Prefix":"!{time:yyyy}/","ErrorOutputPrefix":"e/")"),
              HasSubstr("InvalidArgumentException"));
  EXPECT_THAT(refused(R"(,"ProcessingConfiguration":{"Enabled":true,"Processors":[{"Type":"Lambda"}]})"),
              HasSubstr("pipeline.yaml"));
  EXPECT_THAT(
      refused(R"(,"ProcessingConfiguration":{"Enabled":true,"Processors":[{"Type":"Decompression"}]})"),
      HasSubstr("Decompression is not done here"));
  const std::string rest =
      R"("SchemaConfiguration":{"RoleARN":"r","DatabaseName":"d","TableName":"t"},"InputFormatConfiguration":{"Deserializer":{"OpenXJsonSerDe":{}}},)";
  EXPECT_THAT(refused(R"(,"DataFormatConversionConfiguration":{)" + rest +
                      R"("OutputFormatConfiguration":{"Serializer":{"OrcSerDe":{}}}})"),
              HasSubstr("not to ORC"));
  EXPECT_THAT(refused(R"(,"DataFormatConversionConfiguration":{)" + rest +
                      R"("OutputFormatConfiguration":{"Serializer":{"ParquetSerDe":{}}}})"),
              HasSubstr("no table d.t in the catalog"));
  EXPECT_THAT(
      Error("CreateDeliveryStream", R"({"DeliveryStreamName":"a","RedshiftDestinationConfiguration":{}})"),
      HasSubstr("InvalidArgumentException: RedshiftDestinationConfiguration"));
  EXPECT_THAT(Error("CreateDeliveryStream", R"({"DeliveryStreamName":"a"})"),
              HasSubstr("Exactly one destination"));
  EXPECT_EQ(streams_->Names("", 10).size(), 0u);
}

// Of a stream that converts by the table d.t.
std::string Conversion(const std::string& prefix, const std::string& deserializer = R"("OpenXJsonSerDe":{})",
                       const std::string& more = "") {
  return (prefix.empty()
              ? ""
              : R"(,"Prefix":")" + prefix + R"(","ErrorOutputPrefix":"e/!{firehose:error-output-type}/")") +
         R"(,"DataFormatConversionConfiguration":{
              "SchemaConfiguration":{"DatabaseName":"d","TableName":"t","Region":"eu-west-1","RoleARN":"arn:aws:iam::1:role/r"},
              "InputFormatConfiguration":{"Deserializer":{)" +
         deserializer +
         R"(}},"OutputFormatConfiguration":{"Serializer":{"ParquetSerDe":{"Compression":"GZIP"}}}})" + more;
}

lake::TableEntry Declared() {
  lake::TableEntry entry{.database = "d", .table = "t", .prefix = "d/t/"};
  entry.columns = {{"name", "string", true, ""}, {"high", "decimal(10,2)", true, ""}};
  entry.declared = true;
  return entry;
}

TEST_F(FirehoseApiTest, ASchemaIsATableOfTheCatalog) {
  // In AWS's words, and what to do.
  EXPECT_THAT(Error("CreateDeliveryStream", Create("a", Conversion("t/dt=!{timestamp:yyyy-MM-dd}/"))),
              AllOf(HasSubstr("400 InvalidArgumentException: "), HasSubstr("EntityNotFoundException"),
                    HasSubstr("no table d.t in the catalog"), HasSubstr("penstock tables create d.t")));
  ASSERT_TRUE(catalog_.RegisterTable(Declared()).ok());
  Output("CreateDeliveryStream", Create("a", Conversion("t/dt=!{timestamp:yyyy-MM-dd}/")));
  const auto spec = streams_->Describe("a")->spec;
  ASSERT_TRUE(spec.parquet);
  EXPECT_EQ(spec.parquet->columns, Declared().columns);
  EXPECT_EQ(spec.parquet->compression, "gzip");
  EXPECT_EQ(spec.buffering.size_mib, 128) << "as AWS has it where no hints are given";
  EXPECT_EQ(spec.database + "." + spec.table, "d.t");
  // It lies where the first stream delivers to.
  const auto placed = catalog_.GetTable("d", "t").ValueOrDie();
  EXPECT_EQ(placed.prefix, "t/");
  EXPECT_FALSE(placed.declared);
  ASSERT_EQ(placed.partition_columns.size(), 1u);
  EXPECT_EQ(placed.partition_columns[0].type, "date");
}

TEST_F(FirehoseApiTest, AStreamThatDeliversElsewhereHasATableOfItsOwn) {
  ASSERT_TRUE(catalog_.RegisterTable(Declared()).ok());
  Output("CreateDeliveryStream", Create("a", Conversion("t/dt=!{timestamp:yyyy-MM-dd}/")));
  Output("CreateDeliveryStream", Create("b", Conversion("t/dt=!{timestamp:yyyy-MM-dd}/")));
  EXPECT_EQ(streams_->Describe("b")->spec.table, "t") << "the same place, the same table";
  Output("CreateDeliveryStream", Create("Far-away.1", Conversion("far/dt=!{timestamp:yyyy-MM-dd}/")));
  EXPECT_EQ(streams_->Describe("Far-away.1")->spec.table, "far_away_1");
  EXPECT_EQ(catalog_.GetTable("d", "far_away_1").ValueOrDie().prefix, "far/");
  EXPECT_EQ(catalog_.GetTable("d", "t").ValueOrDie().prefix, "t/");
  EXPECT_THAT(Error("CreateDeliveryStream", Create("far_away.1", Conversion("elsewhere/"))),
              HasSubstr("there is a table d.far_away_1 already, which lies elsewhere (far/)"));
  // At the top of the bucket no table can be.
  Output("CreateDeliveryStream", Create("c", Conversion("")));
  EXPECT_EQ(streams_->Describe("c")->spec.table, "");
  EXPECT_TRUE(streams_->Describe("c")->spec.parquet);
  // A column that the prefix names, too.
  auto entry = Declared();
  entry.table = "t";
  entry.columns.push_back({"dt", "date", true, ""});
  ASSERT_TRUE(catalog_.RegisterTable(entry).ok());
  EXPECT_THAT(Error("CreateDeliveryStream", Create("e", Conversion("e2/dt=!{timestamp:yyyy-MM-dd}/"))),
              HasSubstr("each column has a name of its own"));
}

TEST_F(FirehoseApiTest, AConversionIsChangedMemberByMember) {
  ASSERT_TRUE(catalog_.RegisterTable(Declared()).ok());
  Output("CreateDeliveryStream", Create("a", Conversion("t/", R"("OpenXJsonSerDe":{"CaseInsensitive":false,
      "ConvertDotsInJsonKeysToUnderscores":true,"ColumnToJsonKeyMappings":{"high":"High.Price"}})")));
  const auto input = streams_->Describe("a")->spec.parquet->input;
  EXPECT_FALSE(input.case_insensitive);
  EXPECT_TRUE(input.dots_to_underscores);
  EXPECT_EQ(input.column_to_key.at("high"), "High.Price");
  const auto update = [](const std::string& version, const std::string& conversion) {
    return R"({"DeliveryStreamName":"a","DestinationId":"destinationId-000000000001","CurrentDeliveryStreamVersionId":")" +
           version + R"(","ExtendedS3DestinationUpdate":{"DataFormatConversionConfiguration":)" + conversion +
           "}}";
  };
  Output("UpdateDestination", update("1", R"({"Enabled":false})"));
  EXPECT_FALSE(streams_->Describe("a")->spec.parquet);
  EXPECT_EQ(streams_->Describe("a")->spec.table, "");
  Output("UpdateDestination", update("2", R"({"Enabled":true,"InputFormatConfiguration":{"Deserializer":
      {"HiveJsonSerDe":{"TimestampFormats":["yyyy/MM/dd","millis"]}}}})"));
  EXPECT_TRUE(streams_->Describe("a")->spec.parquet->input.hive);
  EXPECT_EQ(streams_->Describe("a")->spec.parquet->input.timestamp_formats.size(), 2u);
  EXPECT_EQ(streams_->Describe("a")->spec.table, "t");
}

TEST_F(FirehoseApiTest, AConversionIsRefusedInAwssWords) {
  ASSERT_TRUE(catalog_.RegisterTable(Declared()).ok());
  const auto refused = [&](std::string members) {
    return Error("CreateDeliveryStream", Create("a", members));
  };
  const auto without = [](std::string from, const std::string& text) {
    const size_t at = from.find(text);
    EXPECT_NE(at, from.npos) << text;
    return from.erase(at, text.size());
  };
  EXPECT_THAT(refused(R"(,"CompressionFormat":"GZIP")" + Conversion("t/")),
              HasSubstr("The S3 destination's compression format must be set to UNCOMPRESSED"));
  EXPECT_THAT(
      refused(R"(,"BufferingHints":{"SizeInMBs":63,"IntervalInSeconds":60})" + Conversion("t/")),
      HasSubstr("BufferingHints.SizeInMBs must be at least 64 when data format conversion is enabled"));
  EXPECT_THAT(refused(R"(,"DataFormatConversionConfiguration":{})"),
              HasSubstr("InputFormatConfiguration must not be null"));
  EXPECT_THAT(refused(Conversion("t/", "")), HasSubstr("Deserializer must not be null"));
  EXPECT_THAT(refused(Conversion("t/", R"("OpenXJsonSerDe":{},"HiveJsonSerDe":{})")),
              HasSubstr("More than one deserializer specified. Only one may be chosen."));
  EXPECT_THAT(refused(without(Conversion("t/"), R"("TableName":"t",)")),
              HasSubstr("SchemaConfiguration.TableName must not be null or empty"));
  EXPECT_THAT(refused(Conversion("t/", R"("HiveJsonSerDe":{"TimestampFormats":["yyyy-ww"]})")),
              HasSubstr("Invalid deserializer option(s): timestamp.formats"));
  EXPECT_THAT(refused(Conversion("t/", R"("OpenXJsonSerDe":{"ColumnToJsonKeyMappings":{"a b":"c"}})")),
              HasSubstr("ValidationException"));
  auto entry = Declared();
  entry.columns[1].type = "uniontype<int,string>";
  ASSERT_TRUE(catalog_.RegisterTable(entry).ok());
  EXPECT_THAT(refused(Conversion("t/")),
              HasSubstr("DataFormatConversion.InvalidSchema: The schema is invalid. the column high"));
}

TEST_F(FirehoseApiTest, WhatAPipelineDeclaresStaysWhenItIsGivenBackAsDescribed) {
  StreamSpec handler;
  handler.name = "a";
  handler.transform.handler = json::object{{"command", json::array{"python3"}}};
  StreamSpec built_in;
  built_in.name = "b";
  built_in.transform.built_in = {json::object{{"append_newline", json::object()}}};
  ASSERT_TRUE(streams_->Ensure(handler).ok() && streams_->Ensure(built_in).ok());
  const auto update = [&](const char* name, const json::value& processing) {
    const auto version = std::to_string(streams_->Describe(name)->spec.version);
    Output("UpdateDestination",
           JsonText(json::object{
               {"DeliveryStreamName", name},
               {"CurrentDeliveryStreamVersionId", version},
               {"DestinationId", "destinationId-000000000001"},
               {"ExtendedS3DestinationUpdate", json::object{{"ProcessingConfiguration", processing}}}}));
  };
  for (const char* name : {"a", "b"}) {
    const auto described =
        Output("DescribeDeliveryStream", JsonText(json::object{{"DeliveryStreamName", name}}));
    update(name, described.at_pointer("/DeliveryStreamDescription/Destinations/0/"
                                      "ExtendedS3DestinationDescription/ProcessingConfiguration"));
  }
  EXPECT_TRUE(streams_->Describe("a")->spec.transform.handler);
  EXPECT_EQ(streams_->Describe("b")->spec.transform.built_in.size(), 1u);
  // Told to have none, it has none.
  update("a", json::object{{"Enabled", false}});
  EXPECT_TRUE(streams_->Describe("a")->spec.transform.empty());
  EXPECT_THAT(Call("DescribeDeliveryStream", R"({"DeliveryStreamName":"a"})").body, Not(HasSubstr("Lambda")));
}

TEST_F(FirehoseApiTest, WithKeysOnlySignedCallsAreAnswered) {
  const aws::SignatureCheck check(*aws::AccessKeys::Parse("AKIDEXAMPLE:0123456789abcdef"), "firehose",
                                  clock_);
  Open({}, &check);
  EXPECT_EQ(Error("ListDeliveryStreams", "{}"),
            "400 MissingAuthenticationTokenException: Missing Authentication Token");
}

}  // namespace
}  // namespace penstock::stream
