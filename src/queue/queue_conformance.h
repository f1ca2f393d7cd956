// What every Queue must do. A test program names its queues:
//
//   INSTANTIATE_TEST_SUITE_P(Sqlite, QueueConformance, testing::Values(QueuesMaker{"sqlite",
//   MakeSqliteQueues}),
//                            QueuesMakerName);
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "base/clock.h"
#include "base/date.h"
#include "queue/queue.h"

namespace penstock::queue {

struct QueuesMaker {
  std::string name;  // letters and digits
  // No queues yet; what they lie in goes with the last pointer. The clock outlives them.
  std::function<std::shared_ptr<Queues>(Clock&)> make;
};

inline void PrintTo(const QueuesMaker& maker, std::ostream* out) { *out << maker.name; }
// Not inline, so that a program that instantiates the suite links it.
std::string QueuesMakerName(const testing::TestParamInfo<QueuesMaker>& info);

class QueueConformance : public testing::TestWithParam<QueuesMaker> {
 protected:
  void SetUp() override;

  ManualClock clock_{TimePoint(MakeDate(2017, 8, 11))};
  std::shared_ptr<Queues> queues_;
  // "work": visible after 30 s, after 3 receipts to "dead".
  std::shared_ptr<Queue> work_, dead_;
};

}  // namespace penstock::queue
