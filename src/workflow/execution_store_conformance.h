// What every ExecutionStore does. Usage: INSTANTIATE_TEST_SUITE_P(Name, ExecutionStoreConformance, testing::Values(make)).
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "workflow/execution_store.h"

namespace penstock::workflow {

using MakeExecutionStore = std::function<std::unique_ptr<ExecutionStore>()>;

class ExecutionStoreConformance : public testing::TestWithParam<MakeExecutionStore> {
 protected:
  void SetUp() override { store_ = GetParam()(); }
  std::unique_ptr<ExecutionStore> store_;
};

}  // namespace penstock::workflow
