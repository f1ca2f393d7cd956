#include "cli/redrive.h"

#include <algorithm>
#include <set>

#include "cli/family_verbs.h"
#include "cli/progress_bar.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "pipeline/dead_letter.h"
#include "queue/queue.h"

namespace penstock::cli {
namespace {

using pipeline::DeadLetter;

// Long enough for one message's work; when this process dies, the message is seen again after it.
constexpr Duration kHold = std::chrono::minutes(15);

}  // namespace

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
  std::set<std::string> seen;
  while (true) {
    if (session.stop().stop_requested()) return MakeError(ErrorCode::kCancelled, "stopped on request");
    queue::ReceiveOptions receive;
    receive.visibility_timeout = kHold;
    ASSIGN_OR_RETURN(const auto messages, queue.Receive(receive));
    if (messages.empty()) break;
    for (const auto& message : messages) {
      const bool wanted = ids.empty() || std::find(ids.begin(), ids.end(), message.id) != ids.end();
      if (!seen.insert(message.id).second) {
        // Round once: what failed again, or was not asked for, is given back and met a second time.
        RETURN_IF_ERROR(queue.ChangeVisibility(message.receipt, Duration(0)));
        progress.End();
        return count;
      }
      if (!wanted) {
        RETURN_IF_ERROR(queue.ChangeVisibility(message.receipt, Duration(0)));
        continue;
      }
      const auto letter = DeadLetter::Parse(message.body);
      const Status done = letter.ok() ? do_again(*shop, *letter, session.stop()) : letter.status();
      if (done.ok()) {
        RETURN_IF_ERROR(queue.Delete(message.receipt));
        ++count.done;
        progress.Advance(1, 0);
        continue;
      }
      RETURN_IF_ERROR(queue.ChangeVisibility(message.receipt, Duration(0), done.message()));
      if (CodeOf(done) == ErrorCode::kCancelled) return done;
      session.Remark("  " + message.id + ": " + Describe(done) + "\n");
      ++count.failed;
      progress.Advance(1, 1);
    }
  }
  progress.End();
  return count;
}

}  // namespace penstock::cli
