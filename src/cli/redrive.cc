#include "cli/redrive.h"

#include <algorithm>
#include <set>

#include "base/date.h"
#include "cli/progress_bar.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "pipeline/dead_letter.h"
#include "pipeline/process.h"
#include "pipeline/publish.h"
#include "pipeline/step.h"
#include "queue/queue.h"

namespace penstock::cli {
namespace {

using pipeline::DeadLetter;

// Long enough for one message's work; when this process dies, the message is seen again after it.
constexpr Duration kHold = std::chrono::minutes(15);

// What the failed step was to do, to its end in the lake.
Status DoAgain(const PipelineWorkshop& shop, const DeadLetter& letter, std::stop_token stop) {
  const pipeline::StepContext context{shop.pipeline(), shop.runtime(), letter.execution, stop};
  json::object input;
  std::string day;
  if (letter.step == "fetch") {
    ASSIGN_OR_RETURN(day, GetString(letter.input, "to"));
    ASSIGN_OR_RETURN(auto raw, pipeline::RunFetchStep(context, letter.input));
    if (raw.as_object().contains("unknown")) {
      return MakeError(ErrorCode::kNotFound, "the provider still does not know the symbol",
                       "`penstock ledger PIPELINE --dead` lists such symbols; purge the message, or correct "
                       "the symbol file");
    }
    input = {{"date", day}, {"raw", json::array{std::move(raw)}}};
  } else if (letter.step == "transform") {
    ASSIGN_OR_RETURN(day, GetString(letter.input, "date"));
    ASSIGN_OR_RETURN(const std::string key, GetString(letter.input, "key"));
    input = {{"date", day}, {"raw", json::array{json::object{{"key", key}}}}};
  } else {
    auto step = pipeline::FindStep(letter.step);
    RETURN_IF_ERROR(WithContext(step.status(), "the message names no step that can be done again"));
    return (*step)->run(context, letter.input).status();
  }
  ASSIGN_OR_RETURN(const auto summary, pipeline::RunTransformStep(context, input));
  ASSIGN_OR_RETURN(const int64_t dead, GetInt(summary, "dead_lettered"));
  if (dead > 0) return MakeError(ErrorCode::kInvalidData, "the raw answer still cannot be parsed");
  return pipeline::PublishTables(shop.pipeline(), shop.runtime()).status();
}

}  // namespace

Result<RedriveCount> RedriveQueue(Session& session, Workspace& workspace, queue::Queue& queue,
                                  const std::string& pipeline, const std::vector<std::string>& ids,
                                  const RunTarget& target) {
  RedriveCount count;
  ASSIGN_OR_RETURN(const auto waiting, queue.Count());
  if (waiting.visible == 0) return count;
  ASSIGN_OR_RETURN(auto loaded, pipeline::LoadPipeline(pipeline));
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
      const Status done = letter.ok() ? DoAgain(*shop, *letter, session.stop()) : letter.status();
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
