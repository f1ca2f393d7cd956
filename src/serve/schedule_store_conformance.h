// What every ScheduleStore does. A test program names its stores:
//
//   INSTANTIATE_TEST_SUITE_P(Memory, ScheduleStoreConformance,
//                            testing::Values(ScheduleStoreMaker{"memory", Make}), ScheduleStoreMakerName);
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "serve/schedule_store.h"

namespace penstock::serve {

struct ScheduleStoreMaker {
  std::string name;  // letters and digits
  // An empty store.
  std::function<std::shared_ptr<ScheduleStore>()> make;
};

inline void PrintTo(const ScheduleStoreMaker& maker, std::ostream* out) { *out << maker.name; }
// Not inline, so that a program that instantiates the suite links it.
std::string ScheduleStoreMakerName(const testing::TestParamInfo<ScheduleStoreMaker>& info);

class ScheduleStoreConformance : public testing::TestWithParam<ScheduleStoreMaker> {
 protected:
  void SetUp() override;
  std::shared_ptr<ScheduleStore> store_;
};

}  // namespace penstock::serve
