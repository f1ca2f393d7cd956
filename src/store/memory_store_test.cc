#include "store/memory_store.h"

#include <gtest/gtest.h>

#include "base/date.h"
#include "store/object_store_conformance.h"

namespace penstock::store {
namespace {

struct Owned {
  ManualClock clock{TimePoint(MakeDate(2017, 8, 11))};
  MemoryStore store{clock};
};

std::shared_ptr<ObjectStore> Make() {
  auto owned = std::make_shared<Owned>();
  return {owned, &owned->store};
}

INSTANTIATE_TEST_SUITE_P(Memory, ObjectStoreConformance, testing::Values(StoreMaker{"memory", Make}),
                         StoreMakerName);

}  // namespace
}  // namespace penstock::store
