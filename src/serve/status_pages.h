// What is served over HTTP of the schedules: GET /healthz, /schedules (JSON), /metrics (Prometheus text).
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/status.h"
#include "net/http_server.h"
#include "serve/schedule.h"
#include "serve/schedule_store.h"

namespace penstock::store {
class ObjectStore;
}

namespace penstock::serve {

struct ScheduleStatus {
  const Schedule* schedule = nullptr;
  std::vector<TimePoint> next;       // ascending; none when it is switched off or over
  std::optional<ScheduledRun> last;  // the newest run, which may not be done yet
};

// `store` nullptr: nothing has run yet. `count` of next occurrences.
Result<ScheduleStatus> StatusOf(const Schedule& schedule, ScheduleStore* store, TimePoint now, int count);

json::object ToJson(const ScheduleStatus& status);

// One page of several: the samples of a metric stand together below its first HELP and TYPE.
// Source: Prometheus text exposition format 0.0.4, "Grouping and sorting".
std::string MergeMetrics(const std::vector<std::string>& pages);

// Metrics of the schedules themselves.
std::string RenderScheduleMetrics(const std::vector<ScheduleStatus>& statuses);

// Thread-safe. What it is given outlives it.
class StatusPages {
 public:
  // `metrics_keys`: objects with the metrics of each pipeline's last run; they need not be there.
  // `more_metrics`: of what else runs in this process, the same text.
  StatusPages(const std::vector<Schedule>& schedules, ScheduleStore& store, store::ObjectStore& objects,
              std::vector<std::string> metrics_keys, const Clock& clock,
              std::function<std::string()> more_metrics = nullptr)
      : schedules_(schedules),
        store_(store),
        objects_(objects),
        metrics_keys_(std::move(metrics_keys)),
        clock_(clock),
        more_metrics_(std::move(more_metrics)) {}

  net::ServerResponse Answer(const net::ServerRequest& request) const;

 private:
  Result<std::vector<ScheduleStatus>> Statuses() const;
  Result<std::string> Schedules() const;
  Result<std::string> Metrics() const;

  const std::vector<Schedule>& schedules_;
  ScheduleStore& store_;
  store::ObjectStore& objects_;
  const std::vector<std::string> metrics_keys_;
  const Clock& clock_;
  const std::function<std::string()> more_metrics_;
};

}  // namespace penstock::serve
