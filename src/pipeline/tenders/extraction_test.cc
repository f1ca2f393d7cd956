#include "pipeline/tenders/extraction.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fault.h"
#include "lake/catalog.h"
#include "lake/parquet_stream.h"
#include "pipeline/dead_letter.h"
#include "pipeline/tenders/fake_notices_for_test.h"
#include "pipeline/tenders/year_merge.h"
#include "queue/memory_queue.h"
#include "store/memory_store.h"

namespace penstock::pipeline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const char kArchive[] = "ted/raw/2019/03/2019-03.tar.gz";

class TendersTest : public ::testing::Test {
 protected:
  TendersTest() {
    pipeline_.config.name = "ted";
    pipeline_.config.prefix = "ted/";
    dead_letters_ = queues_.Get("ted-dlq").ValueOrDie();
    runtime_.store = &store_;
    runtime_.dead_letters = dead_letters_.get();
    runtime_.catalog = &catalog_;
    runtime_.clock = &clock_;
    runtime_.progress = &progress_;
    runtime_.threads = 2;
  }

  void Keep(const std::string& key, const std::string& bytes) { ASSERT_TRUE(store_.Put(key, bytes).ok()); }
  Extraction Extract(const std::string& archive, const std::string& version = "1",
                     const ExtractOptions& options = {}) {
    const auto done = ExtractArchive(pipeline_, runtime_, FakeReaders(version), archive, options);
    EXPECT_TRUE(done.ok()) << Describe(done.status());
    return done.ValueOr(Extraction{});
  }
  YearMerge Merge(int year, const MergeOptions& options = {}) {
    const auto done = MergeYear(pipeline_, runtime_, FakeSchemas(), year, options);
    EXPECT_TRUE(done.ok()) << Describe(done.status());
    return done.ValueOr(YearMerge{});
  }
  // All objects but the raw ones, with their bytes.
  std::map<std::string, std::string> Objects() {
    std::map<std::string, std::string> out;
    for (const auto& object : store::ListAll(store_, "").ValueOrDie()) {
      if (object.key.find("/raw/") == std::string::npos)
        out[object.key] = store_.Get(object.key).ValueOrDie().bytes;
    }
    return out;
  }
  std::vector<std::string> Keys(const std::string& prefix) {
    std::vector<std::string> out;
    for (const auto& object : store::ListAll(store_, prefix).ValueOrDie()) out.push_back(object.key);
    return out;
  }
  // "id/version" of each row, of lots and awards with "/place".
  std::vector<std::string> Rows(const std::string& key) {
    std::vector<std::string> out;
    const auto read = lake::ReadParquetBatch(store_.Get(key).ValueOrDie().bytes, key);
    EXPECT_TRUE(read.ok()) << read.status();
    const auto& batch = **read;
    const auto& id = static_cast<const arrow::StringArray&>(*batch.GetColumnByName(kNoticeIdColumn));
    const auto& version = static_cast<const arrow::Int64Array&>(*batch.GetColumnByName(kVersionColumn));
    for (int64_t i = 0; i < id.length(); ++i) {
      out.push_back(fmt::format("{}/{}", id.GetView(i), version.Value(i)));
      for (const char* place : {"lot", "award"}) {
        const auto column = batch.GetColumnByName(place);
        if (column != nullptr)
          out.back() += fmt::format("/{}", static_cast<const arrow::Int64Array&>(*column).Value(i));
      }
    }
    return out;
  }
  std::vector<DeadLetter> Letters() {
    std::vector<DeadLetter> out;
    for (const auto& message : dead_letters_->List().ValueOrDie())
      out.push_back(*DeadLetter::Parse(message.body));
    return out;
  }
  static std::string NameOf(const std::string& archive) { return TenderLayout::ArchiveName(archive); }

  ManualClock clock_{TimePoint{}};
  store::MemoryStore store_{clock_};
  queue::MemoryQueues queues_{clock_};
  lake::StoreCatalog catalog_{store_};
  NoProgress progress_;
  std::shared_ptr<queue::Queue> dead_letters_;
  Pipeline pipeline_;
  Runtime runtime_;
};

std::string MonthArchive() {
  return FakeTarGz({{"03/one.tar.gz", FakeTarGz({{"1/b.xml", FakeNotice{"b", 1, "2019-03-02", 2, 1}.Xml()},
                                                 {"1/a.xml", FakeNotice{"a", 1, "2019-03-02", 1, 0}.Xml()},
                                                 {"1/broken.xml", "<broken"},
                                                 {"1/readme.txt", "about"}})},
                    {"03/two.tar.gz", FakeTarGz({{"2/c.xml", FakeNotice{"c", 1, "2019-03-03", 3, 0}.Xml()},
                                                 {"2/zero.xml", ""}})}});
}

// TED-2: every XML of the archive, by day and sorted; what is none is kept whole, and told by its full name.
TEST_F(TendersTest, AnArchiveBecomesFilesByDay) {
  Keep(kArchive, MonthArchive());
  const Extraction done = Extract(kArchive);
  EXPECT_FALSE(done.already_done);
  EXPECT_EQ(done.marker.notices, 3);
  EXPECT_EQ(done.marker.lots, 6);
  EXPECT_EQ(done.marker.awards, 1);
  EXPECT_EQ(done.marker.refused, 2);
  EXPECT_EQ(done.marker.passed_over, 1);
  EXPECT_THAT(done.marker.Years(), ElementsAre(2019));
  const std::string name = NameOf(kArchive);
  EXPECT_THAT(name, testing::MatchesRegex("2019-03-[0-9a-f]{8}"));
  EXPECT_THAT(Rows("ted/clean/notices/dt=2019-03-02/" + name + ".parquet"), ElementsAre("a/1", "b/1"));
  EXPECT_THAT(Rows("ted/clean/lots/dt=2019-03-02/" + name + ".parquet"),
              ElementsAre("a/1/1", "b/1/1", "b/1/2"));
  EXPECT_THAT(Rows("ted/clean/lots/dt=2019-03-03/" + name + ".parquet"), SizeIs(3));
  EXPECT_THAT(Keys("ted/clean/awards/"), ElementsAre("ted/clean/awards/dt=2019-03-02/" + name + ".parquet"));

  const auto letters = Letters();
  ASSERT_THAT(letters, SizeIs(2));
  std::vector<std::string> causes{letters[0].cause, letters[1].cause};
  EXPECT_THAT(causes, testing::UnorderedElementsAre("03/one.tar.gz!1/broken.xml: not a notice",
                                                    "03/two.tar.gz!2/zero.xml: it has 0 bytes"));
  EXPECT_EQ(ReasonOfRefusal(store_, done.marker, "03/one.tar.gz!1/broken.xml").ValueOrDie(), "not a notice");
  EXPECT_EQ(ReasonOfRefusal(store_, done.marker, "03/one.tar.gz!1/a.xml").ValueOrDie(), std::nullopt);
  const std::string rejected = "ted/rejected/notices/" + name + ".parquet";
  const auto rows =
      lake::ReadParquetBatch(store_.Get(rejected).ValueOrDie().bytes, rejected, {"xml"}).ValueOrDie();
  EXPECT_THAT(rows->ToString(), HasSubstr("3C62726F6B656E")) << "<broken, whole";
}

// ALL-5: again is the same, byte for byte, with one thread or three; and a second run does nothing.
TEST_F(TendersTest, AgainIsTheSame) {
  Keep(kArchive, MonthArchive());
  Extract(kArchive);
  const auto first = Objects();
  EXPECT_TRUE(Extract(kArchive).already_done);
  ExtractOptions again;
  again.again = true;
  for (const int threads : {1, 3}) {
    runtime_.threads = threads;
    EXPECT_FALSE(Extract(kArchive, "1", again).already_done);
    EXPECT_EQ(Objects(), first);
  }
  EXPECT_THAT(Letters(), SizeIs(2)) << "the same failed work is one letter";
}

TEST_F(TendersTest, OtherBytesOrAnotherFieldMapAreExtractedAnewAndNothingStaleStays) {
  Keep(kArchive, MonthArchive());
  Extract(kArchive);
  EXPECT_FALSE(Extract(kArchive, "2").already_done) << "another field map";
  EXPECT_TRUE(Extract(kArchive, "2").already_done);

  Keep(kArchive, FakeTarGz({{"a.xml", FakeNotice{"a", 1, "2019-03-05"}.Xml()}}));
  EXPECT_FALSE(Extract(kArchive, "2").already_done);
  const std::string name = NameOf(kArchive);
  EXPECT_THAT(Keys("ted/clean/"), ElementsAre("ted/clean/lots/dt=2019-03-05/" + name + ".parquet",
                                              "ted/clean/notices/dt=2019-03-05/" + name + ".parquet"));
  EXPECT_THAT(Keys("ted/rejected/"), IsEmpty());

  // The same bytes put once more: known by their hash, where the message has it.
  ExtractOptions hashed;
  hashed.sha256 = "abc";
  EXPECT_TRUE(Extract(kArchive, "2", hashed).already_done) << "the same version of the object";
  hashed.again = true;
  Extract(kArchive, "2", hashed);
  Keep(kArchive, FakeTarGz({{"a.xml", FakeNotice{"a", 1, "2019-03-05"}.Xml()}}));
  hashed.again = false;
  EXPECT_TRUE(Extract(kArchive, "2", hashed).already_done);
  EXPECT_FALSE(Extract(kArchive, "2").already_done);
}

// Days larger than what is held at once become parts, whatever the number of threads.
TEST_F(TendersTest, ALargeArchiveIsWrittenInParts) {
  std::vector<std::pair<std::string, std::string>> files;
  const std::string long_title(2 << 20, 'x');
  for (int i = 0; i < 60; ++i) {
    FakeNotice notice{fmt::format("{:03}", i), 1, i < 58 ? "2019-03-02" : "2019-03-03"};
    notice.title = long_title;
    files.emplace_back(notice.id + ".xml", notice.Xml());
  }
  Keep(kArchive, FakeTarGz(files));
  EXPECT_EQ(Extract(kArchive).marker.notices, 60);
  const std::string name = NameOf(kArchive);
  EXPECT_THAT(Keys("ted/clean/notices/"),
              ElementsAre("ted/clean/notices/dt=2019-03-02/" + name + ".2.parquet",
                          "ted/clean/notices/dt=2019-03-02/" + name + ".3.parquet",
                          "ted/clean/notices/dt=2019-03-02/" + name + ".parquet",
                          "ted/clean/notices/dt=2019-03-03/" + name + ".parquet"));
  EXPECT_EQ(Merge(2019).rows[0], 60);
  EXPECT_EQ(Rows("ted/merged/notices/year=2019/notices.parquet").front(), "000/1");
  EXPECT_EQ(Rows("ted/merged/notices/year=2019/notices.parquet").back(), "059/1");
}

TEST_F(TendersTest, WhatIsNoArchiveOfNoticesIsSaid) {
  Keep(kArchive, "<html>Sorry</html>");
  // The real reader refuses a page; what is no XML at all is no notice either.
  Keep("ted/raw/x.zip", "just text");
  const auto text = ExtractArchive(pipeline_, runtime_, FakeReaders(), "ted/raw/x.zip", {});
  EXPECT_EQ(CodeOf(text.status()), ErrorCode::kInvalidData);
  EXPECT_THAT(text.status().message(), HasSubstr("ted/raw/x.zip"));
  EXPECT_EQ(CodeOf(ExtractArchive(pipeline_, runtime_, FakeReaders(), "ted/raw/none", {}).status()),
            ErrorCode::kNotFound);
  Keep("ted/raw/memory.xml", "<out of memory/>");
  EXPECT_EQ(CodeOf(ExtractArchive(pipeline_, runtime_, FakeReaders(), "ted/raw/memory.xml", {}).status()),
            ErrorCode::kResourceExhausted);
  EXPECT_THAT(Keys("ted/markers/"), IsEmpty());
}

TEST_F(TendersTest, ManyRefusalsAreAHundredLettersAndOne) {
  std::vector<std::pair<std::string, std::string>> files;
  for (int i = 0; i < 130; ++i) files.emplace_back(fmt::format("{}.xml", i), "<broken/>");
  Keep(kArchive, FakeTarGz(files));
  EXPECT_EQ(Extract(kArchive).marker.refused, 130);
  const auto letters = Letters();
  EXPECT_THAT(letters, SizeIs(101));
  EXPECT_TRUE(std::any_of(letters.begin(), letters.end(), [](const auto& letter) {
    return letter.cause.starts_with("130 entries were refused");
  }));
}

// TED-4: all of a year, sorted, each notice once: the latest version, from one archive, with its own lots.
TEST_F(TendersTest, AYearIsMergedToTheLatestVersions) {
  Keep("ted/raw/2019/03/2019-03.tar.gz",
       FakeTarGz({{"b.xml", FakeNotice{"b", 1, "2019-03-02", 2}.Xml()},
                  {"a.xml", FakeNotice{"a", 1, "2019-03-02", 1, 1}.Xml()},
                  {"a-twice.xml", FakeNotice{"a", 1, "2019-03-02", 1, 1}.Xml()},
                  {"late.xml", FakeNotice{"late", 10, "2019-03-31", 1}.Xml()}}));
  Keep("ted/raw/2019/04/2019-04.tar.gz",
       FakeTarGz({{"b2.xml", FakeNotice{"b", 2, "2019-04-01", 3}.Xml()},
                  {"b2-again.xml", FakeNotice{"b", 2, "2019-04-01", 3}.Xml()},
                  {"old.xml", FakeNotice{"late", 9, "2019-04-02", 5}.Xml()},
                  {"next.xml", FakeNotice{"next", 1, "2020-01-01"}.Xml()}}));
  Keep("ted/raw/2019/03/daily.tar.gz", FakeTarGz({{"a.xml", FakeNotice{"a", 1, "2019-03-02", 1, 1}.Xml()},
                                                  {"c.xml", FakeNotice{"c", 1, "2019-03-02", 1}.Xml()}}));
  for (const auto* archive :
       {"ted/raw/2019/03/2019-03.tar.gz", "ted/raw/2019/04/2019-04.tar.gz", "ted/raw/2019/03/daily.tar.gz"})
    Extract(archive);
  const YearMerge done = Merge(2019);
  EXPECT_FALSE(done.already_done);
  EXPECT_THAT(done.rows, ElementsAre(4, 6, 1));
  EXPECT_EQ(done.superseded, 5);
  EXPECT_THAT(Rows("ted/merged/notices/year=2019/notices.parquet"),
              ElementsAre("a/1", "c/1", "late/10", "b/2"));
  EXPECT_THAT(Rows("ted/merged/lots/year=2019/lots.parquet"),
              ElementsAre("a/1/1", "c/1/1", "late/10/1", "b/2/1", "b/2/2", "b/2/3"));
  EXPECT_THAT(Rows("ted/merged/awards/year=2019/awards.parquet"), ElementsAre("a/1/1"));
  const auto entry = catalog_.GetTable("ted", "notices");
  ASSERT_TRUE(entry.ok());
  EXPECT_EQ(entry->prefix, "ted/merged/notices/");
  EXPECT_TRUE(entry->evolving);
  EXPECT_EQ(entry->partition_columns.at(0).name, "year");

  // Again: nothing, or the same bytes; a new clean file is seen.
  const auto objects = Objects();
  EXPECT_TRUE(Merge(2019).already_done);
  MergeOptions again;
  again.again = true;
  for (const int threads : {1, 3}) {
    runtime_.threads = threads;
    EXPECT_FALSE(Merge(2019, again).already_done);
    EXPECT_EQ(Objects(), objects);
  }
  Keep("ted/raw/2019/12/more.tar.gz", FakeTarGz({{"d.xml", FakeNotice{"d", 1, "2019-12-24"}.Xml()}}));
  Extract("ted/raw/2019/12/more.tar.gz");
  EXPECT_EQ(Merge(2019).rows[0], 5);
  EXPECT_THAT(Merge(2020).rows, ElementsAre(1, 1, 0)) << "a table without rows is a file, too";
  EXPECT_EQ(CodeOf(MergeYear(pipeline_, runtime_, FakeSchemas(), 2018).status()), ErrorCode::kNotFound);
}

TEST_F(TendersTest, ColumnsOfAnotherFieldMapStayAndTypesMustAgree) {
  Keep(kArchive, MonthArchive());
  Extract(kArchive);
  TenderSchemas wider = FakeSchemas();
  wider[0] = wider[0]->AddField(4, arrow::field("new", arrow::float64())).ValueOrDie();
  wider[0] = wider[0]->RemoveField(3).ValueOrDie();
  ASSERT_TRUE(MergeYear(pipeline_, runtime_, wider, 2019).ok());
  const auto schema =
      lake::ReadParquetSchema(store_, "ted/merged/notices/year=2019/notices.parquet").ValueOrDie();
  EXPECT_EQ(schema->field_names().back(), "title");
  EXPECT_EQ(schema->field_names().at(3), "new");
  wider[0] = wider[0]->AddField(4, arrow::field("title", arrow::int64())).ValueOrDie();
  const auto other = MergeYear(pipeline_, runtime_, wider, 2019);
  EXPECT_EQ(CodeOf(other.status()), ErrorCode::kConfiguration);
  EXPECT_THAT(other.status().message(), HasSubstr("title"));
}

// ALL-5: stopped at any moment, the year is as it was or as it is, and the next run completes it.
TEST_F(TendersTest, FailuresAtEachCommitLeaveAWholeTable) {
  Keep(kArchive, MonthArchive());
  for (const auto* point : {"tenders.extract.before_marker", "tenders.extract.after_marker"}) {
    ASSERT_TRUE(ArmFaults(std::string(point) + "=error").ok());
    EXPECT_FALSE(ExtractArchive(pipeline_, runtime_, FakeReaders(), kArchive, {}).ok());
    ASSERT_TRUE(ArmFaults("").ok());
  }
  EXPECT_TRUE(Extract(kArchive).already_done);
  for (const auto* point : {"tenders.merge.before", "tenders.merge.between", "tenders.merge.after"}) {
    ASSERT_TRUE(ArmFaults(std::string(point) + "=error").ok());
    EXPECT_FALSE(MergeYear(pipeline_, runtime_, FakeSchemas(), 2019).ok());
    ASSERT_TRUE(ArmFaults("").ok());
    EXPECT_THAT(Keys("ted/markers/merge/"), IsEmpty());
  }
  EXPECT_FALSE(Merge(2019).already_done);
  EXPECT_TRUE(Merge(2019).already_done);
}

}  // namespace
}  // namespace penstock::pipeline
