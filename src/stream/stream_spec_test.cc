#include "stream/stream_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::stream {
namespace {

using ::testing::HasSubstr;

StreamSpec Full() {
  StreamSpec spec;
  spec.name = "finance-delivery-stream";
  spec.buffering = {.size_mib = 64, .interval_s = 60};
  spec.prefix = "stream/bars/dt=!{timestamp:yyyy-MM-dd}/";
  spec.error_prefix = "stream/errors/!{firehose:error-output-type}/";
  spec.file_extension = ".json";
  spec.timezone = "America/New_York";
  spec.partition_keys = {{"name", ".name"}};
  spec.most_partitions = 50;
  spec.parquet =
      ParquetConversion{{{"name", "string", true, ""}, {"high", "double", false, "USD"}}, "snappy"};
  spec.transform.built_in = {json::object{{"append_newline", json::object()}}};
  spec.database = "stream";
  spec.table = "finance_stream_data";
  spec.unique = {"name", "ts"};
  spec.tags = {{"team", "lake"}};
  spec.kept = {{"RoleARN", "arn:aws:iam::1:role/r"}};
  spec.created = ParseTimestamp("2020-05-14T13:30:00Z").ValueOrDie();
  spec.updated = ParseTimestamp("2020-05-14T13:31:00.250Z").ValueOrDie();
  spec.version = 3;
  return spec;
}

TEST(StreamSpec, IsKeptWithoutLoss) {
  const auto document = ToJson(Full());
  const auto read = StreamSpecFromJson(document);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(ToJson(*read), document);
  EXPECT_EQ(read->parquet->columns, Full().parquet->columns);
  EXPECT_EQ(read->created, Full().created);

  StreamSpec handler = Full();
  handler.transform = {.built_in = {}, .handler = json::object{{"command", json::array{"python3"}}}};
  handler.parquet.reset();
  handler.compression = Compression::kHadoopSnappy;
  StreamSpec hive = Full();
  hive.table_of_catalog = true;
  hive.parquet->input = {.hive = true,
                         .case_insensitive = false,
                         .dots_to_underscores = true,
                         .column_to_key = {{"ts", "timestamp"}},
                         .timestamp_formats = {"millis"}};
  const auto again = StreamSpecFromJson(ToJson(hive)).ValueOrDie();
  EXPECT_EQ(again.parquet->input, hive.parquet->input);
  EXPECT_TRUE(again.table_of_catalog);
  EXPECT_EQ(ToJson(StreamSpecFromJson(ToJson(handler)).ValueOrDie()), ToJson(handler));
}

TEST(StreamSpec, EveryFieldThatIsMissingIsNamed) {
  const auto document = ToJson(Full());
  for (const auto& [key, value] : document) {
    const std::string_view name = key;
    // Absent ones have a meaning.
    if (name == "parquet" || name == "tags" || name == "transform" || name == "kept" ||
        name == "partition_keys" || name == "unique" || name == "partition_by_transform") {
      continue;
    }
    auto less = document;
    less.erase(key);
    const auto read = StreamSpecFromJson(less);
    ASSERT_FALSE(read.ok()) << name;
    EXPECT_EQ(CodeOf(read.status()), ErrorCode::kInvalidData);
  }
}

TEST(StreamSpec, BoundsAreThoseOfAws) {
  EXPECT_TRUE(CheckStreamSpec(Full()).ok());
  const auto refused = [](auto change, const char* why) {
    StreamSpec spec = Full();
    change(spec);
    EXPECT_THAT(CheckStreamSpec(spec).message(), HasSubstr(why));
  };
  refused([](auto& s) { s.name = "a b"; }, "name");
  refused([](auto& s) { s.name = std::string(65, 'a'); }, "1 to 64");
  refused([](auto& s) { s.buffering.size_mib = 129; }, "1 to 128 MiB");
  refused([](auto& s) { s.buffering.interval_s = 901; }, "0 to 900 seconds");
  refused([](auto& s) { s.compression = Compression::kGzip; }, "Parquet");
  refused([](auto& s) { s.parquet->columns.clear(); }, "columns");
  refused([](auto& s) { s.transform.handler = json::object(); }, "not both");
}

}  // namespace
}  // namespace penstock::stream
