// What is done to an execution from outside: redrive, and answers to the tasks that wait for a token.
#include <fmt/format.h>

#include <set>

#include "base/json_text.h"
#include "workflow/engine.h"
#include "workflow/recorded.h"

namespace penstock::workflow {
namespace {

Status NotRedrivable(const ExecutionInfo& info, std::string_view why) {
  return MakeError(ErrorCode::kPreconditionFailed,
                   fmt::format("execution {} cannot be redriven: {}", info.name, why));
}

}  // namespace

Result<ExecutionInfo> Engine::Redrive(const std::string& name, std::stop_token stop) {
  ASSIGN_OR_RETURN(const ExecutionInfo info, store_.Get(name));
  if (info.status == ExecutionStatus::kRunning || info.status == ExecutionStatus::kSucceeded) {
    return NotRedrivable(info, fmt::format("it is {}", NameOf(info.status)));
  }
  ASSIGN_OR_RETURN(const auto events, store_.History(name));
  ASSIGN_OR_RETURN(const auto of_children, store_.ChildHistory(name, ""));
  const auto last_id = events.empty() ? 0 : events.back().id;
  if (last_id + 1 >= options_.max_events) return NotRedrivable(info, "its history is full");
  const TimePoint now = clock_.Now();
  const auto marker = [&](const HistoryEvent& last) {
    HistoryEvent event;
    event.id = last.id + 1;
    event.previous_id = last.id;
    event.type = EventType::kExecutionRedriven;
    event.timestamp = std::max(now, last.timestamp);
    event.number = info.redrive_count + 1;
    event.child = last.child;
    event.path = fmt::format("{}!{}", last.child, event.number);
    return event;
  };
  std::vector<HistoryEvent> markers{marker(events.empty() ? HistoryEvent{} : events.back())};
  // Children that failed, or were stopped, are redriven with it.
  for (size_t i = 0; i < of_children.size(); ++i) {
    const bool last = i + 1 == of_children.size() || of_children[i + 1].child != of_children[i].child;
    if (last && of_children[i].type != EventType::kExecutionSucceeded &&
        of_children[i].type != EventType::kMapRunItems) {
      markers.push_back(marker(of_children[i]));
    }
  }
  const Owner owner = MakeOwner(random_, now);
  RETURN_IF_ERROR(store_.Reopen(name, owner, markers, now));
  if (options_.on_event) options_.on_event(markers.front());
  return TakeOver(name, owner, stop);
}

Status Engine::SendTaskSuccess(const std::string& token, const json::value& output) {
  TokenState answer;
  answer.phase = TokenPhase::kSucceeded;
  answer.output = JsonText(output);
  if (answer.output.size() > options_.max_payload_bytes) {
    return MakeError(ErrorCode::kTooLarge, fmt::format("InvalidOutput: {} bytes", answer.output.size()));
  }
  return Answer(token, answer);
}

Status Engine::SendTaskFailure(const std::string& token, const std::string& error, const std::string& cause) {
  TokenState answer;
  answer.phase = TokenPhase::kFailed;
  answer.error = error;
  answer.cause = cause;
  return Answer(token, answer);
}

Status Engine::SendTaskHeartbeat(const std::string& token) { return Answer(token, TokenState{}); }

Status Engine::Answer(const std::string& token, TokenState answer) {
  if (!IsTaskToken(token)) return MakeError(ErrorCode::kInvalidData, "InvalidToken: " + token.substr(0, 80));
  answer.heartbeat = clock_.Now();
  RETURN_IF_ERROR(store_.AnswerToken(token, answer));
  tokens_.Wake(token);
  return Status::OK();
}

}  // namespace penstock::workflow
