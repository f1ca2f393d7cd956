// Does the work of dead letters again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "cli/run_target.h"

namespace penstock::pipeline {
struct DeadLetter;
}
namespace penstock::queue {
class Queue;
struct Message;
}  // namespace penstock::queue

namespace penstock::cli {

class Session;
class Workspace;

// What a message of a dead-letter queue says is to be done: a letter of a step, or an archive that was given
// up. InvalidData: neither.
Result<pipeline::DeadLetter> LetterOf(const queue::Message& message);

struct RedriveCount {
  int64_t done = 0;    // succeeded: gone from the queue
  int64_t failed = 0;  // failed again: still there; the reason was printed
};

// The messages `ids` of the dead-letter queue of `pipeline`, or all of them: what is asked of the provider
// again is then transformed and published too. NotFound: the pipeline's folder is not here.
Result<RedriveCount> RedriveQueue(Session& session, Workspace& workspace, queue::Queue& queue,
                                  const std::string& pipeline, const std::vector<std::string>& ids,
                                  const RunTarget& target);

}  // namespace penstock::cli
