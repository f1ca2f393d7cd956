// A stream with its log, store, clock and catalog, for tests of its delivery.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/temporary_folder.h"
#include "lake/catalog.h"
#include "store/faulty_store.h"
#include "store/memory_store.h"
#include "stream/delivery.h"
#include "stream/log_for_test.h"
#include "stream/object_name.h"

namespace penstock::stream {

inline TimePoint MomentOf(std::string_view text) { return ParseTimestamp(text).ValueOrDie(); }

inline StreamSpec SpecForTest() {
  StreamSpec spec;
  spec.name = "s";
  spec.prefix = "t/";
  spec.error_prefix = "e/";
  spec.buffering = {.size_mib = 1, .interval_s = 60};
  return spec;
}

inline StreamSpec ParquetSpecForTest() {
  StreamSpec spec = SpecForTest();
  spec.prefix = "lake/bars/dt=!{timestamp:yyyy-MM-dd}/";
  spec.error_prefix = "errors/!{firehose:error-output-type}/";
  spec.database = "lake";
  spec.table = "bars";
  spec.parquet = ParquetConversion{
      {{"name", "string", true, ""}, {"high", "double", true, ""}, {"ts", "timestamp", true, ""}}, "zstd"};
  return spec;
}

class DeliveryForTest : public ::testing::Test {
 protected:
  DeliveryForTest() { Open(); }

  void Open() {
    delivery_.reset();
    log_.reset();
    LogOptions options;
    options.disk = &disk_;
    options.at_least = ReadDeliveryState(folder()).ValueOrDie().at_least();
    log_ = RecordLog::Open(folder() + "/log", options, clock_, Logger()).ValueOrDie();
  }
  std::string folder() const { return folder_.path(); }

  Delivery& Make(StreamSpec spec, Transform* transform = nullptr) {
    spec_ = std::move(spec);
    transform_ = transform;
    delivery_.reset();
    auto delivery = Delivery::Open(spec_, folder(), *log_, store_, catalog_, transform, clock_, Logger());
    EXPECT_TRUE(delivery.ok()) << delivery.status();
    delivery_ = std::move(delivery).ValueOrDie();
    return *delivery_;
  }
  // As a new process would go on.
  Delivery& Restart() {
    Open();
    return Make(spec_, transform_);
  }

  void Put(const std::vector<std::string>& records) { ASSERT_TRUE(AppendAll(*log_, records).ok()); }

  std::map<std::string, std::string> Objects(std::string_view prefix = "") {
    std::map<std::string, std::string> objects;
    for (const auto& info : store::ListAll(memory_, prefix).ValueOrDie()) {
      objects[info.key] = memory_.Get(info.key)->bytes;
    }
    return objects;
  }
  // All objects' bytes, in the order of their first records.
  std::string Bytes(std::string_view prefix) {
    std::map<uint64_t, std::string> by_sequence;
    for (const auto& [key, bytes] : Objects(prefix)) by_sequence[FirstSequence(key)] += bytes;
    std::string all;
    for (const auto& [sequence, bytes] : by_sequence) all += bytes;
    return all;
  }
  static uint64_t FirstSequence(const std::string& key) { return FirstSequenceOf(key).value(); }

  TemporaryFolder folder_;
  ManualClock clock_{MomentOf("2020-05-14T13:30:00Z")};
  FaultyDisk disk_;
  store::MemoryStore memory_{clock_};
  store::FaultyStore store_{memory_, clock_};
  lake::StoreCatalog catalog_{memory_};
  StreamSpec spec_;
  Transform* transform_ = nullptr;
  std::unique_ptr<RecordLog> log_;
  std::unique_ptr<Delivery> delivery_;
};

}  // namespace penstock::stream
