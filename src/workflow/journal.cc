#include "workflow/journal.h"

#include <fmt/format.h>

#include <utility>

#include "base/fault.h"
#include "workflow/task.h"

namespace penstock::workflow {
namespace {

// Appending waits when so many events are not yet written: memory stays bounded when the disk is slow.
constexpr size_t kMaxPending = 20'000;
// So many are written without waiting for more.
constexpr size_t kFullGroup = 4'096;

}  // namespace

Journal::Journal(ExecutionStore& store, std::string execution, Owner owner, Clock& clock, int64_t last_id,
                 TimePoint last_time, JournalOptions options)
    : store_(store),
      execution_(std::move(execution)),
      owner_(std::move(owner)),
      clock_(clock),
      options_(std::move(options)),
      own_{"", last_id, last_time, true},
      writer_([this] { Loop(); }) {}

Journal::~Journal() { IgnoreError(Close(), "a failed commit was reported to whoever waited for it"); }

EventRef Journal::Number(HistoryEvent& event, Lane& lane) {
  event.id = ++lane.last_id;
  event.child = lane.child;
  event.timestamp = lane.last_time = std::max(lane.last_time, clock_.Now());
  return {event.id, event.timestamp, lane.kept ? ++sequence_ : 0};
}

Result<EventRef> Journal::Append(HistoryEvent&& event, Lane* of_child) {
  std::unique_lock lock(mutex_);
  Lane& lane = of_child == nullptr ? own_ : *of_child;
  written_.wait(lock, [&] { return pending_.size() < kMaxPending || !failure_.ok(); });
  if (!failure_.ok()) return failure_;
  if (closing_)
    return MakeError(ErrorCode::kInternal, "an event after the end of an execution: " + event.path);
  // The last place is the ending's. Developer guide, "Avoid reaching the history quota".
  if (lane.last_id + 1 >= options_.max_events) {
    return MakeTaskError(
        "States.Runtime",
        fmt::format("The execution reached the maximum number of history events ({}).", options_.max_events));
  }
  const EventRef ref = Number(event, lane);
  if (!lane.kept) return ref;
  pending_.push_back(std::move(event));
  if (pending_.size() == 1 || pending_.size() == kFullGroup) wake_.notify_one();
  return ref;
}

Status Journal::Sync(int64_t sequence) {
  std::unique_lock lock(mutex_);
  if (committed_ >= sequence) return Status::OK();
  wanted_ = std::max(wanted_, sequence);
  wake_.notify_one();
  written_.wait(lock, [&] { return committed_ >= sequence || !failure_.ok() || closed_; });
  return committed_ >= sequence ? Status::OK() : failure_;
}

Result<TimePoint> Journal::Finish(HistoryEvent last, Ending ending) {
  TimePoint stopped;
  {
    std::lock_guard lock(mutex_);
    RETURN_IF_ERROR(failure_);
    stopped = ending.stopped = Number(last, own_).timestamp;
    pending_.push_back(std::move(last));
    ending_ = std::move(ending);
  }
  RETURN_IF_ERROR(Close());
  return stopped;
}

Status Journal::Close() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
    wake_.notify_one();
  }
  if (writer_.joinable()) writer_.join();
  return failure_;
}

Status Journal::Commit(const std::vector<HistoryEvent>& events, const std::optional<Ending>& ending) {
  RETURN_IF_ERROR(FaultPoint("workflow.commit.before"));
  RETURN_IF_ERROR(store_.Append(execution_, owner_, events, ending));
  return FaultPoint("workflow.commit.after");
}

// Waits in real time, not the injected clock's: how events are grouped changes no result.
void Journal::Loop() {
  const auto heartbeat = std::chrono::milliseconds(options_.heartbeat_interval_ms);
  auto next_heartbeat = std::chrono::steady_clock::now() + heartbeat;
  bool stop_seen = false;
  std::vector<HistoryEvent> events;  // takes turns with pending_: both keep their room
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait_until(lock, next_heartbeat, [&] { return closing_ || !pending_.empty(); });
    if (!pending_.empty()) {
      wake_.wait_for(lock, std::chrono::milliseconds(options_.commit_interval_ms),
                     [&] { return closing_ || wanted_ > committed_ || pending_.size() >= kFullGroup; });
      events.swap(pending_);
      const std::optional<Ending> ending = std::exchange(ending_, std::nullopt);
      lock.unlock();
      const Status status = Commit(events, ending);
      if (status.ok() && options_.on_event) {
        for (const auto& event : events) options_.on_event(event);
      }
      if (!status.ok() && options_.on_failure) options_.on_failure(status);
      const auto count = static_cast<int64_t>(events.size());
      events.clear();
      lock.lock();
      if (status.ok())
        committed_ += count;
      else
        failure_ = status;
      written_.notify_all();
    }
    if (!failure_.ok() || (closing_ && pending_.empty())) break;
    if (std::chrono::steady_clock::now() < next_heartbeat) continue;
    next_heartbeat = std::chrono::steady_clock::now() + heartbeat;
    lock.unlock();
    const auto request = store_.Heartbeat(execution_, owner_, clock_.Now());
    if (!request.ok() && CodeOf(request.status()) == ErrorCode::kConflict && options_.on_failure) {
      options_.on_failure(request.status());
    }
    if (request.ok() && request->has_value() && !std::exchange(stop_seen, true) && options_.on_stop) {
      options_.on_stop(**request);
    }
    lock.lock();
    if (!request.ok() && CodeOf(request.status()) == ErrorCode::kConflict) failure_ = request.status();
  }
  closed_ = true;
  written_.notify_all();
}

}  // namespace penstock::workflow
