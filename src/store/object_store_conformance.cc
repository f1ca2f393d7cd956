#include "store/object_store_conformance.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <set>
#include <thread>

#include "base/parallel.h"
#include "base/random.h"

namespace penstock::store {

std::string StoreMakerName(const testing::TestParamInfo<StoreMaker>& info) { return info.param.name; }

void ObjectStoreConformance::SetUp() {
  store_ = GetParam().make();
  ASSERT_NE(store_, nullptr);
}

namespace {

std::vector<std::string> Keys(const std::vector<ObjectInfo>& objects) {
  std::vector<std::string> keys;
  for (const auto& object : objects) keys.push_back(object.key);
  return keys;
}

std::vector<std::string> KeysOf(ObjectStore& store, std::string_view prefix) {
  return Keys(ListAll(store, prefix).ValueOrDie());
}

using List = std::vector<std::string>;

TEST_P(ObjectStoreConformance, PutGetHeadListAgree) {
  const auto put = store_->Put("raw/dt=2017-08-11/AAPL.json", std::string("{\"a\":\0 1}", 9));
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_EQ(put->key, "raw/dt=2017-08-11/AAPL.json");
  EXPECT_EQ(put->size, 9);
  EXPECT_FALSE(put->etag.empty());
  const auto got = store_->Get("raw/dt=2017-08-11/AAPL.json");
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->bytes, std::string("{\"a\":\0 1}", 9));
  const auto head = store_->Head("raw/dt=2017-08-11/AAPL.json");
  ASSERT_TRUE(head.ok()) << head.status();
  const auto listed = ListAll(*store_, "");
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_EQ(listed->size(), 1u);
  for (const ObjectInfo& info : {got->info, *head, listed->front()}) {
    EXPECT_EQ(info.key, put->key);
    EXPECT_EQ(info.size, put->size);
    EXPECT_EQ(info.etag, put->etag);
    EXPECT_LE(std::chrono::abs(info.modified - put->modified), GetParam().traits.modified_within);
    EXPECT_EQ(info.modified, head->modified);
  }
}

TEST_P(ObjectStoreConformance, MissingObjectIsNotFound) {
  ASSERT_TRUE(store_->Put("there/it/is", "x").ok());
  for (const char* key : {"absent", "absent/deeper", "there", "there/it", "there/it/is/not", "there/it/i"}) {
    EXPECT_EQ(CodeOf(store_->Get(key).status()), ErrorCode::kNotFound) << key;
    EXPECT_EQ(CodeOf(store_->GetRange(key, 0, 1).status()), ErrorCode::kNotFound) << key;
    EXPECT_EQ(CodeOf(store_->Head(key).status()), ErrorCode::kNotFound) << key;
    EXPECT_EQ(CodeOf(store_->Put(key, "y", {.if_match = "no such etag"}).status()),
              ErrorCode::kPreconditionFailed)
        << key;
  }
  EXPECT_EQ(KeysOf(*store_, ""), List{"there/it/is"});
}

TEST_P(ObjectStoreConformance, DeleteOfAVersionSparesAnother) {
  const auto first = store_->Put("a/b", "one").ValueOrDie();
  const auto second = store_->Put("a/b", "two").ValueOrDie();
  EXPECT_EQ(CodeOf(store_->Delete("a/b", first.etag)), ErrorCode::kPreconditionFailed);
  EXPECT_EQ(store_->Get("a/b")->bytes, "two");
  EXPECT_TRUE(store_->Delete("a/b", second.etag).ok());
  EXPECT_EQ(CodeOf(store_->Delete("a/b", second.etag)), ErrorCode::kPreconditionFailed) << "it is gone";
  EXPECT_EQ(CodeOf(store_->Delete("never/was", second.etag)), ErrorCode::kPreconditionFailed);
}

TEST_P(ObjectStoreConformance, DeleteIsOkTwiceAndOfWhatNeverWas) {
  ASSERT_TRUE(store_->Put("a/b/c", "x").ok());
  ASSERT_TRUE(store_->Put("a/d", "y").ok());
  EXPECT_TRUE(store_->Delete("a/b/c").ok());
  EXPECT_TRUE(store_->Delete("a/b/c").ok());
  EXPECT_TRUE(store_->Delete("never/was").ok());
  EXPECT_TRUE(store_->Delete("a").ok()) << "the folder of another key is no object";
  EXPECT_TRUE(store_->Delete("a/d/e").ok());
  EXPECT_EQ(CodeOf(store_->Get("a/b/c").status()), ErrorCode::kNotFound);
  EXPECT_EQ(KeysOf(*store_, ""), List{"a/d"});
  EXPECT_TRUE(store_->Put("a/b", "now an object where a folder was").ok());
}

TEST_P(ObjectStoreConformance, EmptyObject) {
  ASSERT_TRUE(store_->Put("marker", "").ok());
  EXPECT_EQ(store_->Get("marker")->bytes, "");
  EXPECT_EQ(store_->Head("marker")->size, 0);
  EXPECT_EQ(store_->GetRange("marker", 0, 10)->bytes, "");
}

TEST_P(ObjectStoreConformance, LargeObject) {
  std::string bytes(64 << 20, '\0');
  Random random(7);
  for (size_t i = 0; i + 8 <= bytes.size(); i += 4096) {
    const uint64_t word = random.Next();
    std::copy_n(reinterpret_cast<const char*>(&word), sizeof word, bytes.begin() + static_cast<ptrdiff_t>(i));
  }
  ASSERT_TRUE(store_->Put("large.bin", bytes).ok());
  const auto got = store_->Get("large.bin");
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_TRUE(got->bytes == bytes);
  EXPECT_TRUE(store_->GetRange("large.bin", (64 << 20) - 5000, 1 << 20)->bytes ==
              bytes.substr(bytes.size() - 5000));
}

TEST_P(ObjectStoreConformance, Ranges) {
  ASSERT_TRUE(store_->Put("digits", "0123456789").ok());
  EXPECT_EQ(store_->GetRange("digits", 0, 4)->bytes, "0123");
  EXPECT_EQ(store_->GetRange("digits", 3, 4)->bytes, "3456");
  EXPECT_EQ(store_->GetRange("digits", 8, 4)->bytes, "89");
  EXPECT_EQ(store_->GetRange("digits", 8, INT64_MAX)->bytes, "89");
  EXPECT_EQ(store_->GetRange("digits", 5, 0)->bytes, "");
  EXPECT_EQ(store_->GetRange("digits", 10, 1)->bytes, "");
  EXPECT_EQ(store_->GetRange("digits", 8, 4)->info.size, 10);
  EXPECT_EQ(CodeOf(store_->GetRange("digits", 11, 1).status()), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOf(store_->GetRange("digits", -1, 1).status()), ErrorCode::kUsage);
  EXPECT_EQ(CodeOf(store_->GetRange("digits", 1, -1).status()), ErrorCode::kUsage);
}

TEST_P(ObjectStoreConformance, EveryPutHasAnEtagOfItsOwn) {
  std::set<Etag> etags;
  for (int i = 0; i < 300; ++i) {
    const auto put =
        store_->Put("same", GetParam().traits.etag_of_bytes ? fmt::format("bytes {}", i) : "same bytes");
    ASSERT_TRUE(put.ok()) << put.status();
    EXPECT_TRUE(etags.insert(put->etag).second) << i;
    if (i % 7 == 0) {
      ASSERT_TRUE(store_->Delete("same").ok());
    }
  }
}

TEST_P(ObjectStoreConformance, CreateIfAbsentIsWonByOne) {
  for (int round = 0; round < 20; ++round) {
    const std::string key = fmt::format("races/{}/lock", round);
    std::atomic<int> won{0}, lost{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back([&, i] {
        const auto put = store_->Put(key, fmt::format("thread {}", i), {.if_absent = true});
        if (put.ok()) ++won;
        if (CodeOf(put.status()) == ErrorCode::kAlreadyExists) ++lost;
      });
    }
    threads.clear();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(lost, 15);
  }
  EXPECT_EQ(KeysOf(*store_, "races/").size(), 20u);
}

TEST_P(ObjectStoreConformance, IfMatchWritesOnlyOverThatVersion) {
  const auto first = store_->Put("state", "1");
  ASSERT_TRUE(first.ok());
  const auto second = store_->Put("state", "2", {.if_match = first->etag});
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(CodeOf(store_->Put("state", "3", {.if_match = first->etag}).status()),
            ErrorCode::kPreconditionFailed);
  EXPECT_EQ(store_->Get("state")->bytes, "2");
  ASSERT_TRUE(store_->Delete("state").ok());
  EXPECT_EQ(CodeOf(store_->Put("state", "3", {.if_match = second->etag}).status()),
            ErrorCode::kPreconditionFailed);
  EXPECT_EQ(CodeOf(store_->Put("state", "3", {.if_absent = true, .if_match = "x"}).status()),
            ErrorCode::kUsage);
  EXPECT_TRUE(KeysOf(*store_, "").empty());
}

TEST_P(ObjectStoreConformance, IfMatchLosesNoUpdate) {
  ASSERT_TRUE(store_->Put("counter", "0").ok());
  std::atomic<int> refused{0};
  const Status done = ParallelFor(8, 8, [&](size_t) -> Status {
    for (int i = 0; i < 50;) {
      ASSIGN_OR_RETURN(const Object now, store_->Get("counter"));
      const auto put =
          store_->Put("counter", std::to_string(std::stoi(now.bytes) + 1), {.if_match = now.info.etag});
      if (put.ok()) {
        ++i;
      } else if (CodeOf(put.status()) == ErrorCode::kPreconditionFailed) {
        ++refused;
      } else {
        return put.status();
      }
    }
    return Status::OK();
  });
  ASSERT_TRUE(done.ok()) << done;
  EXPECT_EQ(store_->Get("counter")->bytes, "400") << refused << " were refused and tried again";
}

// A plain put that came between the compare and the rename of another's if_match would be lost without a
// trace: however the two race, the plain one is last (it was, or it failed the other's condition).
TEST_P(ObjectStoreConformance, IfMatchNeverCoversAPlainPut) {
  for (int round = 0; round < 200; ++round) {
    const auto start = store_->Put("slot", "start");
    ASSERT_TRUE(start.ok()) << start.status();
    std::latch both(2);
    std::jthread plain([&] {
      both.arrive_and_wait();
      EXPECT_TRUE(store_->Put("slot", "plain").ok());
    });
    both.arrive_and_wait();
    const auto put = store_->Put("slot", "conditional", {.if_match = start->etag});
    plain.join();
    if (!put.ok()) {
      ASSERT_EQ(CodeOf(put.status()), ErrorCode::kPreconditionFailed);
    }
    ASSERT_EQ(store_->Get("slot")->bytes, "plain") << round;
  }
}

TEST_P(ObjectStoreConformance, ReadersSeeWholeVersions) {
  const auto version = [](int i) {
    return std::string(100'000 + static_cast<size_t>(i), static_cast<char>('a' + i % 26));
  };
  ASSERT_TRUE(store_->Put("table/part.parquet", version(0)).ok());
  std::atomic<bool> stop{false};
  std::atomic<int> reads{0};
  std::vector<std::jthread> readers;
  for (int r = 0; r < 3; ++r) {
    readers.emplace_back([&] {
      while (!stop) {
        const auto got = store_->Get("table/part.parquet");
        ASSERT_TRUE(got.ok()) << got.status();
        ASSERT_EQ(static_cast<int64_t>(got->bytes.size()), got->info.size);
        ASSERT_EQ(got->bytes.find_first_not_of(got->bytes[0]), std::string::npos);
        ASSERT_EQ(got->bytes[0], 'a' + static_cast<int>(got->bytes.size() - 100'000) % 26);
        ++reads;
      }
    });
  }
  for (int i = 1; i < 200 || reads < 200; ++i)
    ASSERT_TRUE(store_->Put("table/part.parquet", version(i % 1000)).ok());
  stop = true;
}

TEST_P(ObjectStoreConformance, OddKeys) {
  const List odd = {" ",
                    "a b",
                    "%2e%2e",
                    "^GSPC",
                    "BRK.B",
                    "dt=2017-08-11",
                    "a+b&c?d#e",
                    "...",
                    "..a",
                    "-rf",
                    "~",
                    "quote'\"`$(x)",
                    "back\\slash",
                    "new\nline",
                    "tab\t",
                    "*",
                    "株価",
                    "e\xCC\x81",
                    "\xC3\xA9",
                    "🚰",
                    ".hidden",
                    ".penstock2",
                    "x/.penstock/y",
                    "A",
                    "a",
                    std::string(255, 'n'),
                    "deep/" + std::string(200, 'd') + "/" + std::string(255, 'e') + "/f"};
  for (const auto& key : odd) {
    const auto put = store_->Put(key, key);
    ASSERT_TRUE(put.ok()) << key << ": " << put.status();
  }
  for (const auto& key : odd) EXPECT_EQ(store_->Get(key)->bytes, key);
  List sorted = odd;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(KeysOf(*store_, ""), sorted);
  for (const auto& key : odd) ASSERT_TRUE(store_->Delete(key).ok()) << key;
  EXPECT_TRUE(KeysOf(*store_, "").empty());
}

TEST_P(ObjectStoreConformance, KeysOfAnotherFormAreRefusedEverywhere) {
  const List wrong = {"",
                      "/",
                      "/a",
                      "a/",
                      "a//b",
                      ".",
                      "..",
                      "a/./b",
                      "a/../b",
                      "../a",
                      "a/..",
                      std::string("a\0b", 3),
                      "\xff\xfe",
                      "\xC0\xAF",
                      "\xED\xA0\x80",
                      std::string(1025, 'k'),
                      std::string(256, 's'),
                      "a/" + std::string(256, 's'),
                      ".penstock",
                      ".penstock/tmp/x"};
  for (const auto& key : wrong) {
    EXPECT_EQ(CodeOf(store_->Put(key, "x").status()), ErrorCode::kUsage) << key;
    EXPECT_EQ(CodeOf(store_->Get(key).status()), ErrorCode::kUsage) << key;
    EXPECT_EQ(CodeOf(store_->GetRange(key, 0, 1).status()), ErrorCode::kUsage) << key;
    EXPECT_EQ(CodeOf(store_->Head(key).status()), ErrorCode::kUsage) << key;
    EXPECT_EQ(CodeOf(store_->Delete(key)), ErrorCode::kUsage) << key;
    EXPECT_EQ(CodeOf(store_->OpenWriter(key).status()), ErrorCode::kUsage) << key;
  }
  EXPECT_TRUE(KeysOf(*store_, "").empty());
}

TEST_P(ObjectStoreConformance, AKeyIsNotTheFolderOfAnother) {
  ASSERT_TRUE(store_->Put("a/b", "1").ok());
  ASSERT_TRUE(store_->Put("c", "2").ok());
  for (const char* key : {"a", "a/b/c", "a/b/c/d", "c/d"}) {
    EXPECT_EQ(CodeOf(store_->Put(key, "x").status()), ErrorCode::kUsage) << key;
    EXPECT_EQ(CodeOf(store_->Put(key, "x", {.if_absent = true}).status()), ErrorCode::kUsage) << key;
    EXPECT_EQ(CodeOf(store_->OpenWriter(key).ValueOrDie()->Commit().status()), ErrorCode::kUsage) << key;
  }
  EXPECT_EQ(KeysOf(*store_, ""), (List{"a/b", "c"}));
}

TEST_P(ObjectStoreConformance, ListsBytewiseByTheWholeKey) {
  List keys = {"a!b",  "a-b", "a.b", "a/b/c", "a/b.x/c", "a/b-y", "a/b0", "a0",
               "aa/z", "ab",  "b/a", "b0",    "ba",      "é",     "z",    "Z"};
  for (const auto& key : keys) ASSERT_TRUE(store_->Put(key, key).ok()) << key;
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(KeysOf(*store_, ""), keys);
  EXPECT_EQ(KeysOf(*store_, "a/"), (List{"a/b-y", "a/b.x/c", "a/b/c", "a/b0"}));
  // Page by page of every size, the same.
  for (int64_t max = 1; max <= static_cast<int64_t>(keys.size()) + 1; ++max) {
    List paged;
    ListOptions options{.max_keys = max};
    do {
      const auto page = store_->List("", options);
      ASSERT_TRUE(page.ok()) << page.status();
      ASSERT_LE(static_cast<int64_t>(page->objects.size()), max);
      for (const auto& object : page->objects) paged.push_back(object.key);
      options.start_after = page->next;
    } while (!options.start_after.empty());
    EXPECT_EQ(paged, keys) << max;
  }
}

TEST_P(ObjectStoreConformance, ListStartsAfterAnyText) {
  const List keys = {"a/1", "a/2", "a/3/x", "b", "c/1"};
  for (const auto& key : keys) ASSERT_TRUE(store_->Put(key, "").ok());
  for (const std::string after :
       {"", "a", "a/", "a/1", "a/2zz", "a/3", "a/3/", "a/3/x", "a0", "b", "bb", "c/0", "c/1", "d"}) {
    List expected;
    std::copy_if(keys.begin(), keys.end(), std::back_inserter(expected),
                 [&](const auto& key) { return key > after; });
    const auto page = store_->List("", {.start_after = after});
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_EQ(Keys(page->objects), expected) << after;
    EXPECT_TRUE(page->next.empty());
    std::erase_if(expected, [](const auto& key) { return !key.starts_with("a/"); });
    EXPECT_EQ(Keys(store_->List("a/", {.start_after = after})->objects), expected) << after;
  }
}

TEST_P(ObjectStoreConformance, PrefixIsBytewise) {
  for (const char* key :
       {"raw/dt=2017-08-10/A", "raw/dt=2017-08-11/A", "raw/dt=2017-08-11/B", "raw2/x", "ra"}) {
    ASSERT_TRUE(store_->Put(key, "").ok());
  }
  EXPECT_EQ(KeysOf(*store_, "ra").size(), 5u);
  EXPECT_EQ(KeysOf(*store_, "raw").size(), 4u);
  EXPECT_EQ(KeysOf(*store_, "raw/").size(), 3u);
  EXPECT_EQ(KeysOf(*store_, "raw/dt=2017-08-1").size(), 3u);
  EXPECT_EQ(KeysOf(*store_, "raw/dt=2017-08-11/").size(), 2u);
  EXPECT_EQ(KeysOf(*store_, "raw/dt=2017-08-11/B"), List{"raw/dt=2017-08-11/B"});
  for (const char* none : {"raw/dt=2017-08-11/B/", "raw/x", "/", "/raw", "..", "../", "raw/../", "raw//",
                           ".penstock", ".penstock/", ".penstock/tmp/", "ra/", "x/y/z"}) {
    EXPECT_TRUE(KeysOf(*store_, none).empty()) << none;
  }
  EXPECT_EQ(CodeOf(store_->List("", {.max_keys = 0}).status()), ErrorCode::kUsage);
}

TEST_P(ObjectStoreConformance, ListsPastOnePage) {
  List keys;
  for (int i = 0; i < 2500; ++i) keys.push_back(fmt::format("p/{:02}/{:04}", i % 13, i));
  const Status put =
      ParallelFor(keys.size(), 4, [&](size_t i) { return store_->Put(keys[i], "x").status(); });
  ASSERT_TRUE(put.ok()) << put;
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(KeysOf(*store_, "p/"), keys);
  const auto first = store_->List("p/");
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->objects.size(), 1000u);
  EXPECT_EQ(first->next, first->objects.back().key);
}

// The bytes of `size`, different everywhere, so that pieces out of order are seen.
std::string Pattern(size_t size) {
  std::string bytes(size, '\0');
  Random random(11);
  for (size_t i = 0; i < size; i += 8) {
    const uint64_t word = random.Next();
    std::copy_n(reinterpret_cast<const char*>(&word), std::min<size_t>(8, size - i),
                bytes.begin() + static_cast<ptrdiff_t>(i));
  }
  return bytes;
}

Status WriteInPieces(ObjectWriter& writer, std::string_view bytes, size_t piece) {
  for (size_t i = 0; i < bytes.size(); i += piece) RETURN_IF_ERROR(writer.Write(bytes.substr(i, piece)));
  return Status::OK();
}

TEST_P(ObjectStoreConformance, AWriterPublishesAtCommit) {
  ASSERT_TRUE(store_->Put("dir/object", "before").ok());
  auto writer = store_->OpenWriter("dir/object").ValueOrDie();
  ASSERT_TRUE(writer->Write("one, ").ok());
  ASSERT_TRUE(writer->Write("").ok());
  ASSERT_TRUE(writer->Write("two").ok());
  EXPECT_EQ(store_->Get("dir/object")->bytes, "before");
  const auto info = writer->Commit();
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->key, "dir/object");
  EXPECT_EQ(info->size, 8);
  EXPECT_EQ(info->etag, store_->Head("dir/object")->etag);
  EXPECT_EQ(store_->Get("dir/object")->bytes, "one, two");
  EXPECT_EQ(CodeOf(writer->Write("more")), ErrorCode::kUsage);
  EXPECT_EQ(CodeOf(writer->Commit().status()), ErrorCode::kUsage);
  EXPECT_TRUE(store_->OpenWriter("empty").ValueOrDie()->Commit().ok());
  EXPECT_EQ(store_->Get("empty")->bytes, "");
}

TEST_P(ObjectStoreConformance, AWriterWithoutCommitLeavesNothing) {
  for (const size_t size : {size_t{0}, size_t{10}, size_t{17} << 20}) {
    auto writer = store_->OpenWriter("new/object").ValueOrDie();
    ASSERT_TRUE(WriteInPieces(*writer, Pattern(size), 1 << 20).ok());
    writer.reset();
    EXPECT_TRUE(KeysOf(*store_, "").empty());
  }
}

TEST_P(ObjectStoreConformance, AWriterTakesManyAndLargeWrites) {
  const std::string bytes = Pattern((size_t{37} << 20) + 5);
  for (const size_t piece : {size_t{3001}, size_t{1} << 20, bytes.size()}) {
    auto writer = store_->OpenWriter("large/object").ValueOrDie();
    const Status written = WriteInPieces(*writer, bytes, piece);
    ASSERT_TRUE(written.ok()) << written;
    const auto info = writer->Commit();
    ASSERT_TRUE(info.ok()) << info.status();
    EXPECT_EQ(info->size, static_cast<int64_t>(bytes.size()));
    EXPECT_TRUE(store_->Get("large/object")->bytes == bytes) << piece;
    EXPECT_TRUE(store_->GetRange("large/object", (16 << 20) - 3, 7)->bytes ==
                bytes.substr((16 << 20) - 3, 7));
  }
}

TEST_P(ObjectStoreConformance, AWritersConditionsHoldAtCommit) {
  for (const size_t size : {size_t{10}, size_t{17} << 20}) {
    const std::string bytes = Pattern(size);
    const auto open = [&](const PutOptions& options) {
      auto writer = store_->OpenWriter("slot", options).ValueOrDie();
      EXPECT_TRUE(WriteInPieces(*writer, bytes, 1 << 20).ok());
      return writer;
    };
    auto creating = open({.if_absent = true});
    const auto other = store_->Put("slot", "another's").ValueOrDie();
    EXPECT_EQ(CodeOf(creating->Commit().status()), ErrorCode::kAlreadyExists);
    auto replacing = open({.if_match = other.etag});
    auto late = open({.if_match = other.etag});
    EXPECT_EQ(store_->Get("slot")->bytes, "another's");
    const auto replaced = replacing->Commit();
    ASSERT_TRUE(replaced.ok()) << replaced.status();
    EXPECT_EQ(CodeOf(late->Commit().status()), ErrorCode::kPreconditionFailed);
    EXPECT_EQ(store_->Head("slot")->etag, replaced->etag);
    ASSERT_TRUE(store_->Delete("slot").ok());
    EXPECT_EQ(CodeOf(open({.if_match = replaced->etag})->Commit().status()), ErrorCode::kPreconditionFailed);
    EXPECT_TRUE(open({.if_absent = true})->Commit().ok());
    ASSERT_TRUE(store_->Delete("slot").ok());
  }
  EXPECT_EQ(CodeOf(store_->OpenWriter("slot", {.if_absent = true, .if_match = "x"}).status()),
            ErrorCode::kUsage);
}

// Folders come and go under the feet of puts.
TEST_P(ObjectStoreConformance, PutsAndDeletesInOneFolder) {
  if (GetParam().traits.loses_puts_into_folders_that_go) {
    ASSERT_TRUE(store_->Put("x/y/z/stays", "").ok());
  }
  const Status done = ParallelFor(8, 8, [&](size_t worker) -> Status {
    for (int i = 0; i < 100; ++i) {
      const std::string key = fmt::format("x/y/z/{}", worker);
      RETURN_IF_ERROR(store_->Put(key, "1").status());
      RETURN_IF_ERROR(store_->Head(key).status());
      RETURN_IF_ERROR(store_->Delete(key));
    }
    return Status::OK();
  });
  EXPECT_TRUE(done.ok()) << done;
  ASSERT_TRUE(store_->Delete("x/y/z/stays").ok());
  EXPECT_TRUE(KeysOf(*store_, "").empty());
}

}  // namespace
}  // namespace penstock::store
