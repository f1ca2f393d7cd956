// Expressions in unit tests: what one answers, as text. Included by tests alone.
#pragma once

#include <string>
#include <string_view>

#include "base/json_text.h"
#include "jsonata/expression.h"

namespace penstock::jsonata {

// The result as JSON, "undefined", or the code of the fault. The clock stands at 2026-07-25T17:20:00Z; chance
// is the same in every call.
inline std::string Answer(std::string_view text, std::string_view input = "null",
                          Dialect dialect = Dialect::kStandard, const Limits& limits = {}) {
  const auto code = [](const Status& status) {
    const auto fault = FaultOf(status);
    return fault ? fault->code : status.ToString();
  };
  const auto expression = Expression::Compile(text, dialect);
  if (!expression.ok()) return code(expression.status());
  const auto json = ParseJson(input);
  if (!json.ok()) return json.status().ToString();
  ManualClock clock(TimePoint(std::chrono::seconds(1'785'000'000)));
  Random random(1);
  const auto answer = expression->Evaluate(*json, {}, {clock, random, limits});
  if (!answer.ok()) return code(answer.status());
  return *answer ? JsonText(**answer) : "undefined";
}

inline std::string AnswerOfStates(std::string_view text, std::string_view input = "null") {
  return Answer(text, input, Dialect::kStepFunctions);
}

}  // namespace penstock::jsonata
