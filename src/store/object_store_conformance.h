// What every ObjectStore must do. A test program names its stores:
//
//   INSTANTIATE_TEST_SUITE_P(Folder, ObjectStoreConformance, testing::Values(StoreMaker{"folder",
//   MakeFolderStore}),
//                            StoreMakerName);
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "base/clock.h"
#include "store/object_store.h"

namespace penstock::store {

// Where a store is allowed to be another than a folder. Nothing else.
struct StoreTraits {
  // An etag says which bytes, so that putting the same ones again gives the same one.
  bool etag_of_bytes = false;
  // How far the times may lie apart that a put and a look at the object tell.
  Duration modified_within{0};
  // The server keeps keys in folders, and may lose a put into one that a delete of its last object removes at
  // that moment (versitygw 1.8: docs/s3.md has the proof). S3 itself has no folders.
  bool loses_puts_into_folders_that_go = false;
};

struct StoreMaker {
  std::string name;  // letters and digits
  // A store without objects; what it lies in goes with the last pointer. Several threads use it at once.
  std::function<std::shared_ptr<ObjectStore>()> make;
  StoreTraits traits{};
};

inline void PrintTo(const StoreMaker& maker, std::ostream* out) { *out << maker.name; }
// Not inline, so that a program that instantiates the suite links it.
std::string StoreMakerName(const testing::TestParamInfo<StoreMaker>& info);

class ObjectStoreConformance : public testing::TestWithParam<StoreMaker> {
 protected:
  void SetUp() override;
  std::shared_ptr<ObjectStore> store_;
};

}  // namespace penstock::store
