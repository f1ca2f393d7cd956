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
  // A server keeps time of its own: it is told whenever the test's clock moves, and is exact to `tick`.
  std::function<void(TimePoint)> tell_time = {};
  Duration tick{1};
};

inline void PrintTo(const QueuesMaker& maker, std::ostream* out) { *out << maker.name; }
// Not inline, so that a program that instantiates the suite links it.
std::string QueuesMakerName(const testing::TestParamInfo<QueuesMaker>& info);

class QueueConformance : public testing::TestWithParam<QueuesMaker> {
 protected:
  void SetUp() override;
  void Advance(Duration span);
  // What was received too often is where it belongs, also where somebody has to ask for it.
  void MoveWhatIsDead();

  ManualClock clock_{TimePoint(MakeDate(2017, 8, 11))};
  std::shared_ptr<Queues> queues_;
  // "work": visible after 30 s, after 3 receipts to "dead".
  std::shared_ptr<Queue> work_, dead_;
  QueueCapabilities can_;
};

}  // namespace penstock::queue
