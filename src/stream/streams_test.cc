#include "stream/streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <future>

#include "base/temporary_folder.h"
#include "store/faulty_store.h"
#include "store/memory_store.h"
#include "stream/log_reader.h"
#include "stream/object_name.h"
#include "stream/stream_folder.h"
#include "stream/waiting_records.h"

namespace penstock::stream {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class StreamsTest : public ::testing::Test {
 protected:
  StreamsTest() : clock_(*ParseTimestamp("2026-11-21T12:00:00Z"), false) { Open(); }

  void Open(const StreamsOptions& options = {}) {
    streams_.reset();
    auto opened = Streams::Open(folder_ / "streams", clock_, Logger(), options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    streams_ = *std::move(opened);
  }
  static StreamSpec Spec(const std::string& name) {
    StreamSpec spec;
    spec.name = name;
    return spec;
  }
  static RecordGroup Group(const std::vector<std::string>& records) {
    RecordGroup group;
    for (const auto& record : records) {
      group.bytes += record;
      group.sizes.push_back(static_cast<uint32_t>(record.size()));
    }
    return group;
  }
  PutResult Put(std::string_view name, const std::vector<std::string>& records) {
    std::promise<PutResult> result;
    streams_->Put(name, Group(records), Streams::Take::kWhatFits,
                  [&](const PutResult& put) { result.set_value(put); });
    return result.get_future().get();
  }
  std::vector<std::string> RecordsOf(std::string_view name) {
    std::vector<std::string> out;
    auto reader = LogReader::Open(LogFolderOf(streams_->folder(), name), 0);
    EXPECT_TRUE(reader.ok()) << reader.status();
    for (auto records = (*reader)->Next(1 << 20); records.ok() && !records->empty();
         records = (*reader)->Next(1 << 20)) {
      for (const auto& record : *records) out.emplace_back(record.data);
    }
    return out;
  }

  TemporaryFolder folder_;
  ManualClock clock_;
  std::unique_ptr<Streams> streams_;
};

TEST_F(StreamsTest, AreKeptWithTheirRecords) {
  ASSERT_TRUE(streams_->Create(Spec("b")).ok());
  ASSERT_TRUE(streams_->Create(Spec("a")).ok());
  const PutResult put = Put("a", {"one", "", "three"});
  ASSERT_TRUE(put.status.ok()) << put.status;
  EXPECT_EQ(put.accepted, 3u);
  EXPECT_EQ(Put("a", {"four"}).first, put.first + 3);
  clock_.Advance(std::chrono::hours(1));
  Open();
  EXPECT_THAT(streams_->Names("", 10), ElementsAre("a", "b"));
  EXPECT_THAT(RecordsOf("a"), ElementsAre("one", "", "three", "four"));
  EXPECT_EQ(Put("a", {"five"}).first, put.first + 4);
  EXPECT_EQ(FormatTimestamp(streams_->Describe("b")->spec.created), "2026-11-21T12:00:00.000Z");
  EXPECT_THAT(streams_->Names("a", 10), ElementsAre("b"));
  EXPECT_THAT(streams_->Names("", 1), ElementsAre("a"));
}

// Names of objects and of records are made of when it was created: a clock has more digits than the file.
TEST_F(StreamsTest, AStreamIsTheSameAfterARestart) {
  clock_.Advance(Duration(123'456));
  ASSERT_TRUE(streams_->Create(Spec("a")).ok());
  const auto before = streams_->Describe("a")->spec;
  Open();
  const auto after = streams_->Describe("a")->spec;
  EXPECT_EQ(after.created, before.created);
  EXPECT_EQ(ObjectUuid(after, "", 7), ObjectUuid(before, "", 7));
}

TEST_F(StreamsTest, CountWhatTheyTake) {
  ASSERT_TRUE(streams_->Create(Spec("a")).ok());
  Put("a", {"one", "two"});
  Put("a", {"three"});
  const auto counts = streams_->Describe("a")->counts;
  EXPECT_EQ(counts.put_requests, 2u);
  EXPECT_EQ(counts.records, 3u);
  EXPECT_EQ(counts.bytes, 11u);
  EXPECT_EQ(CodeOf(Put("b", {"x"}).status), ErrorCode::kNotFound);
}

TEST_F(StreamsTest, RefuseNamesThatAreFoldersAndTwiceTheSame) {
  EXPECT_EQ(CodeOf(streams_->Create(Spec("")).status()), ErrorCode::kInvalidData);
  for (const char* name : {"..", ".", ".penstock", "server.lock", "a/b", "a b"}) {
    EXPECT_EQ(CodeOf(streams_->Create(Spec(name)).status()), ErrorCode::kInvalidData) << name;
  }
  ASSERT_TRUE(streams_->Create(Spec("a")).ok());
  EXPECT_EQ(CodeOf(streams_->Create(Spec("a")).status()), ErrorCode::kAlreadyExists);
  Open({.most_streams = 2});
  ASSERT_TRUE(streams_->Create(Spec("b")).ok());
  EXPECT_EQ(CodeOf(streams_->Create(Spec("c")).status()), ErrorCode::kResourceExhausted);
}

TEST_F(StreamsTest, AChangeRaisesTheVersionAndHoldsOnlyOverTheOneItSaw) {
  ASSERT_TRUE(streams_->Create(Spec("a")).ok());
  const auto prefix = [](const char* text) {
    return [text](StreamSpec& spec) {
      spec.prefix = text;
      return Status::OK();
    };
  };
  clock_.Advance(std::chrono::hours(1));
  EXPECT_EQ(streams_->Change("a", prefix("x/"), {.if_version = 1})->spec.version, 2);
  EXPECT_EQ(CodeOf(streams_->Change("a", prefix("y/"), {.if_version = 1}).status()),
            ErrorCode::kPreconditionFailed);
  EXPECT_EQ(CodeOf(streams_->Change("b", prefix("y/"), {}).status()), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(streams_
                       ->Change("a",
                                [](StreamSpec& spec) {
                                  spec.buffering.size_mib = 0;
                                  return Status::OK();
                                },
                                {})
                       .status()),
            ErrorCode::kInvalidData);
  Open();
  const auto spec = streams_->Describe("a")->spec;
  EXPECT_EQ(spec.prefix, "x/");
  EXPECT_EQ(spec.version, 2);
  EXPECT_EQ(FormatTimestamp(spec.updated), "2026-11-21T13:00:00.000Z");
}

TEST_F(StreamsTest, DeclaredStreamsAreMadeAndBroughtUpToTheirFile) {
  StreamSpec spec = Spec("a");
  spec.prefix = "x/";
  EXPECT_EQ(streams_->Ensure(spec)->spec.version, 1);
  EXPECT_EQ(streams_->Ensure(spec)->spec.version, 1);
  spec.prefix = "y/";
  EXPECT_EQ(streams_->Ensure(spec)->spec.version, 2);
  EXPECT_EQ(streams_->Describe("a")->spec.prefix, "y/");
}

TEST_F(StreamsTest, ADeletedStreamIsGoneWithItsRecords) {
  ASSERT_TRUE(streams_->Create(Spec("a")).ok());
  Put("a", {"old"});
  ASSERT_TRUE(streams_->Delete("a").ok());
  EXPECT_EQ(CodeOf(streams_->Delete("a")), ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "streams/a"));
  ASSERT_TRUE(streams_->Create(Spec("a")).ok());
  Put("a", {"new"});
  EXPECT_THAT(RecordsOf("a"), ElementsAre("new"));
  // What a kill in the middle of a delete leaves: no specification, and so no stream.
  streams_.reset();
  std::filesystem::remove(folder_ / "streams/a/stream.json");
  Open();
  EXPECT_THAT(streams_->Names("", 10), ElementsAre());
  ASSERT_TRUE(streams_->Create(Spec("a")).ok());
  EXPECT_THAT(RecordsOf("a"), ElementsAre());
}

// With a place to deliver to: a deletion delivers what is in the log, and stays when it cannot.
class DeliveredStreamsTest : public StreamsTest {
 protected:
  DeliveredStreamsTest() : memory_(clock_), store_(memory_, clock_), catalog_(memory_) { Serve(); }
  ~DeliveredStreamsTest() override { streams_.reset(); }
  void Serve() {
    streams_.reset();
    streams_ = *Streams::Open(folder_ / "streams", clock_, Logger(), {}, {&store_, &catalog_, &random_});
  }
  std::string Objects() {
    std::string all;
    for (const auto& info : *store::ListAll(memory_, "a/")) all += memory_.Get(info.key)->bytes;
    return all;
  }
  StreamState WaitWhileDeleting() {
    while (true) {
      const auto info = streams_->Describe("a");
      if (!info.ok()) return StreamState::kActive;
      if (info->state != StreamState::kDeleting) return info->state;
      std::this_thread::yield();
    }
  }

  Random random_{7};
  store::MemoryStore memory_;
  store::FaultyStore store_;
  lake::StoreCatalog catalog_;
};

TEST_F(DeliveredStreamsTest, ADeletionDeliversFirst) {
  StreamSpec spec = Spec("a");
  spec.prefix = "a/";
  ASSERT_TRUE(streams_->Create(spec).ok());
  Put("a", {"one\n", "two\n"});
  ASSERT_TRUE(streams_->Delete("a").ok());
  EXPECT_EQ(CodeOf(Put("a", {"three\n"}).status), ErrorCode::kNotFound);
  EXPECT_EQ(WaitWhileDeleting(), StreamState::kActive) << "it is gone";
  EXPECT_EQ(Objects(), "one\ntwo\n");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "streams/a"));
}

TEST_F(DeliveredStreamsTest, WhatCannotBeDeliveredIsNotDeletedButByForce) {
  StreamSpec spec = Spec("a");
  spec.prefix = "a/";
  ASSERT_TRUE(streams_->Create(spec).ok());
  Put("a", {"one\n"});
  store_.Order({.key_pattern = "*a/*", .count = -1});
  ASSERT_TRUE(streams_->Delete("a").ok());
  EXPECT_EQ(WaitWhileDeleting(), StreamState::kDeletingFailed);
  EXPECT_NE(streams_->Describe("a")->deleting_error, "");
  EXPECT_EQ(CodeOf(streams_->Change("a", [](StreamSpec&) { return Status::OK(); }, {}).status()),
            ErrorCode::kConflict);
  // A restart goes on with it.
  store_.Clear();
  Serve();
  EXPECT_EQ(WaitWhileDeleting(), StreamState::kActive);
  EXPECT_EQ(Objects(), "one\n");

  ASSERT_TRUE(streams_->Create(spec).ok());
  Put("a", {"lost\n"});
  store_.Order({.key_pattern = "*a/*", .count = -1});
  ASSERT_TRUE(streams_->Delete("a", true).ok());
  EXPECT_EQ(WaitWhileDeleting(), StreamState::kActive);
  EXPECT_EQ(Objects(), "one\n");
}

TEST_F(DeliveredStreamsTest, ADeletionGoesOnOnlyWhereItCanDeliver) {
  StreamSpec spec = Spec("a");
  spec.prefix = "a/";
  ASSERT_TRUE(streams_->Create(spec).ok());
  Put("a", {"one\n"});
  store_.Order({.key_pattern = "*a/*", .count = -1});
  ASSERT_TRUE(streams_->Delete("a").ok());
  EXPECT_EQ(WaitWhileDeleting(), StreamState::kDeletingFailed);
  Open();  // without a lake, as to put records while nobody serves
  EXPECT_EQ(streams_->Describe("a")->state, StreamState::kDeleting);
  EXPECT_EQ(CodeOf(Put("a", {"two\n"}).status), ErrorCode::kNotFound);
  EXPECT_THAT(RecordsOf("a"), ElementsAre("one\n"));
  store_.Clear();
  Serve();
  EXPECT_EQ(WaitWhileDeleting(), StreamState::kActive) << "it is gone";
  EXPECT_EQ(Objects(), "one\n");
}

TEST_F(StreamsTest, WhoLooksForTheServerDoesNotStandInItsWay) {
  streams_.reset();
  const std::string folder = folder_ / "streams";
  std::jthread looker([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) EXPECT_TRUE(ServerLock::Find(folder).ok());
  });
  for (int i = 0; i < 20'000; ++i) {
    const auto lock = ServerLock::Take(folder);
    ASSERT_TRUE(lock.ok()) << i << ": " << lock.status();
  }
}

TEST_F(StreamsTest, AWildcardAddressIsToldAsTheOneThatReachesIt) {
  for (const auto& [listened, told] : {std::pair("http://0.0.0.0:8181", "http://127.0.0.1:8181"),
                                       std::pair("http://[::]:8181", "http://[::1]:8181"),
                                       std::pair("http://10.0.0.0:8181", "http://10.0.0.0:8181")}) {
    ASSERT_TRUE(streams_->Publish(listened).ok());
    EXPECT_EQ((*ServerLock::Find(folder_ / "streams"))->origin, told);
  }
}

TEST_F(StreamsTest, OneProcessServesThemAndOthersFindIt) {
  const auto second = Streams::Open(folder_ / "streams", clock_, Logger());
  EXPECT_EQ(CodeOf(second.status()), ErrorCode::kConflict);
  ASSERT_TRUE(streams_->Publish("http://127.0.0.1:8181").ok());
  const auto server = ServerLock::Find(folder_ / "streams");
  ASSERT_TRUE(server.ok() && *server);
  EXPECT_EQ((*server)->pid, ::getpid());
  EXPECT_EQ((*server)->origin, "http://127.0.0.1:8181");
  EXPECT_THAT(Describe(Streams::Open(folder_ / "streams", clock_, Logger()).status()),
              HasSubstr("at http://127.0.0.1:8181"));
  streams_.reset();
  EXPECT_FALSE(ServerLock::Find(folder_ / "streams")->has_value());
  EXPECT_FALSE(ServerLock::Find(folder_ / "nowhere")->has_value());
}

TEST_F(StreamsTest, WhatWaitsIsCountedWhoeverServesThem) {
  ASSERT_TRUE(streams_->Create(Spec("a")).ok());
  EXPECT_EQ(ReadWaiting(folder_ / "streams", "a")->records, 0u);
  Put("a", {"one", "two"});
  streams_.reset();
  const auto waiting = *ReadWaiting(folder_ / "streams", "a");
  EXPECT_EQ(waiting.records, 2u);
  EXPECT_EQ(waiting.bytes, 6u);
  EXPECT_EQ(waiting.oldest, clock_.Now());
  EXPECT_EQ(ReadWaiting(folder_ / "streams", "none")->records, 0u);
}

TEST_F(StreamsTest, SpecificationsAreReadWhoeverServesThem) {
  EXPECT_TRUE(ReadStreamSpecs(folder_ / "nowhere")->empty());
  ASSERT_TRUE(streams_->Create(Spec("a")).ok());
  ASSERT_EQ(ReadStreamSpecs(folder_ / "streams")->size(), 1u);
  streams_.reset();
  ASSERT_EQ(ReadStreamSpecs(folder_ / "streams")->size(), 1u);
}

TEST_F(StreamsTest, ABrokenSpecificationIsNamed) {
  ASSERT_TRUE(streams_->Create(Spec("a")).ok());
  streams_.reset();
  std::filesystem::resize_file(folder_ / "streams/a/stream.json", 20);
  const auto opened = Streams::Open(folder_ / "streams", clock_, Logger());
  EXPECT_EQ(CodeOf(opened.status()), ErrorCode::kCorrupt);
  EXPECT_THAT(Describe(opened.status()), HasSubstr("streams/a/stream.json"));
}

}  // namespace
}  // namespace penstock::stream
