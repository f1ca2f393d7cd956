// The history of one running execution on its way to the store: events get their ids at once and are written
// in groups by a thread of the journal's own.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "workflow/execution_store.h"

namespace penstock::workflow {

struct JournalOptions {
  // How long an event may wait for others before it is written, when nobody waits for it. Longer: fewer
  // commits, and more finished tasks that a power cut makes run again.
  int commit_interval_ms = 20;
  // How often the owner gives a sign of life and looks for a request to stop.
  int heartbeat_interval_ms = 1'000;
  int64_t max_events = 25'000;
  std::function<void(const HistoryEvent&)> on_event;  // on the journal's thread, in order, after the commit
  std::function<void(const StopRequest&)> on_stop;    // on the journal's thread
  std::function<void(const Status&)> on_failure;      // a commit failed; on the journal's thread, once
};

// What a caller needs of an event that was appended.
struct EventRef {
  int64_t id = 0;
  TimePoint timestamp{};
  int64_t sequence = 0;  // for Sync: counts the events of all lanes in this process; 0: nothing to wait for
};

// One numbering of events: that of the execution, or of a child execution. Guarded by its journal.
struct Lane {
  std::string child;  // HistoryEvent::child
  int64_t last_id = 0;
  TimePoint last_time{};
  bool kept = true;  // false: events are numbered and forgotten (children of the type EXPRESS)
};

// Thread-safe. Destroying it writes what is left.
class Journal {
 public:
  // `last_id` and `last_time` are those of the last event in the store.
  Journal(ExecutionStore& store, std::string execution, Owner owner, Clock& clock, int64_t last_id,
          TimePoint last_time, JournalOptions options);
  ~Journal();

  // A TaskError States.Runtime when the history is full; otherwise the failure of an earlier commit.
  // Timestamps never go back, even when the clock does. `lane`: of a child execution; null: the execution's
  // own.
  Result<EventRef> Append(HistoryEvent&& event, Lane* lane = nullptr);
  // Waits until the event of this sequence and all before it are in the store.
  Status Sync(int64_t sequence);
  // Writes all, then this event and the ending, in one transaction; answers when that was. Nothing may be
  // appended afterwards.
  Result<TimePoint> Finish(HistoryEvent last, Ending ending);
  // Stops writing without an ending: everything appended is written first.
  Status Close();

 private:
  void Loop();
  Status Commit(const std::vector<HistoryEvent>& events, const std::optional<Ending>& ending);
  EventRef Number(HistoryEvent& event, Lane& lane);

  ExecutionStore& store_;
  const std::string execution_;
  const Owner owner_;
  Clock& clock_;
  const JournalOptions options_;

  std::mutex mutex_;
  std::condition_variable wake_;     // the writer
  std::condition_variable written_;  // those who wait for it
  std::vector<HistoryEvent> pending_;
  std::optional<Ending> ending_;
  Lane own_;
  int64_t sequence_ = 0;   // events appended
  int64_t committed_ = 0;  // of them in the store
  int64_t wanted_ = 0;     // somebody waits for this one
  bool closing_ = false;
  bool closed_ = false;
  Status failure_;
  std::thread writer_;
};

}  // namespace penstock::workflow
