#include "stream/log_reader.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "base/temporary_folder.h"
#include "stream/log_for_test.h"

namespace penstock::stream {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Over what is there: ext4 waits for the disk when a file is cut to nothing and written again.
void WriteFile(const fs::path& path, std::string_view bytes) {
  std::fstream(path, std::ios::binary | std::ios::in | std::ios::out)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  fs::resize_file(path, bytes.size());
}

std::vector<fs::path> SegmentsOf(const std::string& folder) {
  std::vector<fs::path> paths;
  for (const auto& segment : ListSegments(folder).ValueOrDie())
    paths.emplace_back(folder + "/" + FileNameOf(segment));
  return paths;
}

std::string DataOf(uint64_t sequence) { return "record " + std::to_string(sequence * sequence); }

// A closed log of `count` records, DataOf each.
void MakeLog(const std::string& folder, uint64_t count, int64_t segment_bytes = 1 << 20) {
  SystemClock clock;
  FaultyDisk disk;
  auto log =
      RecordLog::Open(folder, {.segment_bytes = segment_bytes, .disk = &disk}, clock, Logger()).ValueOrDie();
  for (uint64_t i = 0; i < count; ++i) ASSERT_EQ(AppendAll(*log, {DataOf(i)}).ValueOrDie(), i);
}

// What was read is a part of what was written, in order, and all that is missing is counted.
void ExpectTrue(const ReadBack& read, uint64_t count) {
  uint64_t before = 0;
  for (size_t i = 0; i < read.sequences.size(); ++i) {
    ASSERT_TRUE(i == 0 || read.sequences[i] > before);
    before = read.sequences[i];
    ASSERT_EQ(read.data[i], DataOf(before));
  }
  EXPECT_EQ(read.sequences.size() + read.damage.records, count);
}

TEST(LogReader, ReadsAcrossSegmentsFromAnySequence) {
  const TemporaryFolder folder;
  const auto log = folder / "log";
  MakeLog(log, 50, 300);
  ASSERT_GT(SegmentsOf(log).size(), 5U);
  for (uint64_t from = 0; from <= 50; ++from) {
    for (const size_t most : {size_t{1}, size_t{100}, size_t{1} << 20}) {
      const auto read = ReadAll(log, from, most).ValueOrDie();
      ASSERT_EQ(read.sequences.size(), 50 - from);
      EXPECT_EQ(read.damage.regions, 0U);
      for (size_t i = 0; i < read.data.size(); ++i) EXPECT_EQ(read.data[i], DataOf(from + i));
    }
  }
}

TEST(LogReader, StopsAtTheEndItIsGiven) {
  const TemporaryFolder folder;
  const auto log = folder / "log";
  MakeLog(log, 20, 200);
  const auto reader = LogReader::Open(log, 3).ValueOrDie();
  std::vector<uint64_t> got;
  for (;;) {
    const auto records = reader->Next(1 << 20, 11).ValueOrDie();
    if (records.empty()) break;
    for (const auto& record : records) got.push_back(record.sequence);
  }
  EXPECT_EQ(got, (std::vector<uint64_t>{3, 4, 5, 6, 7, 8, 9, 10}));
  EXPECT_EQ(reader->next(), 11U);
  EXPECT_EQ(reader->Next(1 << 20).ValueOrDie().front().sequence, 11U);
}

TEST(LogReader, NoFolderIsNotFoundAndAnEmptyOneHasNothing) {
  const TemporaryFolder folder;
  EXPECT_EQ(CodeOf(LogReader::Open(folder / "none", 0).status()), ErrorCode::kNotFound);
  EXPECT_TRUE(ReadAll(folder.path()).ValueOrDie().data.empty());
}

// One byte after the other of a log of a few records is changed, and the log is cut at each: what is read is
// true, at most the record that was hit is missing, and it is counted.
TEST(LogReader, DamageAtEveryByte) {
  const TemporaryFolder folder;
  const auto log = folder / "log";
  constexpr uint64_t kRecords = 6;
  MakeLog(log, kRecords);
  const auto path = SegmentsOf(log).at(0);
  const std::string whole = ReadFile(path);
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x55);
    WriteFile(path, changed);
    const auto read = ReadAll(log).ValueOrDie();
    ExpectTrue(read, kRecords);
    EXPECT_EQ(read.damage.records, 1U) << "byte " << at;
    EXPECT_GE(read.damage.regions, 1U) << "byte " << at;
  }
  for (size_t size = 0; size < whole.size(); ++size) {
    WriteFile(path, std::string_view(whole).substr(0, size));
    ExpectTrue(ReadAll(log).ValueOrDie(), kRecords);
  }
}

// The same, and the log is opened for writing: it says what is lost, gives no sequence twice, and goes on.
TEST(LogReader, AWriterGoesOnBehindDamageAtEveryByte) {
  const TemporaryFolder folder;
  const auto made = folder / "made";
  constexpr uint64_t kRecords = 4;
  MakeLog(made, kRecords);
  const auto name = SegmentsOf(made).at(0).filename();
  const std::string whole = ReadFile(fs::path(made) / name);
  SystemClock clock;
  for (size_t at = 0; at < whole.size() * 2; ++at) {
    const auto log = folder / ("log" + std::to_string(at));
    fs::copy(made, log);
    std::string changed = whole;
    if (at < whole.size()) {
      changed[at] = static_cast<char>(changed[at] ^ 0xff);
    } else {
      changed.resize(at - whole.size());
    }
    WriteFile(fs::path(log) / name, changed);
    {
      FaultyDisk disk;
      const auto opened = RecordLog::Open(log, {.disk = &disk}, clock, Logger()).ValueOrDie();
      EXPECT_GE(opened->damage().records, 1U) << at;
      EXPECT_EQ(AppendAll(*opened, {DataOf(kRecords)}).ValueOrDie(), kRecords) << at;
    }
    const auto read = ReadAll(log).ValueOrDie();
    ExpectTrue(read, kRecords + 1);
    EXPECT_EQ(read.sequences.back(), kRecords);
    fs::remove_all(log);
  }
}

TEST(LogReader, AMissingSegmentIsCounted) {
  const TemporaryFolder folder;
  const auto log = folder / "log";
  MakeLog(log, 30, 200);
  const auto segments = SegmentsOf(log);
  ASSERT_GT(segments.size(), 4U);
  fs::remove(segments[1]);
  const auto read = ReadAll(log).ValueOrDie();
  ExpectTrue(read, 30);
  EXPECT_GT(read.damage.records, 0U);
  fs::remove(segments[0]);
  const auto reader = LogReader::Open(log, 1).ValueOrDie();
  EXPECT_EQ(CodeOf(reader->Next(1).status()), ErrorCode::kNotFound) << "removed, as far as it can tell";
}

// What a power cut leaves: zeros where bytes were not yet written.
TEST(LogReader, ATailOfZerosIsNoDamage) {
  const TemporaryFolder folder;
  const auto log = folder / "log";
  MakeLog(log, 3);
  const auto path = SegmentsOf(log).at(0);
  WriteFile(path, ReadFile(path) + std::string(5'000'000, '\0'));
  const auto read = ReadAll(log).ValueOrDie();
  EXPECT_EQ(read.sequences.size(), 3U);
  EXPECT_EQ(read.damage.regions, 0U);
  SystemClock clock;
  const auto opened = RecordLog::Open(log, {}, clock, Logger()).ValueOrDie();
  EXPECT_EQ(opened->damage().regions, 0U);
  EXPECT_EQ(AppendAll(*opened, {"x"}).ValueOrDie(), 3U);
}

// A power cut: the file `end` is older than the records, and nobody writes.
TEST(LogReader, AnOldEndHidesNothingWhenNobodyWrites) {
  const TemporaryFolder folder;
  const auto log = folder / "log";
  MakeLog(log, 5);
  fs::remove(log + "/end");
  EXPECT_EQ(ReadAll(log).ValueOrDie().sequences.size(), 5U);
  SystemClock clock;
  const auto opened = RecordLog::Open(log, {}, clock, Logger()).ValueOrDie();
  EXPECT_EQ(opened->end(), 5U);
  EXPECT_EQ(ReadAll(log).ValueOrDie().sequences.size(), 5U);
}

// Users' data cannot pass for a record, wherever reading begins again.
TEST(LogReader, ARecordInsideARecordIsData) {
  const TemporaryFolder folder;
  const auto inner = folder / "inner";
  MakeLog(inner, 3);
  const auto log = folder / "log";
  SystemClock clock;
  {
    const auto opened = RecordLog::Open(log, {}, clock, Logger()).ValueOrDie();
    ASSERT_TRUE(AppendAll(*opened, {ReadFile(SegmentsOf(inner).at(0)), "second"}).ok());
  }
  const auto path = SegmentsOf(log).at(0);
  std::string bytes = ReadFile(path);
  bytes[5] = static_cast<char>(bytes[5] ^ 1);  // the outer record's checksum
  WriteFile(path, bytes);
  const auto read = ReadAll(log).ValueOrDie();
  EXPECT_EQ(read.data, std::vector<std::string>{"second"});
  EXPECT_EQ(read.damage.records, 1U);
}

TEST(LogReader, RecordsOfManySizes) {
  const TemporaryFolder folder;
  const auto log = folder / "log";
  SystemClock clock;
  std::vector<std::string> wanted;
  {
    const auto opened = RecordLog::Open(log, {.segment_bytes = 4 << 20}, clock, Logger()).ValueOrDie();
    for (const size_t size : {0, 1, 27, 28, 4096, 65536, 1 << 20, (1 << 20) + 1, 5 << 20, 3, 0}) {
      wanted.push_back(std::string(size, 'x') + "y");
      ASSERT_TRUE(AppendAll(*opened, {wanted.back(), ""}).ok());
      wanted.emplace_back();
    }
    EXPECT_EQ(CodeOf(AppendAll(*opened, {std::string(kMostRecordBytes + 1, 'x')}).status()),
              ErrorCode::kTooLarge);
  }
  for (const size_t most : {size_t{1}, size_t{4096}, size_t{8} << 20}) {
    EXPECT_EQ(ReadAll(log, 0, most).ValueOrDie().data, wanted);
  }
}

}  // namespace
}  // namespace penstock::stream
