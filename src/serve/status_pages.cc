#include "serve/status_pages.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/object_store.h"

namespace penstock::serve {
namespace {

json::value TimeOrNull(TimePoint time) {
  return time == TimePoint{} ? json::value(nullptr) : json::value(FormatTimestamp(time));
}

int64_t Seconds(TimePoint time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

net::ServerResponse Text(int status, std::string type, std::string body) {
  net::ServerResponse response;
  response.status = status;
  response.headers.Add("Content-Type", type);
  response.headers.Add("Cache-Control", "no-store");
  response.body = std::move(body);
  return response;
}

constexpr const char* kPlain = "text/plain; charset=utf-8";

}  // namespace

Result<ScheduleStatus> StatusOf(const Schedule& schedule, ScheduleStore* store, TimePoint now, int count) {
  ScheduleStatus status;
  status.schedule = &schedule;
  TimePoint after = now;
  while (schedule.config().enabled && static_cast<int>(status.next.size()) < count) {
    const auto next = schedule.Next(after);
    // Behind the end of the exchange's calendar there is nothing to say.
    if (CodeOf(next.status()) == ErrorCode::kInvalidData) break;
    RETURN_IF_ERROR(next.status());
    if (!*next) break;
    status.next.push_back(**next);
    after = **next;
  }
  if (store != nullptr) {
    ASSIGN_OR_RETURN(auto runs, store->Runs(schedule.id(), 1));
    if (!runs.empty()) status.last = std::move(runs.front());
  }
  return status;
}

json::object ToJson(const ScheduleStatus& status) {
  const Schedule& schedule = *status.schedule;
  json::array next;
  for (const TimePoint time : status.next) next.emplace_back(FormatTimestamp(time));
  json::object out{{"pipeline", schedule.pipeline()},
                   {"schedule", schedule.config().name},
                   {"expression", schedule.config().expression},
                   {"timezone", schedule.timezone()},
                   {"enabled", schedule.config().enabled},
                   {"next", std::move(next)},
                   {"last", nullptr}};
  if (status.last) {
    const ScheduledRun& run = *status.last;
    const bool done = run.state == RunState::kDone;
    out["last"] =
        json::object{{"occurrence", FormatTimestamp(run.occurrence)},
                     {"execution", run.execution},
                     {"state", NameOf(run.state)},
                     {"started", TimeOrNull(run.started)},
                     {"ended", TimeOrNull(run.ended)},
                     {"result", done ? json::value(NameOf(run.outcome.result)) : json::value(nullptr)},
                     {"message", run.outcome.message}};
  }
  return out;
}

std::string MergeMetrics(const std::vector<std::string>& pages) {
  struct Family {
    std::string head, samples;
  };
  std::vector<std::string> order;
  std::map<std::string, Family> families;
  for (const auto& page : pages) {
    std::string_view rest = page;
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      // "# HELP name …", "# TYPE name …", "name{labels} value".
      const bool head = line.starts_with("# HELP ") || line.starts_with("# TYPE ");
      if (line.empty() || (line[0] == '#' && !head)) continue;
      std::string_view name = head ? line.substr(7) : line;
      name = name.substr(0, name.find_first_of(" {"));
      auto [family, fresh] = families.try_emplace(std::string(name));
      if (fresh) order.emplace_back(name);
      std::string& to = head ? family->second.head : family->second.samples;
      if (head && to.find(line.substr(0, 7)) != std::string::npos) continue;
      to += fmt::format("{}\n", line);
    }
  }
  std::string out;
  for (const auto& name : order) out += families[name].head + families[name].samples;
  return out;
}

std::string RenderScheduleMetrics(const std::vector<ScheduleStatus>& statuses) {
  std::string next, last, result;
  for (const auto& status : statuses) {
    const Schedule& schedule = *status.schedule;
    const std::string labels =
        fmt::format("pipeline=\"{}\",schedule=\"{}\"", schedule.pipeline(), schedule.config().name);
    if (!status.next.empty()) {
      next += fmt::format("penstock_schedule_next_time_seconds{{{}}} {}\n", labels, Seconds(status.next[0]));
    }
    if (!status.last) continue;
    last += fmt::format("penstock_schedule_last_time_seconds{{{}}} {}\n", labels,
                        Seconds(status.last->occurrence));
    if (status.last->state != RunState::kDone) continue;
    result += fmt::format("penstock_schedule_last_succeeded{{{}}} {}\n", labels,
                          status.last->outcome.result == RunResult::kSucceeded ? 1 : 0);
  }
  const auto gauge = [](std::string_view name, std::string_view help, const std::string& samples) {
    return samples.empty() ? std::string()
                           : fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n{2}", name, help, samples);
  };
  return gauge("penstock_schedule_next_time_seconds", "The next occurrence, Unix time.", next) +
         gauge("penstock_schedule_last_time_seconds", "The last occurrence that was run, Unix time.", last) +
         gauge("penstock_schedule_last_succeeded", "Whether the last run that ended succeeded.", result);
}

Result<std::vector<ScheduleStatus>> StatusPages::Statuses() const {
  std::vector<ScheduleStatus> out;
  for (const auto& schedule : schedules_) {
    ASSIGN_OR_RETURN(out.emplace_back(), StatusOf(schedule, &store_, clock_.Now(), 1));
  }
  return out;
}

Result<std::string> StatusPages::Schedules() const {
  ASSIGN_OR_RETURN(const auto statuses, Statuses());
  json::array out;
  for (const auto& status : statuses) out.push_back(ToJson(status));
  return ToPrettyJson(out);
}

Result<std::string> StatusPages::Metrics() const {
  ASSIGN_OR_RETURN(const auto statuses, Statuses());
  std::vector<std::string> pages;
  for (const auto& key : metrics_keys_) {
    auto object = objects_.Get(key);
    if (CodeOf(object.status()) == ErrorCode::kNotFound) continue;
    RETURN_IF_ERROR(object.status());
    pages.push_back(std::move(object->bytes));
  }
  pages.push_back(RenderScheduleMetrics(statuses));
  if (more_metrics_) pages.push_back(more_metrics_());
  return MergeMetrics(pages);
}

net::ServerResponse StatusPages::Answer(const net::ServerRequest& request) const {
  if (request.method != "GET" && request.method != "HEAD") return Text(405, kPlain, "GET only\n");
  if (request.path == "/healthz") return Text(200, kPlain, "ok\n");
  const bool metrics = request.path == "/metrics";
  if (!metrics && request.path != "/schedules") {
    return Text(404, kPlain, "there are /healthz, /metrics and /schedules\n");
  }
  const auto body = metrics ? Metrics() : Schedules();
  if (!body.ok()) {
    return Text(InfoOf(CodeOf(body.status())).http_status, kPlain, body.status().message() + "\n");
  }
  return Text(200, metrics ? "text/plain; version=0.0.4; charset=utf-8" : "application/json", *body);
}

}  // namespace penstock::serve
