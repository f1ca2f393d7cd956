// Deliveries of Parquet, their table, and compressed objects.
#include <arrow/array.h>
#include <arrow/table.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include "base/json.h"
#include "lake/parquet_file.h"
#include "stream/delivery_for_test.h"
#include "stream/delivery_table.h"
#include "stream/error_record.h"

namespace penstock::stream {
namespace {

using ::testing::HasSubstr;

std::string Bar(int i) {
  return R"({"name":"FB","high":)" + std::to_string(i) + R"(.5,"low":1,"ts":"2020-05-14T13:30:00Z"})" + "\n";
}

// STREAM-3: conversion to Parquet by a schema; wrong records below the error prefix, whole, with the reason.
TEST_F(DeliveryForTest, ConvertsToParquet) {
  auto& delivery = Make(ParquetSpecForTest());
  Put({Bar(1), "{\"name\":", Bar(2) + Bar(3), R"({"name":"X","high":"dear"})"});
  ASSERT_TRUE(delivery.Flush({}).ok()) << delivery.metrics().last_error;
  const auto objects = Objects("lake/bars/");
  ASSERT_EQ(objects.size(), 1u);
  EXPECT_THAT(objects.begin()->first,
              testing::MatchesRegex("lake/bars/dt=2020-05-14/s-1-2020-05-14-13-30-00-.*\\.parquet"));
  const auto table = lake::ReadParquet(objects.begin()->second).ValueOrDie();
  EXPECT_EQ(table->num_rows(), 3);
  EXPECT_EQ(table->schema()->field(2)->type()->ToString(), "timestamp[us, tz=UTC]");

  const auto errors = Objects("errors/format-conversion-failed/");
  ASSERT_EQ(errors.size(), 1u);
  const auto records = *ReadErrorRecords(errors.begin()->second);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].raw, "{\"name\":");
  EXPECT_EQ(records[0].code, "DataFormatConversion.ParseError");
  EXPECT_EQ(records[1].message, "Data does not match the schema. For input string: \"dear\"");
  const auto line = *ParseJson(errors.begin()->second.substr(0, errors.begin()->second.find('\n')));
  EXPECT_EQ(line.at("dataCatalogTable").at("tableName"), "bars");
  EXPECT_TRUE(line.at("arrivalTimestamp").is_int64());
  EXPECT_TRUE(line.at("sequenceNumber").is_string());
  EXPECT_EQ(delivery.metrics().delivered_records, 2u);
}

// Nested columns and decimals; the reason names the table that gave the columns.
TEST_F(DeliveryForTest, ConvertsNestedColumns) {
  auto spec = ParquetSpecForTest();
  spec.parquet->columns = {{"name", "string", true, ""},
                           {"high", "decimal(10,2)", true, ""},
                           {"legs", "array<struct<px:double,tags:map<string,string>>>", true, ""}};
  spec.table_of_catalog = true;
  spec.kept["DataFormatConversionConfiguration"] = json::object{
      {"SchemaConfiguration",
       json::object{{"DatabaseName", "lake"}, {"TableName", "schema"}, {"Region", "eu-west-1"}}}};
  auto& delivery = Make(spec);
  std::vector<std::string> records{R"({"name":"bad","high":1,"legs":[{"px":"dear"}]})"};
  for (int i = 0; i < 2000; ++i) {
    records.push_back(R"({"name":"n)" + std::to_string(i) + R"(","high":)" + std::to_string(i) +
                      R"(.5,"legs":[{"px":1,"tags":{"a":"b"}},null]})");
  }
  Put(records);
  ASSERT_TRUE(delivery.Flush({}).ok()) << delivery.metrics().last_error;
  const auto objects = Objects("lake/bars/");
  ASSERT_EQ(objects.size(), 1u);
  const auto table = lake::ReadParquet(objects.begin()->second).ValueOrDie();
  EXPECT_EQ(table->num_rows(), 2000);
  EXPECT_TRUE(table->ValidateFull().ok());
  EXPECT_EQ(table->schema()->field(2)->type()->ToString(),
            "list<element: struct<px: double, tags: map<string, string ('tags')>>>");
  const auto errors = Objects("errors/format-conversion-failed/");
  ASSERT_EQ(errors.size(), 1u);
  const auto line = *ParseJson(errors.begin()->second.substr(0, errors.begin()->second.find('\n')));
  EXPECT_EQ(line.at("lastErrorMessage"), "Data does not match the schema. For input string: \"dear\"");
  EXPECT_EQ(line.at("dataCatalogTable").at("tableName"), "schema");
  EXPECT_EQ(line.at("dataCatalogTable").at("region"), "eu-west-1");
  EXPECT_EQ(ReadErrorRecords(errors.begin()->second)->at(0).raw, records[0]);
}

// The catalog's table stays what others made of it.
TEST_F(DeliveryForTest, ATableOfTheCatalogIsRegisteredOnceAndLeftAsItIs) {
  auto spec = ParquetSpecForTest();
  spec.table_of_catalog = true;
  auto& delivery = Make(spec);
  Put({Bar(1)});
  ASSERT_TRUE(delivery.Flush({}).ok());
  auto entry = catalog_.GetTable("lake", "bars").ValueOrDie();
  entry.columns.push_back({"volume", "bigint", true, ""});
  entry.unique = {"name", "ts"};
  ASSERT_TRUE(catalog_.RegisterTable(entry).ok());
  Restart();
  Put({Bar(2)});
  ASSERT_TRUE(delivery_->Flush({}).ok());
  EXPECT_EQ(catalog_.GetTable("lake", "bars").ValueOrDie(), entry);
}

TEST_F(DeliveryForTest, WithWrongRecordsOnlyThereIsNoTable) {
  auto& delivery = Make(ParquetSpecForTest());
  Put({"x"});
  ASSERT_TRUE(delivery.Flush({}).ok());
  EXPECT_TRUE(Objects("lake/").empty());
  EXPECT_EQ(CodeOf(catalog_.GetTable("lake", "bars").status()), ErrorCode::kNotFound);
}

TEST_F(DeliveryForTest, TheTableIsRegisteredAtTheFirstDelivery) {
  auto& delivery = Make(ParquetSpecForTest());
  Put({Bar(1)});
  ASSERT_TRUE(delivery.Flush({}).ok());
  const auto entry = catalog_.GetTable("lake", "bars");
  ASSERT_TRUE(entry.ok()) << entry.status();
  EXPECT_EQ(entry->prefix, "lake/bars/");
  EXPECT_EQ(entry->format, "parquet");
  EXPECT_EQ(entry->files, "");
  ASSERT_EQ(entry->partition_columns.size(), 1u);
  EXPECT_EQ(entry->partition_columns[0].name, "dt");
  EXPECT_EQ(entry->partition_columns[0].type, "date");
}

TEST(DeliveryTable, FollowsThePrefix) {
  const auto table_of = [](StreamSpec spec) -> Result<lake::TableEntry> {
    ASSIGN_OR_RETURN(const auto prefixes, PrefixesOf(spec));
    return TableOf(spec, prefixes);
  };
  auto spec = ParquetSpecForTest();
  spec.prefix = "lake/bars/";
  EXPECT_EQ(table_of(spec)->files, "*/*/*/*/*.parquet");  // 2018/08/27/10/
  spec.prefix = "lake/bars/v1-!{timestamp:yyyy/MM}/k=!{timestamp:dd}/x";
  EXPECT_EQ(table_of(spec)->files, "v1-*/*/k=*/*.parquet");
  EXPECT_EQ(table_of(spec)->partition_columns[0].type, "string");
  spec.prefix = "!{timestamp:yyyy}/";
  EXPECT_EQ(CodeOf(table_of(spec).status()), ErrorCode::kInvalidData);
  spec = ParquetSpecForTest();
  spec.error_prefix = "lake/bars/errors/";
  EXPECT_THAT(table_of(spec).status().message(), HasSubstr("would lie among its files"));
  spec = ParquetSpecForTest();
  spec.json_columns = spec.parquet->columns;
  spec.parquet.reset();
  spec.compression = Compression::kGzip;
  EXPECT_EQ(table_of(spec)->format, "json");
  EXPECT_EQ(table_of(spec)->files, "dt=*/*.gz");
  spec.json_columns.clear();
  EXPECT_THAT(table_of(spec).status().message(), HasSubstr("columns"));
}

// Bigger than a piece of rows, than what is kept before it flows, and than a group of rows.
TEST_F(DeliveryForTest, LargeObjectsFlow) {
  for (const bool parquet : {true, false}) {
    auto spec = ParquetSpecForTest();
    spec.buffering.size_mib = 128;
    if (!parquet) {
      spec.parquet.reset();
      spec.table.clear();
    }
    Make(spec);
    std::vector<std::string> records;
    for (int i = 0; i < 150'000; ++i) records.push_back(Bar(i));
    Put(records);
    ASSERT_TRUE(delivery_->Flush({}).ok());
    int64_t rows = 0;
    for (const auto& [key, bytes] : Objects("lake/bars/dt=")) {
      if (key.ends_with(".parquet") && parquet) rows += lake::ReadParquet(bytes).ValueOrDie()->num_rows();
      if (!key.ends_with(".parquet") && !parquet) rows += std::count(bytes.begin(), bytes.end(), '\n');
    }
    EXPECT_EQ(rows, 150'000);
  }
}

std::string Gunzip(const std::string& bytes, int window) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, window), Z_OK);
  std::string out(10 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

std::string Encoded(Compression compression, const std::string& bytes) {
  const auto encoder = MakeBodyEncoder(compression, "name").ValueOrDie();
  std::string out;
  for (size_t at = 0; at < bytes.size(); at += 1000) {
    EXPECT_TRUE(encoder->Append(std::string_view(bytes).substr(at, 1000), &out).ok());
  }
  EXPECT_TRUE(encoder->Finish(&out).ok());
  return out;
}

uint32_t BigEndian(const std::string& bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

TEST(BodyEncoder, OthersReadWhatItWrites) {
  std::string text;
  for (int i = 0; i < 30'000; ++i) text += Bar(i * 7919 % 10'007);
  EXPECT_EQ(Gunzip(Encoded(Compression::kGzip, text), 15 + 16), text);
  EXPECT_EQ(Encoded(Compression::kNone, text), text);
  const std::string zstd = Encoded(Compression::kZstd, text);
  std::string out(text.size() + 1, '\0');
  out.resize(ZSTD_decompress(out.data(), out.size(), zstd.data(), zstd.size()));
  EXPECT_EQ(out, text);
  // The deflated bytes of a zip stand behind the local header and the name.
  const std::string zip = Encoded(Compression::kZip, text);
  EXPECT_EQ(Gunzip(zip.substr(30 + 4), -15), text);
  EXPECT_EQ(zip.substr(zip.size() - 22, 4), "PK\x05\x06");
  // Snappy's own frames, and Hadoop's blocks with the sizes before them.
  const std::string snappy = Encoded(Compression::kSnappy, text);
  EXPECT_EQ(snappy.substr(0, 10), std::string("\xff\x06\x00\x00sNaPpY", 10));
  const std::string hadoop = Encoded(Compression::kHadoopSnappy, text);
  size_t total = 0;
  for (size_t at = 0; at < hadoop.size(); at += 8 + BigEndian(hadoop, at + 4)) total += BigEndian(hadoop, at);
  EXPECT_EQ(total, text.size());
  for (const auto each : {Compression::kGzip, Compression::kZip, Compression::kSnappy, Compression::kZstd}) {
    EXPECT_EQ(Encoded(each, text), Encoded(each, text));
    EXPECT_LT(Encoded(each, text).size(), text.size() / 2);
    EXPECT_FALSE(Encoded(each, "").empty() && each != Compression::kSnappy);
  }
}

TEST_F(DeliveryForTest, CompressedObjectsHaveTheirExtension) {
  for (const auto& [compression, extension] : {std::pair{Compression::kGzip, ".gz"},
                                               {Compression::kZip, ".zip"},
                                               {Compression::kSnappy, ".snappy"},
                                               {Compression::kHadoopSnappy, ".hsnappy"},
                                               {Compression::kZstd, ".zst"}}) {
    auto spec = SpecForTest();
    spec.compression = compression;
    Make(spec);
    Put({"a"});
    ASSERT_TRUE(delivery_->Flush({}).ok());
    const auto objects = Objects("t/");
    EXPECT_TRUE(std::any_of(objects.begin(), objects.end(),
                            [&](const auto& object) { return object.first.ends_with(extension); }));
  }
}

}  // namespace
}  // namespace penstock::stream
