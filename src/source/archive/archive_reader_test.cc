#include "source/archive/archive_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fstream>
#include <iterator>
#include <map>

#include "source/archive/entry_name.h"
#include "source/inflate.h"
#include "store/memory_store.h"

namespace penstock::source {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

const char kA[] = "<a>first</a>";
const char kB[] = "<b>second</b>";

// fuzz/make_archive_corpus.py says what each one is.
std::string Corpus(const std::string& name) {
  std::ifstream in(std::string(PENSTOCK_SOURCE_DIR) + "/fuzz/corpus/archive/" + name, std::ios::binary);
  EXPECT_TRUE(in.is_open()) << name;
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Reading {
  std::vector<std::pair<std::string, std::string>> files, refused;
  Status status;
};

Reading Read(ByteSource& source, const ArchiveLimits& limits = {}) {
  Reading out;
  const ArchiveVisitor visitor{[&](const std::string& name, std::string_view bytes) {
                                 out.files.emplace_back(name, bytes);
                                 return Status::OK();
                               },
                               [&](const RefusedEntry& entry) {
                                 out.refused.emplace_back(entry.name, entry.reason);
                                 return Status::OK();
                               }};
  const auto counts = ReadArchive(source, "x", limits, visitor);
  out.status = counts.status();
  if (counts.ok()) {
    EXPECT_EQ(counts->files, static_cast<int64_t>(out.files.size()));
    EXPECT_EQ(counts->refused, static_cast<int64_t>(out.refused.size()));
  }
  return out;
}

// In pieces of one size, and of another: the same.
Reading ReadCorpus(const std::string& name, const ArchiveLimits& limits = {}) {
  const std::string bytes = Corpus(name);
  MemorySource whole(bytes), pieces(bytes, 100);
  Reading out = Read(whole, limits);
  EXPECT_TRUE(out.status.ok()) << out.status.ToString();
  const Reading again = Read(pieces, limits);
  EXPECT_EQ(out.files, again.files);
  EXPECT_EQ(out.refused, again.refused);
  return out;
}

TEST(ArchiveReader, ReadsWhatToolsWrite) {
  const std::map<std::string, std::vector<std::pair<std::string, std::string>>> kExpected{
      {"plain.xml", {{"x", kA}}},
      {"plain.gz", {{"x", kA}}},
      {"members.gz", {{"x", std::string(kA) + kB}}},
      {"month.tar.gz",
       {{"x!03/one.tar.gz!one/a.xml", kA},
        {"x!03/one.tar.gz!one/b.xml", kB},
        {"x!03/two.tar.gz!two/c.xml", kA}}},
      {"two_tars.tar", {{"x!a.xml", kA}, {"x!b.xml", kB}}},
      {"names.tar",
       {{"x!ünï/東京.xml", kA},
        {"x!" + std::string(150, 'a') + "/" + std::string(120, 'b') + ".xml", kB},
        {"x!dot.xml", kA}}},
      {"python.zip", {{"x!a.xml", kA}, {"x!ü/b.xml", kB}}},
      {"stored.zip", {{"x!a.xml", kA}}},
      {"flow.zip", {{"x!a.xml", kA}, {"x!b.xml", kB}}},
      {"lzma.zip", {{"x!a.xml", kA}}},
      {"python.7z", {{"x!a.xml", kA}, {"x!sub/b.xml", kB}}},
      {"crafted.7z", {{"x!f0.xml", kA}}},
      {"crafted_packed.7z", {{"x!f0.xml", kA}}},
      {"zip_in_tar.tar.gz", {{"x!in.zip!a.xml", kA}, {"x!in.zip!b.xml", kB}}},
      {"7z_in_tar.tar", {{"x!in.7z!a.xml", kA}}},
      {"tar_in_zip.zip", {{"x!in.tar.gz!a.xml", kA}, {"x!in.tar.gz!b.xml", kB}}},
      {"empty.tar", {}},
      {"empty.zip", {}},
  };
  for (const auto& [name, files] : kExpected) {
    SCOPED_TRACE(name);
    if (name == "empty.tar") continue;  // nothing but zeros: below
    const Reading reading = ReadCorpus(name);
    EXPECT_EQ(reading.files, files);
    EXPECT_THAT(reading.refused, IsEmpty());
  }
}

TEST(ArchiveReader, ReadsWhatTarWritesAndRefusesItsLink) {
  for (const auto* name : {"tar_gnu.tar", "tar_pax.tar", "tar_v7.tar"}) {
    SCOPED_TRACE(name);
    Reading reading = ReadCorpus(name);
    if (std::string_view(name) == "tar_gnu.tar") {  // the file with a hole
      ASSERT_THAT(reading.files, SizeIs(3));
      EXPECT_EQ(reading.files[1].first, "x!hole.bin");
      EXPECT_EQ(reading.files[1].second, std::string(1 << 20, '\0') + "end");
      reading.files.erase(reading.files.begin() + 1);
    }
    EXPECT_THAT(reading.files, ElementsAre(Pair("x!a.xml", kA), Pair("x!sub/b.xml", kB)));
    EXPECT_THAT(reading.refused, ElementsAre(Pair("x!link.xml", "it is a link")));
  }
}

// What is wrong is refused by its full name, and the rest goes on.
TEST(ArchiveReader, RefusesByNameAndGoesOn) {
  struct Case {
    const char* name;
    std::vector<std::pair<std::string, std::string>> refused;  // name, part of the reason
    std::vector<std::string> files;
  };
  const std::vector<Case> kCases{
      {"traversal.tar",
       {{"x!../up.xml", "leads out"},
        {"x!a/../../up.xml", "leads out"},
        {"x!a\\..\\..\\up.xml", "leads out"}},
       {"x!ok.xml"}},
      {"traversal.zip", {{"x!../up.xml", "leads out"}, {"x!/etc/passwd", "absolute"}}, {"x!ok.xml"}},
      {"absolute.tar",
       {{"x!/etc/passwd", "absolute"}, {"x!C:/windows.xml", "absolute"}, {"x!\\\\host\\x.xml", "absolute"}},
       {"x!ok.xml"}},
      {"control.tar", {{"x!line?break.xml", "control character"}}, {"x!ok.xml"}},
      {"not_utf8.tar", {{"x!latin-\xEF\xBF\xBD.xml", "UTF-8"}}, {"x!ok.xml"}},
      {"links.tar", {{"x!soft.xml", "link"}, {"x!hard.xml", "link"}}, {"x!ok.xml"}},
      {"devices.tar", {{"x!dev", "device"}, {"x!block", "device"}, {"x!pipe", "device"}}, {"x!ok.xml"}},
      {"duplicates.tar", {{"x!a.xml", "of this name"}}, {"x!a.xml", "x!b.xml"}},
      {"zero_bytes.tar", {{"x!zero.xml", "0 bytes"}}, {"x!ok.xml"}},
      {"zero_bytes.zip", {{"x!zero.xml", "0 bytes"}}, {"x!ok.xml"}},
      {"cut.tar.gz", {{"x!big.bin", "cut short; what follows there is lost"}}, {"x!a.xml"}},
      {"cut.tar", {{"x!big.xml", "lost"}}, {"x!a.xml"}},
      {"cut_within.tar.gz",
       {{"x!one.tar.gz!b.xml", "cut short; what follows there is lost"}},
       {"x!one.tar.gz!a.xml", "x!two.tar.gz!a.xml", "x!two.tar.gz!b.xml"}},
      {"cut.zip", {{"x!big.xml", "lost"}}, {"x!a.xml"}},
      {"cut.7z", {{"x", ""}}, {}},
      {"wrong_crc.tar.gz", {{"x", "wrong checksum"}}, {"x!a.xml", "x!b.xml"}},
      {"wrong_length.gz", {{"x", "checksum"}}, {}},
      {"wrong_crc_within.tar",
       {{"x!a.tar.gz", "wrong checksum"}},
       {"x!a.tar.gz!a.xml", "x!a.tar.gz!b.xml", "x!ok.xml"}},
      {"wrong_crc.zip", {{"x!a.xml", "CRC"}}, {"x!b.xml"}},
      {"behind.gz", {{"x", "behind its end"}}, {}},
      {"deep.gz", {{"x", "more than 8 layers"}}, {}},
      {"encrypted.zip", {{"x!a.xml", "encrypted"}}, {}},
      {"encrypted.7z", {{"x!a.xml", "encrypted"}}, {}},
  };
  for (const Case& test : kCases) {
    SCOPED_TRACE(test.name);
    const Reading reading = ReadCorpus(test.name);
    std::vector<std::string> files;
    for (const auto& [name, bytes] : reading.files) files.push_back(name);
    EXPECT_EQ(files, test.files);
    ASSERT_EQ(reading.refused.size(), test.refused.size()) << testing::PrintToString(reading.refused);
    for (size_t i = 0; i < reading.refused.size(); ++i) {
      EXPECT_EQ(reading.refused[i].first, test.refused[i].first);
      EXPECT_THAT(reading.refused[i].second, HasSubstr(test.refused[i].second));
    }
  }
}

TEST(ArchiveReader, StopsBombsByTheirRatio) {
  ArchiveLimits limits;
  limits.ratio_from_bytes = 1 << 20;
  for (const auto& [file, entry, rest] : {std::tuple{"gzip_bomb.gz", "x", 0},
                                          {"bomb_within.tar", "x!bomb.tar.gz!zeros.xml", 1},
                                          {"zip_bomb.zip", "x!zeros.xml", 0}}) {
    SCOPED_TRACE(file);
    const Reading reading = ReadCorpus(file, limits);
    ASSERT_THAT(reading.refused, SizeIs(1));
    EXPECT_EQ(reading.refused[0].first, entry);
    EXPECT_THAT(reading.refused[0].second, HasSubstr("bomb"));
    EXPECT_THAT(reading.files, SizeIs(rest));
  }
}

TEST(ArchiveReader, KeepsItsLimits) {
  ArchiveLimits limits;
  limits.max_entries = 2;
  EXPECT_THAT(ReadCorpus("traversal.tar", limits).refused.back().second, HasSubstr("more than 2 entries"));
  limits = {};
  limits.max_total_bytes = 1 << 20;
  EXPECT_THAT(ReadCorpus("bomb_within.tar", limits).refused.at(0).second,
              HasSubstr("more than 1048576 bytes come out"));
  limits = {};
  limits.max_entry_bytes = 12;
  const Reading small = ReadCorpus("month.tar.gz", limits);
  EXPECT_THAT(small.files, SizeIs(2));
  EXPECT_THAT(small.refused, ElementsAre(Pair("x!03/one.tar.gz!one/b.xml", HasSubstr("more than 12 bytes"))));
  limits = {};
  limits.max_held_bytes = 20;
  EXPECT_THAT(ReadCorpus("7z_in_tar.tar", limits).refused,
              ElementsAre(Pair("x!in.7z", HasSubstr("without holding it"))));
  EXPECT_THAT(ReadCorpus("zip_in_tar.tar.gz", limits).files, SizeIs(2)) << "by the headers before its files";
  limits = {};
  limits.max_layers = 3;
  EXPECT_THAT(ReadCorpus("month.tar.gz", limits).refused, SizeIs(2));
}

// libarchive takes what the archive says: a dictionary of 1 GiB, and 4 GB for 50 million entries, for 1.5 KB.
TEST(ArchiveReader, ASevenZipThatWantsMuchMemoryIsRefusedBeforeItGetsAny) {
  for (const auto& [file, why] : {std::pair{"dictionary.7z", "a dictionary of 1024 MiB; at most 32 MiB"},
                                  {"dictionary_of_header.7z", "a dictionary of 1024 MiB; at most 32 MiB"},
                                  {"many_files.7z", "50000000 files; at most 100000"}}) {
    rusage before{}, after{};
    getrusage(RUSAGE_SELF, &before);
    EXPECT_THAT(ReadCorpus(file).refused, ElementsAre(Pair("x", HasSubstr(why)))) << file;
    getrusage(RUSAGE_SELF, &after);
    EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 50 << 10) << file << ", KiB";
  }
}

TEST(ArchiveReader, ReadsObjectsByRangesAndTellsTheStoresFailuresApart) {
  for (const auto* name : {"month.tar.gz", "python.zip", "python.7z", "wrong_crc.tar.gz"}) {
    SCOPED_TRACE(name);
    ManualClock clock{TimePoint{}};
    store::MemoryStore store(clock);
    ASSERT_TRUE(store.Put("x", Corpus(name)).ok());
    auto source = ObjectSource::Open(store, "x", 64);
    ASSERT_TRUE(source.ok());
    const Reading reading = Read(**source);
    EXPECT_TRUE(reading.status.ok()) << reading.status.ToString();
    EXPECT_EQ(reading.files, ReadCorpus(name).files);
    EXPECT_EQ(reading.refused, ReadCorpus(name).refused);

    auto replaced = ObjectSource::Open(store, "x", 64);
    ASSERT_TRUE(store.Put("x", Corpus(name) + " ").ok());
    const Reading other = Read(**replaced);
    EXPECT_EQ(CodeOf(other.status), ErrorCode::kPreconditionFailed) << "not a damaged archive";
    EXPECT_THAT(other.refused, IsEmpty());
  }
}

TEST(ArchiveReader, EndsWithWhatTheVisitorSaysAndWhenStopped) {
  const std::string bytes = Corpus("month.tar.gz");
  int files = 0;
  const ArchiveVisitor visitor{[&](const std::string&, std::string_view) {
                                 ++files;
                                 return MakeError(ErrorCode::kNoSpace, "full");
                               },
                               [](const RefusedEntry&) { return Status::OK(); }};
  MemorySource source(bytes);
  EXPECT_EQ(CodeOf(ReadArchive(source, "x", {}, visitor).status()), ErrorCode::kNoSpace);
  EXPECT_EQ(files, 1);
  std::stop_source stop;
  stop.request_stop();
  MemorySource again(bytes);
  EXPECT_EQ(CodeOf(ReadArchive(again, "x", {}, visitor, stop.get_token()).status()), ErrorCode::kCancelled);
}

TEST(EntryName, ShowsAnything) {
  EXPECT_EQ(ShownEntryName("a\tb\xff"), "a?b\xEF\xBF\xBD");
  EXPECT_LT(ShownEntryName(std::string(5000, 'x')).size(), 400u);
  EXPECT_EQ(FaultOfEntryName("a/b..c/..d/e.xml"), "");
  EXPECT_NE(FaultOfEntryName("./"), "");
}

}  // namespace
}  // namespace penstock::source
