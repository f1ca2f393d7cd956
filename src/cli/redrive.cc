#include "cli/redrive.h"

#include <algorithm>
#include <map>
#include <set>

#include "cli/family_verbs.h"
#include "cli/progress_bar.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "pipeline/dead_letter.h"
#include "pipeline/tenders/archive_message.h"
#include "queue/heartbeat.h"
#include "queue/queue.h"

namespace penstock::cli {
namespace {

using pipeline::DeadLetter;

// Extended while there is work; when this process dies, the messages are seen again after it.
constexpr Duration kHold = std::chrono::minutes(2);
// Letters that are done together, where a family can.
constexpr size_t kRound = 1000;

}  // namespace

Result<pipeline::DeadLetter> LetterOf(const queue::Message& message) {
  auto letter = DeadLetter::Parse(message.body);
  if (letter.ok()) return letter;
  auto archive = pipeline::LetterOfArchive(message);
  return archive.ok() ? archive : letter;
}

Result<RedriveCount> RedriveQueue(Session& session, Workspace& workspace, queue::Queue& queue,
                                  const std::string& pipeline, const std::vector<std::string>& ids,
                                  const RunTarget& target) {
  RedriveCount count;
  ASSIGN_OR_RETURN(const auto waiting, queue.Count());
  if (waiting.visible == 0) return count;
  ASSIGN_OR_RETURN(auto loaded, pipeline::LoadPipeline(pipeline));
  const auto do_again = VerbsOf(loaded.family()).do_again;
  ASSIGN_OR_RETURN(const auto shop,
                   PipelineWorkshop::Open(session, workspace, std::move(loaded), {target, nullptr}));

  ProgressBar progress(session.clock(), session.err(), [&](std::string_view text) { session.Remark(text); });
  progress.Begin("redrive", ids.empty() ? waiting.visible : static_cast<int64_t>(ids.size()));
  // What is not wanted, or failed again, is held until all were met: so each is met once, whatever the order
  // in which the queue gives them.
  queue::Heartbeat heartbeat(queue, session.clock(), session.log(), {.visibility_timeout = kHold});
  struct Held {
    std::string receipt;
    std::unique_ptr<queue::Heartbeat::Held> hold;
  };
  std::map<std::string, Held> held;  // by id
  std::set<std::string> tried;
  const auto remove = [&](const std::string& id) -> Status {
    RETURN_IF_ERROR(queue.Delete(held.at(id).receipt));
    held.erase(id);
    return Status::OK();
  };
  const auto ended = [&](const std::string& id, const Status& worked) -> Status {
    progress.Advance(1, worked.ok() ? 0 : 1);
    if (worked.ok()) {
      ++count.done;
      return remove(id);
    }
    session.Remark("  " + id + ": " + Describe(worked) + "\n");
    ++count.failed;
    return Status::OK();
  };
  std::vector<DeadLetter> letters;
  std::vector<std::string> of;  // the message of each letter
  const auto take = [&](const queue::Message& message) -> Status {
    const bool met = held.contains(message.id);  // its time ran out meanwhile
    held[message.id] = {message.receipt, heartbeat.Hold(message)};
    const bool wanted = ids.empty() || std::find(ids.begin(), ids.end(), message.id) != ids.end();
    if (met || !wanted) return Status::OK();
    auto letter = LetterOf(message);
    if (!letter.ok()) return ended(message.id, letter.status());
    // Where a queue keeps two letters of one piece of work, or a try that failed has sent the second: one is
    // enough.
    if (!tried.insert(letter->dedup_id()).second) return remove(message.id);
    letters.push_back(*std::move(letter));
    of.push_back(message.id);
    return Status::OK();
  };
  const Status done = [&]() -> Status {
    while (true) {
      letters.clear();
      of.clear();
      while (letters.size() < kRound) {
        if (session.stop().stop_requested()) return MakeError(ErrorCode::kCancelled, "stopped on request");
        queue::ReceiveOptions receive;
        receive.visibility_timeout = kHold;
        ASSIGN_OR_RETURN(const auto messages, queue.Receive(receive));
        if (messages.empty()) break;
        for (const auto& message : messages) RETURN_IF_ERROR(take(message));
      }
      if (letters.empty()) return Status::OK();
      RETURN_IF_ERROR(do_again(
          *shop, letters, [&](size_t i, const Status& worked) { return ended(of[i], worked); },
          session.stop()));
    }
  }();
  progress.End();
  std::vector<std::string> receipts;
  for (const auto& [id, one] : held) receipts.push_back(one.receipt);
  held.clear();
  for (const Status& back : queue.ChangeVisibilityBatch(receipts, Duration(0))) {
    IgnoreError(back, "it becomes visible by itself, a little later");
  }
  RETURN_IF_ERROR(done);
  return count;
}

}  // namespace penstock::cli
