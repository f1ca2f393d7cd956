// The context object ($$) of one state visit, built only when something asks for it.
// Source: AWS Step Functions developer guide, "Accessing execution data from the Context object".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "workflow/json_path.h"

namespace penstock::workflow {

// What is the same for all states of an execution. Outlives the execution's frames.
struct ExecutionFacts {
  std::string id, name, role_arn, start_time;
  std::string state_machine_id, state_machine;
  json::value input;
  int64_t redrive_count = 0;
  std::string redrive_time;  // only with a redrive_count
  int depth = 0;             // TaskRequest::depth
  bool express = false;      // an Express workflow: nothing about redrives
};

// The iteration that a frame runs in; the innermost one.
struct MapItem {
  int64_t index = 0;
  const json::value* value = nullptr;
  // Of items that were read from objects: S3://BUCKET/KEY, or S3://BUCKET of a listing.
  std::string_view source = "STATE_DATA";
};

// Not thread-safe: belongs to the thread that runs the state.
class ContextObject {
 public:
  ContextObject(const ExecutionFacts& execution, std::string_view state, TimePoint entered,
                const MapItem* item)
      : execution_(execution), state_(state), entered_(entered), item_(item) {}
  ContextObject(const ContextObject&) = delete;
  ContextObject& operator=(const ContextObject&) = delete;

  // Set for a Task from its second attempt on (0 before it): State.RetryCount.
  void set_retry_count(int count) {
    retry_count_ = count;
    if (!whole_) built_.reset();
  }

  // Replaces it as a whole, for a test of one state.
  void set_whole(json::value context) { whole_ = true, built_ = std::move(context); }
  // Of a Task that waits for its token: Task.Token.
  void set_task_token(std::string token) {
    task_token_ = std::move(token);
    if (!whole_) built_.reset();
  }

  const json::value& value() const;
  // As path.Evaluate(value()), without a copy of the execution's input or the Map's item where it can be
  // avoided.
  Result<json::value> Evaluate(const JsonPath& path) const;
  // As path.Find(value()).
  const json::value* Find(const JsonPath& path) const;

 private:
  const ExecutionFacts& execution_;
  const std::string_view state_;  // the definition's
  const TimePoint entered_;
  const MapItem* item_;
  std::optional<int> retry_count_;
  std::string task_token_;
  bool whole_ = false;
  mutable std::optional<json::value> built_;
};

}  // namespace penstock::workflow
