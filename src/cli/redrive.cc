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
  std::vector<std::unique_ptr<queue::Heartbeat::Held>> held;
  std::map<std::string, std::string> again;  // receipt by id
  std::set<std::string> tried;
  const Status done = [&]() -> Status {
    while (true) {
      if (session.stop().stop_requested()) return MakeError(ErrorCode::kCancelled, "stopped on request");
      queue::ReceiveOptions receive;
      receive.visibility_timeout = kHold;
      ASSIGN_OR_RETURN(const auto messages, queue.Receive(receive));
      if (messages.empty()) return Status::OK();
      for (const auto& message : messages) {
        held.push_back(heartbeat.Hold(message));
        const bool met = again.contains(message.id);  // its time ran out meanwhile
        again[message.id] = message.receipt;
        const bool wanted = ids.empty() || std::find(ids.begin(), ids.end(), message.id) != ids.end();
        if (met || !wanted) continue;
        const auto letter = LetterOf(message);
        // Where a queue keeps two letters of one piece of work, or a try that failed has sent the second: one
        // is enough.
        if (letter.ok() && !tried.insert(letter->dedup_id()).second) {
          RETURN_IF_ERROR(queue.Delete(message.receipt));
          again.erase(message.id);
          held.pop_back();
          continue;
        }
        const Status worked = letter.ok() ? do_again(*shop, *letter, session.stop()) : letter.status();
        if (CodeOf(worked) == ErrorCode::kCancelled) return worked;
        if (worked.ok()) {
          RETURN_IF_ERROR(queue.Delete(message.receipt));
          again.erase(message.id);
          held.pop_back();
          ++count.done;
        } else {
          session.Remark("  " + message.id + ": " + Describe(worked) + "\n");
          ++count.failed;
        }
        progress.Advance(1, worked.ok() ? 0 : 1);
      }
    }
  }();
  progress.End();
  held.clear();
  std::vector<std::string> receipts;
  for (const auto& [id, receipt] : again) receipts.push_back(receipt);
  for (const Status& back : queue.ChangeVisibilityBatch(receipts, Duration(0))) {
    IgnoreError(back, "it becomes visible by itself, a little later");
  }
  RETURN_IF_ERROR(done);
  return count;
}

}  // namespace penstock::cli
