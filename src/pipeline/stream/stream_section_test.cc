// pipeline.yaml of a pipeline with a stream.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/config.h"
#include "pipeline/pipeline.h"

namespace penstock::pipeline {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::optional<std::string> NoEnvironment(std::string_view) { return std::nullopt; }

constexpr std::string_view kGood = R"(
name: stream
source: {kind: yahoo-minutes}
exchange: XNYS
collect: {tickers: [FB, ON]}
stream:
  name: finance-delivery-stream
  buffering: {size_mib: 64, interval_s: 0}
  table: {name: bars, columns: {name: string, high: double}, unique: [name]}
  transform: {built_in: [append_newline]}
  tags: {team: lake}
)";

Result<PipelineConfig> Parse(std::string_view from = "", std::string_view to = "") {
  std::string text(kGood);
  if (!from.empty()) {
    EXPECT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), from.size(), to);
  }
  return ParseConfig(text, "pipeline.yaml", NoEnvironment);
}

std::string FaultsOf(std::string_view from, std::string_view to) {
  const auto parsed = Parse(from, to);
  EXPECT_EQ(CodeOf(parsed.status()), ErrorCode::kConfiguration) << to;
  return parsed.status().message();
}

TEST(StreamSection, IsReadIntoASpecification) {
  const auto config = Parse();
  ASSERT_TRUE(config.ok()) << Describe(config.status());
  EXPECT_EQ(config->family(), source::Family::kStream);
  EXPECT_THAT(config->collect.tickers, ElementsAre("FB", "ON"));
  EXPECT_EQ(config->collect.function, "data-collector");
  const stream::StreamSpec& spec = *config->stream;
  EXPECT_EQ(spec.name, "finance-delivery-stream");
  EXPECT_EQ(spec.buffering.size_mib, 64);
  EXPECT_EQ(spec.buffering.interval_s, 0);
  EXPECT_EQ(spec.database, "stream");
  EXPECT_EQ(spec.table, "bars");
  EXPECT_THAT(spec.unique, ElementsAre("name"));
  ASSERT_EQ(spec.parquet->columns.size(), 2u);
  EXPECT_EQ(spec.parquet->columns[1].type, "double");
  EXPECT_EQ(spec.prefix, "stream/clean/bars/dt=!{timestamp:yyyy-MM-dd}/");
  EXPECT_EQ(spec.error_prefix,
            "stream/errors/bars/!{firehose:error-output-type}/dt=!{timestamp:yyyy-MM-dd}/");
  EXPECT_EQ(spec.transform.built_in.size(), 1u);
  EXPECT_EQ(spec.tags.at("team"), "lake");
}

TEST(StreamSection, ColumnsMayBeNested) {
  const auto config =
      Parse("high: double", "high: 'decimal(10,2)', legs: 'array<struct<px:double,qty:int>>'");
  ASSERT_TRUE(config.ok()) << Describe(config.status());
  EXPECT_EQ(config->stream->parquet->columns[1].type, "decimal(10,2)");
  EXPECT_EQ(config->stream->parquet->columns[2].type, "array<struct<px:double,qty:int>>");
}

TEST(StreamSection, HandlersKeepTheirSettings) {
  const auto config =
      Parse("{built_in: [append_newline]}", "{command: [python3, -m, awslambdaric, app.handler]}");
  ASSERT_TRUE(config.ok()) << Describe(config.status());
  EXPECT_EQ(config->stream->transform.handler->at("command").as_array().size(), 4u);
  EXPECT_THAT(FaultsOf("{built_in: [append_newline]}", "{built_in: [append_newlin]}"),
              AllOf(HasSubstr("pipeline.yaml:10:14: stream.transform: "), HasSubstr("append_newline")));
}

TEST(StreamSection, AHandlerGivesTheKeysThatThePrefixNames) {
  constexpr std::string_view kTransform = "  transform: {built_in: [append_newline]}\n";
  const auto config = Parse(kTransform,
                            "  transform: {command: [python3]}\n  prefix: "
                            "\"bars/symbol=!{partitionKeyFromLambda:symbol}/dt=!{timestamp:yyyy-MM-dd}/\"\n");
  ASSERT_TRUE(config.ok()) << Describe(config.status());
  EXPECT_TRUE(config->stream->partition_by_transform);
  EXPECT_THAT(FaultsOf(kTransform, "  prefix: \"bars/!{partitionKeyFromLambda:name}/\"\n"),
              HasSubstr("Dynamic Partitioning Namespaces"));
}

TEST(StreamSection, WithoutATableRecordsStayAsTheyAre) {
  const auto config = Parse("  table: {name: bars, columns: {name: string, high: double}, unique: [name]}\n",
                            "  compression: GZIP\n  partition_keys: {name: .name}\n  prefix: "
                            "\"x/!{partitionKeyFromQuery:name}/\"\n");
  ASSERT_TRUE(config.ok()) << Describe(config.status());
  EXPECT_FALSE(config->stream->parquet);
  EXPECT_EQ(config->stream->compression, stream::Compression::kGzip);
  EXPECT_EQ(config->stream->prefix, "stream/x/!{partitionKeyFromQuery:name}/");
  ASSERT_EQ(config->stream->partition_keys.size(), 1u);
  EXPECT_EQ(config->stream->partition_keys[0].path, ".name");
}

TEST(StreamSection, FaultsAreNamedWithTheirPlace) {
  EXPECT_THAT(
      FaultsOf("stream:\n", "streem:\n"),
      AllOf(HasSubstr("streem: no such key (did you mean stream?)"), HasSubstr("stream: is required")));
  EXPECT_THAT(FaultsOf("size_mib: 64", "size_mib: 640"),
              HasSubstr("pipeline.yaml:8:25: stream.buffering.size_mib"));
  EXPECT_THAT(FaultsOf("high: double", "high: dubble"),
              AllOf(HasSubstr("stream.table.columns.high: "), HasSubstr("expected boolean"),
                    HasSubstr("got 'dubble'")));
  EXPECT_THAT(FaultsOf("unique: [name]", "unique: [ts]"),
              HasSubstr("stream.table.unique: no such column: ts"));
  EXPECT_THAT(FaultsOf("columns: {name: string, high: double}, unique: [name]", ""),
              HasSubstr("stream.table.columns: is required"));
  EXPECT_THAT(FaultsOf("finance-delivery-stream", "a stream"),
              HasSubstr("a delivery stream's name is 1 to 64"));
  EXPECT_THAT(FaultsOf("  tags:", "  compression: GZIP\n  tags:"), HasSubstr("compressed inside"));
  EXPECT_THAT(FaultsOf("  tags:", "  prefix: \"x/!{nothing}/\"\n  tags:"),
              HasSubstr("pipeline.yaml:7:3: stream: "));
  EXPECT_THAT(FaultsOf("[FB, ON]", "[FB, ON], function: Bad"),
              HasSubstr("collect.function: expected lower-case"));
  EXPECT_THAT(FaultsOf("exchange: XNYS", "exchange: NYSE"),
              HasSubstr("exchange: expected one of XLON, XNYS"));
}

TEST(StreamSection, ThePipelineThatComesWithPenstockLoads) {
  const auto loaded = LoadPipeline(std::string(PENSTOCK_SOURCE_DIR) + "/pipelines/stream");
  ASSERT_TRUE(loaded.ok()) << Describe(loaded.status());
  EXPECT_EQ(loaded->config.stream->name, "finance-delivery-stream");
  EXPECT_EQ(loaded->config.stream->folder, loaded->folder);
  EXPECT_EQ(loaded->config.collect.tickers.size(), 10u);
  EXPECT_EQ(loaded->renamed.TodaysName("FB", MakeDate(2020, 5, 14)), "META");
  EXPECT_NE(loaded->calendar, nullptr);
}

}  // namespace
}  // namespace penstock::pipeline
