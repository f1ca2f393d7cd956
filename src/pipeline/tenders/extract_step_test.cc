// The steps over queues and a store in memory, with the real field map and recorded notices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/json_text.h"
#include "lake/catalog.h"
#include "pipeline/dead_letter.h"
#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"
#include "pipeline/step.h"
#include "pipeline/tenders/archive_message.h"
#include "pipeline/tenders/extraction.h"
#include "pipeline/tenders/fake_notices_for_test.h"
#include "queue/memory_queue.h"
#include "store/faulty_store.h"
#include "store/memory_store.h"

namespace penstock::pipeline {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

const char kArchive[] = "ted/raw/2021/03/2021-03.tar.gz";

class ExtractStepTest : public ::testing::Test {
 protected:
  ExtractStepTest() {
    pipeline_.config.name = "ted";
    pipeline_.config.prefix = "ted/";
    pipeline_.folder = std::string(PENSTOCK_SOURCE_DIR) + "/pipelines/ted";
    dead_letters_ = queues_.Get("ted-dlq").ValueOrDie();
    archives_ = queues_.Get(ArchiveQueueName(pipeline_), ArchiveQueueOptions(pipeline_)).ValueOrDie();
    runtime_.store = &store_;
    runtime_.dead_letters = dead_letters_.get();
    runtime_.archives = archives_.get();
    runtime_.catalog = &catalog_;
    runtime_.clock = &clock_;
    runtime_.progress = &progress_;
  }

  // A package of all recorded notices of the Official Journal, and one of eForms.
  void KeepRecorded() {
    std::vector<std::pair<std::string, std::string>> packages;
    for (const auto* folder : {"notices", "eforms"}) {
      std::vector<std::pair<std::string, std::string>> files;
      for (const auto& entry : std::filesystem::directory_iterator(std::string(PENSTOCK_SOURCE_DIR) +
                                                                   "/tests/data/ted/" + folder)) {
        std::ifstream in(entry.path(), std::ios::binary);
        files.emplace_back(entry.path().filename().string(),
                           std::string(std::istreambuf_iterator<char>(in), {}));
      }
      notices_ += static_cast<int64_t>(files.size());
      packages.emplace_back(std::string("03/") + folder + ".tar.gz", FakeTarGz(files));
    }
    ASSERT_TRUE(store_.Put(kArchive, FakeTarGz(packages)).ok());
  }
  void Send(const std::string& archive) {
    ArchiveMessage message;
    message.archive = archive;
    message.sha256 = "of " + archive;
    message.year = 2021;
    message.month = 3;
    ASSERT_TRUE(SendArchive(*archives_, message).ok());
  }
  Result<json::value> Run(std::string_view step, const json::value& input) {
    const StepContext context{pipeline_, runtime_, "test", {}};
    return FindStep(step).ValueOrDie()->run(context, input);
  }
  json::object Extract(const json::value& input = json::object{}) {
    const auto out = Run("start_extract_job", input);
    EXPECT_TRUE(out.ok()) << Describe(out.status());
    return out.ok() ? out->get_object() : json::object{};
  }

  ManualClock clock_{TimePoint{}, false};
  store::MemoryStore store_{clock_};
  queue::MemoryQueues queues_{clock_};
  lake::StoreCatalog catalog_{store_};
  NoProgress progress_;
  std::shared_ptr<queue::Queue> dead_letters_, archives_;
  Pipeline pipeline_;
  Runtime runtime_;
  int64_t notices_ = 0;
};

// TED-2, TED-3, TED-4: from the queue to tables.
TEST_F(ExtractStepTest, ArchivesOfTheQueueBecomeTables) {
  KeepRecorded();
  Send(kArchive);
  json::object out = Extract();
  EXPECT_EQ(out["archives"], 1);
  EXPECT_EQ(out["already"], 0);
  EXPECT_EQ(out["notices"].as_int64() + out["refused"].as_int64(), notices_);
  EXPECT_EQ(out["refused"], 0) << JsonText(out);
  EXPECT_EQ(out["failed"], 0);
  EXPECT_EQ(out["waiting"], 0);
  EXPECT_GT(out["lots"].as_int64(), 0);
  EXPECT_GT(out["awards"].as_int64(), 0);
  EXPECT_EQ(out["years"], json::value({2016, 2018, 2020, 2021, 2022, 2023, 2024})) << JsonText(out);
  const auto merged = Run("merge_year", json::object{{"year", 2021}});
  ASSERT_TRUE(merged.ok()) << Describe(merged.status());
  EXPECT_GT(merged->at("notices").as_int64(), 10);
  EXPECT_EQ(catalog_.ListTables("ted").ValueOrDie().size(), 3u);

  // The message once more, as a run that is repeated sends it.
  Send(kArchive);
  out = Extract();
  EXPECT_EQ(out["already"], 1);
  EXPECT_TRUE(Run("merge_year", json::object{{"year", 2021}})->at("already_done").as_bool());
}

// TED-3: what cannot be extracted is a dead letter: at once where trying again cannot help, else after three
// times.
TEST_F(ExtractStepTest, WhatFailsGoesToTheDeadLetterQueue) {
  Send("ted/raw/2021/03/gone.tar.gz");
  ASSERT_TRUE(archives_->Send("not a message").ok());
  json::object out = Extract();
  EXPECT_EQ(out["failed"], 2);
  EXPECT_EQ(out["waiting"], 0);
  EXPECT_THAT(dead_letters_->List().ValueOrDie(), SizeIs(2));
  ASSERT_TRUE(dead_letters_->Purge().ok());

  KeepRecorded();
  Send(kArchive);
  store::FaultyStore faulty(store_, clock_);
  runtime_.store = &faulty;
  for (int attempt = 1; attempt <= 3; ++attempt) {
    faulty.Order({.operation = store::Operation::kGet, .key_pattern = "ted/raw/*"});
    out = Extract();
    EXPECT_EQ(out["archives"], 0);
    EXPECT_EQ(out["failed"], attempt == 3 ? 1 : 0);
    EXPECT_EQ(out["waiting"], attempt == 3 ? 0 : 1);
    clock_.Advance(std::chrono::minutes(1));
  }
  EXPECT_THAT(dead_letters_->List().ValueOrDie(), SizeIs(1));
}

// A refused notice is a letter that says "still refused" until another field map, or other bytes, read it.
TEST_F(ExtractStepTest, ARefusedNoticeIsALetterThatKnowsWhenItIsRead) {
  std::ifstream in(std::string(PENSTOCK_SOURCE_DIR) + "/tests/data/ted/notices/026522_2021.xml",
                   std::ios::binary);
  const std::string good(std::istreambuf_iterator<char>(in), {});
  ASSERT_FALSE(good.empty());
  ASSERT_TRUE(store_.Put(kArchive, FakeTarGz({{"good.xml", good}, {"cut.xml", good.substr(0, 3000)}})).ok());
  json::object out = Extract(json::object{{"archives", json::array{kArchive}}});
  EXPECT_EQ(out["notices"], 1);
  EXPECT_EQ(out["refused"], 1);
  const auto letters = dead_letters_->List().ValueOrDie();
  ASSERT_THAT(letters, SizeIs(1));
  const auto letter = DeadLetter::Parse(letters[0].body).ValueOrDie();
  EXPECT_THAT(letter.cause, HasSubstr("cut.xml"));
  const auto still = Run(letter.step, letter.input);
  EXPECT_EQ(CodeOf(still.status()), ErrorCode::kInvalidData);
  EXPECT_THAT(still.status().message(), HasSubstr("still refused"));
  ASSERT_TRUE(store_.Put(kArchive, FakeTarGz({{"good.xml", good}, {"cut.xml", good}})).ok());
  EXPECT_TRUE(Run(letter.step, letter.input).ok());
}

TEST_F(ExtractStepTest, WrongInputsAndFoldersAreSaid) {
  EXPECT_EQ(CodeOf(Run("start_extract_job", json::object{{"archives", "x"}}).status()), ErrorCode::kUsage);
  EXPECT_EQ(CodeOf(Run("start_extract_job", json::object{{"archives", json::array{"none"}}}).status()),
            ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(Run("merge_year", json::object{{"year", 19}}).status()), ErrorCode::kUsage);
  EXPECT_EQ(CodeOf(Run("merge_year", json::object{{"year", 2019}}).status()), ErrorCode::kNotFound);
  pipeline_.folder = "/nowhere";
  EXPECT_EQ(CodeOf(Run("start_extract_job", json::object{}).status()), ErrorCode::kConfiguration);
}

}  // namespace
}  // namespace penstock::pipeline
