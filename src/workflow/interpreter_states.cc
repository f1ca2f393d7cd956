// Choice, Wait and Fail.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/json_text.h"
#include "workflow/interpreter.h"
#include "workflow/timestamp.h"

namespace penstock::workflow {

Result<const ChoiceBranch*> Interpreter::ExecuteChoice(Visit& visit, const json::value& effective) {
  const Scope scope = visit.scope.On(effective);
  for (const auto& choice : visit.state.choices) {
    const auto matches = choice.rule->Matches(scope);
    if (!matches.ok()) return InState(visit, matches.status());
    if (*matches) return &choice;
  }
  if (visit.state.next >= 0) return nullptr;
  return InState(visit,
                 MakeTaskError("States.NoChoiceMatched",
                               "Failed to transition out of the state. No choice rule matched the input, and "
                               "there is no Default."));
}

Status Interpreter::ExecuteFail(Visit& visit, const json::value& input) {
  const State& state = visit.state;
  const Scope scope = visit.scope.On(input);
  const auto text = [&](const std::optional<std::string>& fixed, const std::optional<Expression>& computed,
                        const std::optional<JsonataField>& query,
                        std::string_view field) -> Result<std::string> {
    if (query) {
      auto value = query->EvaluateAs("string", scope);
      if (!value.ok()) return InState(visit, value.status());
      return std::string(value->get_string());
    }
    if (!computed) return fixed.value_or("");
    auto value = computed->Evaluate(scope, field);
    if (!value.ok()) return InState(visit, value.status());
    if (value->is_string()) return std::string(value->get_string());
    return InState(visit, MakeTaskError("States.Runtime",
                                        fmt::format("The {} '{}' does not lead to a string: {}", field,
                                                    computed->text(), JsonText(*value).substr(0, 200))));
  };
  ASSIGN_OR_RETURN(std::string error, text(state.error, state.error_path, state.error_query, "ErrorPath"));
  ASSIGN_OR_RETURN(std::string cause, text(state.cause, state.cause_path, state.cause_query, "CausePath"));
  return MakeTaskError(std::move(error), std::move(cause));
}

Result<int64_t> Interpreter::SecondsFrom(const JsonataField& field, const Scope& scope) const {
  ASSIGN_OR_RETURN(const json::value value, field.EvaluateAs("number", scope));
  const double number = value.to_number<double>();
  if (number >= 0 && number <= 99'999'999 && number == std::floor(number))
    return static_cast<int64_t>(number);
  return MakeQueryError(
      fmt::format("The JSONata expression '{}' specified for the field '{}' returned a value that "
                  "is not a whole number from 0 to 99999999: {}",
                  field.text(), field.field(), JsonText(value)),
      field.field());
}

Result<int64_t> Interpreter::SecondsFrom(const JsonPath& path, const Scope& scope,
                                         std::string_view field) const {
  const auto fail = [&](std::string_view what, const json::value* value) {
    std::string cause = fmt::format("The {} parameter {}: {}", field, what, path.text());
    if (value != nullptr) cause += fmt::format(" == {}", JsonText(*value).substr(0, 200));
    return MakeTaskError("States.Runtime", std::move(cause));
  };
  const auto value = EvaluatePath(path, scope);
  if (!value.ok()) return fail("does not reference an input value", nullptr);
  if (!value->is_int64()) return fail("cannot be parsed as a long value", &*value);
  if (value->get_int64() < 0) return fail("references a negative value", &*value);
  if (value->get_int64() > 99'999'999) return fail("references a value above 99999999", &*value);
  return value->get_int64();
}

// The time counts from the moment the state was entered, so a resumed execution waits for what is left only.
Status Interpreter::ExecuteWait(Visit& visit, const json::value& effective) {
  const State& state = visit.state;
  const Scope scope = visit.scope.On(effective);
  TimePoint until = visit.entered;
  if (state.timestamp) {
    until = *state.timestamp;
  } else if (state.timestamp_path) {
    const auto value = EvaluatePath(*state.timestamp_path, scope);
    if (!value.ok()) {
      return InState(
          visit,
          MakeTaskError("States.Runtime",
                        fmt::format("The TimestampPath parameter does not reference an input value: {}",
                                    state.timestamp_path->text())));
    }
    auto parsed = value->is_string() ? ParseAslTimestamp(std::string_view(value->get_string()))
                                     : Result<TimePoint>(MakeError(ErrorCode::kInvalidData, "not a string"));
    if (!parsed.ok()) {
      return InState(
          visit, MakeTaskError(
                     "States.Runtime",
                     fmt::format("The TimestampPath parameter does not reference a valid ISO-8601 extended "
                                 "offset date-time format string: {} == {}",
                                 state.timestamp_path->text(),
                                 value->is_string() ? std::string(value->get_string()) : JsonText(*value))));
    }
    until = *parsed;
  } else if (state.timestamp_query) {
    const auto value = state.timestamp_query->EvaluateAs("string", scope);
    if (!value.ok()) return InState(visit, value.status());
    const std::string_view text = value->get_string();
    const auto parsed = ParseAslTimestamp(text);
    if (!parsed.ok()) {
      return InState(
          visit, MakeQueryError(fmt::format("The Timestamp field cannot be parsed as an ISO-8601 extended "
                                            "offset date-time format string: {}",
                                            text),
                                "Timestamp"));
    }
    until = *parsed;
  } else if (state.seconds_query) {
    const auto seconds = SecondsFrom(*state.seconds_query, scope);
    if (!seconds.ok()) return InState(visit, seconds.status());
    until += std::chrono::seconds(*seconds);
  } else if (state.seconds) {
    until += std::chrono::seconds(*state.seconds);
  } else if (state.seconds_path) {
    const auto seconds = SecondsFrom(*state.seconds_path, scope, "SecondsPath");
    if (!seconds.ok()) return InState(visit, seconds.status());
    until += std::chrono::seconds(*seconds);
  }
  return SleepUntil(visit.frame, until);
}

Status Interpreter::SleepUntil(const Frame& frame, TimePoint until) {
  if (!context_.clock.SleepUntil(std::min(until, context_.deadline), frame.stop))
    return MakeError(ErrorCode::kCancelled, "the execution was stopped");
  if (until >= context_.deadline) context_.halt.Request(Halt::Reason::kTimedOut, "States.Timeout");
  return CheckHalt(frame);
}

}  // namespace penstock::workflow
