// Messages of a pipeline's dead-letter queue: what failed, whole enough to do it again (FTSE-4).
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/status.h"

namespace penstock::queue {
class Queue;
}

namespace penstock::pipeline {

struct DeadLetter {
  std::string step;    // fetch, transform
  json::object input;  // of that step: {"symbol","from","to"} or {"date","key"}
  std::string error;   // a name: what Retry and Catch see
  std::string cause;   // for a person
  std::string execution;

  json::object ToJson() const;
  // InvalidData: not such a message.
  static Result<DeadLetter> Parse(std::string_view body);
  // The same failed work gives the same id, however often it fails: one message.
  std::string dedup_id() const;
};

Status SendDeadLetter(queue::Queue& queue, const DeadLetter& letter);

}  // namespace penstock::pipeline
