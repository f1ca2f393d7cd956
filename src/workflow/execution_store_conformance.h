// What every ExecutionStore does. A test program names its stores:
//
//   INSTANTIATE_TEST_SUITE_P(Memory, ExecutionStoreConformance,
//                            testing::Values(ExecutionStoreMaker{"memory", Make}), ExecutionStoreMakerName);
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "workflow/execution_store.h"

namespace penstock::workflow {

struct ExecutionStoreMaker {
  std::string name;  // letters and digits
  // An empty store.
  std::function<std::shared_ptr<ExecutionStore>()> make;
};

inline void PrintTo(const ExecutionStoreMaker& maker, std::ostream* out) { *out << maker.name; }
// Not inline, so that a program that instantiates the suite links it.
std::string ExecutionStoreMakerName(const testing::TestParamInfo<ExecutionStoreMaker>& info);

class ExecutionStoreConformance : public testing::TestWithParam<ExecutionStoreMaker> {
 protected:
  void SetUp() override;
  std::shared_ptr<ExecutionStore> store_;
};

}  // namespace penstock::workflow
