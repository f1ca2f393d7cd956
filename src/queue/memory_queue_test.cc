#include "queue/memory_queue.h"

#include "queue/queue_conformance.h"

namespace penstock::queue {
namespace {

INSTANTIATE_TEST_SUITE_P(Memory, QueueConformance,
                         testing::Values(QueuesMaker{
                             "memory", [](Clock& clock) { return std::make_shared<MemoryQueues>(clock); }}),
                         QueuesMakerName);

}  // namespace
}  // namespace penstock::queue
