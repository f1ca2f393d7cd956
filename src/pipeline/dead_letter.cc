#include "pipeline/dead_letter.h"

#include "base/sha256.h"
#include "queue/queue.h"

namespace penstock::pipeline {

json::object DeadLetter::ToJson() const {
  return {{"step", step}, {"input", input}, {"error", error}, {"cause", cause}, {"execution", execution}};
}

Result<DeadLetter> DeadLetter::Parse(std::string_view body) {
  ASSIGN_OR_RETURN(const json::value value, ParseJson(body));
  DeadLetter letter;
  ASSIGN_OR_RETURN(letter.step, GetString(value, "step"));
  ASSIGN_OR_RETURN(letter.error, GetStringOr(value, "error", ""));
  ASSIGN_OR_RETURN(letter.cause, GetStringOr(value, "cause", ""));
  ASSIGN_OR_RETURN(letter.execution, GetStringOr(value, "execution", ""));
  const auto* input = value.get_object().if_contains("input");
  if (input == nullptr || !input->is_object()) {
    return MakeError(ErrorCode::kInvalidData, "a dead letter without the input of its step");
  }
  letter.input = input->get_object();
  return letter;
}

std::string DeadLetter::dedup_id() const { return Sha256Hex(step + "\n" + penstock::ToJson(input)); }

Status SendDeadLetter(queue::Queue& queue, const DeadLetter& letter) {
  queue::SendOptions options;
  options.dedup_id = letter.dedup_id();
  return queue.Send(penstock::ToJson(letter.ToJson()), options).status();
}

}  // namespace penstock::pipeline
