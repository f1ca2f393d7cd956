// One schedule of a pipeline: when it comes due, and what the execution of each occurrence is called.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/clock.h"
#include "base/status.h"
#include "pipeline/config.h"
#include "serve/market_schedule.h"
#include "serve/schedule_expression.h"

namespace penstock::serve {

// The newest of the occurrences that came due, and how many came before it.
struct DueOccurrence {
  TimePoint time;
  int64_t older = 0;
};

// Immutable.
class Schedule {
 public:
  // Configuration, with file, line and key.
  static Result<Schedule> Make(const std::string& pipeline, const pipeline::ScheduleConfig& config);

  // The first occurrence strictly after; nothing: there is none any more. InvalidData: the exchange's
  // calendar does not reach that far.
  Result<std::optional<TimePoint>> Next(TimePoint after) const;
  // Of those after `after`, up to and with `now`.
  Result<std::optional<DueOccurrence>> Due(TimePoint after, TimePoint now) const;

  // "ftse100/daily": names it in a bucket.
  const std::string& id() const { return id_; }
  const std::string& pipeline() const { return pipeline_; }
  const pipeline::ScheduleConfig& config() const { return config_; }
  // IANA name.
  std::string timezone() const;
  // A function of the schedule and the occurrence: the same name is the same execution.
  std::string ExecutionName(TimePoint occurrence) const;

 private:
  Schedule(std::string pipeline, pipeline::ScheduleConfig config,
           std::variant<ScheduleExpression, MarketSchedule> when);

  std::string pipeline_, id_;
  pipeline::ScheduleConfig config_;
  std::variant<ScheduleExpression, MarketSchedule> when_;
};

}  // namespace penstock::serve
