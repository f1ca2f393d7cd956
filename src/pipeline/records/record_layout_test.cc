#include "pipeline/records/record_layout.h"

#include <gtest/gtest.h>

namespace penstock::pipeline {
namespace {

Pipeline Iex(const std::string& kind = "iex") {
  Pipeline pipeline;
  pipeline.config.name = "my-iex";
  pipeline.config.prefix = "archive/iex/";
  pipeline.config.source.kind = kind;
  return pipeline;
}

TimePoint At(const char* text) { return ParseTimestamp(text).ValueOrDie(); }

// IEX-3: the exact keys.
TEST(RecordLayout, KeysOfIex) {
  const Pipeline pipeline = Iex();
  const RecordLayout layout(pipeline);
  const RawRecord record{"MSFT-1m", At("2019-03-01T14:05:09.987Z"), 1, "csv"};
  EXPECT_EQ(layout.DefinitionsKey(), "archive/iex/definitions.json");
  EXPECT_EQ(layout.RawKey(record), "archive/iex/raw/chart/MSFT-1m/20190301140509.csv");
  EXPECT_EQ(layout.ProcessedKey(record), "archive/iex/processed/MSFT-1m/20190301140509.parquet");
  EXPECT_EQ(layout.CursorKey("MSFT-1m"), "archive/iex/state/MSFT-1m.json");
  EXPECT_EQ(layout.TableOf("MSFT-1m").table, "msft_1m");
  EXPECT_EQ(layout.TableOf("MSFT-1m").database, "my_iex");
  EXPECT_EQ(layout.TableOf("MSFT-1m").prefix, "archive/iex/processed/MSFT-1m/");
}

TEST(RecordLayout, PagesAndOtherApis) {
  const Pipeline pipeline = Iex("http");
  const RecordLayout layout(pipeline);
  const RawRecord record{"news", At("2019-03-01T14:05:09Z"), 12, "json"};
  EXPECT_EQ(layout.RawKey(record), "archive/iex/raw/news/20190301140509-0012.json");
  EXPECT_EQ(layout.ProcessedKey(record), "archive/iex/processed/news/20190301140509-0012.parquet");
}

TEST(RecordLayout, ReadsItsOwnKeysAndNoOthers) {
  const Pipeline pipeline = Iex();
  const RecordLayout layout(pipeline);
  for (const char* key : {"archive/iex/raw/chart/MSFT/20190301140509.csv",
                          "archive/iex/raw/chart/a.b_c/20190301140509-0002.json",
                          "archive/iex/raw/chart/a/20190301140509-12345.json"}) {
    const auto record = layout.ParseRawKey(key);
    ASSERT_TRUE(record) << key;
    EXPECT_EQ(layout.RawKey(*record), key);
  }
  EXPECT_EQ(
      FormatTimestamp(layout.ParseRawKey("archive/iex/raw/chart/MSFT/20190301140509.csv")->requested_at),
      "2019-03-01T14:05:09.000Z");
  for (const char* key :
       {"", "archive/iex/raw/chart/", "archive/iex/raw/chart/MSFT", "archive/iex/raw/chart/MSFT/readme.txt",
        "archive/iex/raw/chart/MSFT/20190231140509.csv", "archive/iex/raw/chart/MSFT/20190301140509.xml",
        "archive/iex/raw/chart/MSFT/20190301140509-2.json",
        "archive/iex/raw/chart/MSFT/20190301140509-0001.json",
        "archive/iex/raw/chart/MSFT/20190301140509-.json",
        "archive/iex/raw/chart/MSFT/sub/20190301140509.json", "archive/iex/raw/chart/_a/20190301140509.json",
        "archive/iex/raw/MSFT/20190301140509.csv", "archive/iex/raw/chart/MSFT/2019030114050.csv",
        "other/raw/chart/MSFT/20190301140509.csv", "archive/iex/raw/chart/MSFT/20190301140509x0002.json",
        "archive/iex/raw/chart/MSFT/20190301140509-99999999999.json"}) {
    EXPECT_FALSE(layout.ParseRawKey(key)) << key;
  }
}

}  // namespace
}  // namespace penstock::pipeline
