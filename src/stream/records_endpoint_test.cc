#include "stream/records_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <future>

#include "base/fault.h"
#include "base/json.h"
#include "base/temporary_folder.h"
#include "stream/log_reader.h"
#include "stream/put_request.h"
#include "stream/record_lines.h"
#include "stream/stream_folder.h"

namespace penstock::stream {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> RecordsOf(const RecordGroup& group) {
  std::vector<std::string> records;
  size_t at = 0;
  for (const uint32_t size : group.sizes) {
    records.push_back(group.bytes.substr(at, size));
    at += size;
  }
  EXPECT_EQ(at, group.bytes.size());
  return records;
}
std::vector<std::string> Lines(std::string_view body, LineFormat format) {
  RecordGroup group;
  const Status status = ReadLines(body, format, &group);
  EXPECT_TRUE(status.ok()) << status;
  return RecordsOf(group);
}
std::string LinesError(std::string_view body, LineFormat format) {
  RecordGroup group;
  return Describe(ReadLines(body, format, &group));
}

TEST(RecordLines, NdjsonKeepsEachLineAsItIs) {
  EXPECT_THAT(Lines("{\"a\": 1.10}\n\n  \n[2]\r\n\"x\"", LineFormat::kJson),
              ElementsAre("{\"a\": 1.10}\n", "[2]\n", "\"x\"\n"));
  EXPECT_THAT(Lines("\xEF\xBB\xBF{}\n", LineFormat::kJson), ElementsAre("{}\n"));
  EXPECT_THAT(Lines("", LineFormat::kJson), ElementsAre());
  EXPECT_THAT(LinesError("{}\n\n{\"a\":\n", LineFormat::kJson), HasSubstr("line 3: not JSON"));
  EXPECT_THAT(LinesError("{} {}\n", LineFormat::kJson), HasSubstr("line 1"));
  EXPECT_THAT(LinesError("\"\xff\"\n", LineFormat::kJson), HasSubstr("line 1"));
  EXPECT_THAT(LinesError("{}\n\"" + std::string(kMostDataBytes, 'x'), LineFormat::kJson),
              HasSubstr("line 2: 1024002 bytes"))
      << "told before it is parsed";
  RecordGroup group;
  EXPECT_THAT(Describe(ReadLines("{}\n{\n", LineFormat::kJson, &group, {.first_line = 101})),
              HasSubstr("line 102: not JSON"));
}

TEST(RecordLines, TextIsAnyLine) {
  EXPECT_THAT(Lines("not json\n\n<x>", LineFormat::kText), ElementsAre("not json\n", "<x>\n"));
  EXPECT_THAT(LinesError("a\n\xc3(\n", LineFormat::kText), HasSubstr("line 2: text that is not UTF-8"));
  EXPECT_THAT(LinesError(std::string(kMostDataBytes, 'x'), LineFormat::kText),
              HasSubstr("line 1: 1024001 bytes"));
}

TEST(RecordLines, CsvBecomesObjectsAndLosesNoDigit) {
  EXPECT_THAT(Lines("name,high,\"low, or "
                    "so\"\r\nFB,205.10,-0.5\nSHOP,,true\n\n\"00700\",00700,1E5\n\"1\",\"\",\"a\"\"b\nc\"",
                    LineFormat::kCsv),
              ElementsAre("{\"name\":\"FB\",\"high\":205.10,\"low, or so\":-0.5}\n",
                          "{\"name\":\"SHOP\",\"high\":null,\"low, or so\":true}\n",
                          "{\"name\":\"00700\",\"high\":\"00700\",\"low, or so\":\"1E5\"}\n",
                          "{\"name\":\"1\",\"high\":\"\",\"low, or so\":\"a\\\"b\\nc\"}\n"));
  EXPECT_THAT(LinesError("", LineFormat::kCsv), HasSubstr("no header"));
  EXPECT_THAT(LinesError("a,a\n", LineFormat::kCsv), HasSubstr("a name twice"));
  EXPECT_THAT(LinesError("a,b\n1,2\n3\n", LineFormat::kCsv), HasSubstr("line 3: 1 cells, the header has 2"));
  EXPECT_THAT(LinesError("a\n\"x\ny\"\n\"z", LineFormat::kCsv), HasSubstr("line 4: a quotation mark"));
  EXPECT_THAT(LinesError("a\n\"x\"y\n", LineFormat::kCsv), HasSubstr("line 2: letters behind"));
}

std::string Gzip(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}
std::string Zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

class RecordsEndpointTest : public ::testing::Test {
 protected:
  RecordsEndpointTest() : clock_(*ParseTimestamp("2026-11-21T12:00:00Z")) {
    streams_ = *Streams::Open(folder_ / "streams", clock_, Logger());
    StreamSpec spec;
    spec.name = "a";
    EXPECT_TRUE(streams_->Create(spec).ok());
  }
  ~RecordsEndpointTest() override { EXPECT_TRUE(ArmFaults("").ok()); }

  net::ServerResponse Post(std::string body, const std::string& type = "", const std::string& coding = "",
                           const std::string& path = "/streams/a/records",
                           const RecordsEndpointOptions& options = {}) {
    RecordsEndpoint endpoint(*streams_, options);
    auto request = std::make_shared<net::ServerRequest>();
    request->method = "POST";
    EXPECT_TRUE(net::ParseTarget(path, request.get()).ok());
    if (!type.empty()) request->headers.Add("Content-Type", type);
    if (!coding.empty()) request->headers.Add("Content-Encoding", coding);
    request->body = std::move(body);
    EXPECT_TRUE(RecordsEndpoint::IsCall(*request));
    std::promise<net::ServerResponse> answer;
    endpoint.Answer(request, [&](net::ServerResponse response) { answer.set_value(std::move(response)); });
    return answer.get_future().get();
  }
  uint64_t Stored() { return streams_->Describe("a")->counts.records; }

  TemporaryFolder folder_;
  ManualClock clock_;
  std::unique_ptr<Streams> streams_;
};

TEST_F(RecordsEndpointTest, TakesRecordsInTheirFormats) {
  EXPECT_EQ(Post("{\"a\":1}\n{\"a\":2}").body, "{\"accepted\":2}\n");
  EXPECT_EQ(Post("a\n3\n", "Text/CSV; charset=utf-8").body, "{\"accepted\":1}\n");
  EXPECT_EQ(Post(Gzip("{\"a\":4}\n"), "application/x-ndjson", "gzip").body, "{\"accepted\":1}\n");
  EXPECT_EQ(Post(Zstd("{\"a\":5}\n"), "application/x-ndjson", "zstd").body, "{\"accepted\":1}\n");
  const auto reader = *LogReader::Open(LogFolderOf(streams_->folder(), "a"), 0);
  std::string all;
  const auto records = reader->Next(1 << 20);
  for (const auto& record : *records) all += record.data;
  EXPECT_EQ(all, "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\n{\"a\":5}\n");
}

TEST_F(RecordsEndpointTest, RefusesAllOfARequestOrNothing) {
  EXPECT_EQ(Post("{}\n", "", "", "/streams/b/records").status, 404);
  EXPECT_EQ(Post("{}\n", "image/png").status, 415);
  EXPECT_EQ(Post("{}\n", "", "br").status, 415);
  EXPECT_EQ(Post("").status, 400);
  EXPECT_EQ(Post("{}\nno\n").status, 400);
  EXPECT_THAT(Post("{}\nno\n").body, HasSubstr("line 2"));
  EXPECT_EQ(Post("no gzip", "", "gzip").status, 400);
  EXPECT_EQ(Post(Gzip("{}\n").substr(0, 12), "", "gzip").status, 400);
  EXPECT_EQ(Post("{}\n{}\n{}\n", "", "", "/streams/a/records", {.most_records = 2}).status, 413);
  EXPECT_EQ(Stored(), 0u);
}

// A few KiB that would be gigabytes: it ends where the bound is.
TEST_F(RecordsEndpointTest, CompressedBodiesAreBoundedEachAndInSum) {
  std::string bomb(20 << 20, ' ');
  EXPECT_EQ(Post(Gzip(bomb), "", "gzip").status, 413);
  EXPECT_EQ(Post(Zstd(bomb), "", "zstd").status, 413);
  bomb.resize(2 << 20);
  const auto busy = Post(Gzip(bomb), "", "gzip", "/streams/a/records", {.most_decoding_bytes = 1 << 20});
  EXPECT_EQ(busy.status, 429);
  EXPECT_EQ(busy.headers.Find("retry-after"), "1");
}

// Each row of CSV becomes an object with all names: half a MiB that would be ten gigabytes.
TEST_F(RecordsEndpointTest, RowsOfCsvAreBoundedAsTheObjectsTheyBecome) {
  std::string bomb = std::string(200'000, 'n') + "\n";
  for (int i = 0; i < 50'000; ++i) bomb += "1\n";
  const auto refused = Post(bomb, "text/csv");
  EXPECT_EQ(refused.status, 413);
  EXPECT_THAT(refused.body, HasSubstr("split it"));
  EXPECT_EQ(Post(std::string(1 << 20, ','), "text/csv").status, 400) << "and as many cells as letters";
  EXPECT_EQ(Stored(), 0u);
}

TEST_F(RecordsEndpointTest, AFullDiskIsToBeTriedAgain) {
  ASSERT_TRUE(ArmFaults("log.write=error").ok());
  const auto full = Post("{}\n");
  EXPECT_EQ(full.status, 503) << full.body;
  EXPECT_EQ(full.headers.Find("retry-after"), "5");
  EXPECT_EQ(Post("{}\n").status, 200) << "there is space again";
  EXPECT_EQ(Stored(), 1u);
}

}  // namespace
}  // namespace penstock::stream
