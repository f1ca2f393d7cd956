// The first line is an expression, what follows its input, if it is JSON: in either dialect it is refused, or
// answers or fails within its limits; the same expression answers the same again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json_text.h"
#include "jsonata/expression.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock;
  using namespace penstock::jsonata;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(text.find('\n'), text.size());
  const auto parsed = ParseJson(text.substr(std::min(line + 1, text.size())));
  const json::value input = parsed.ok() ? *parsed : json::value{{"a", {1, 2, 3}}, {"b", "text"}};
  for (const Dialect dialect : {Dialect::kStandard, Dialect::kStepFunctions}) {
    const auto expression = Expression::Compile(text.substr(0, line), dialect);
    if (!expression.ok()) {
      if (!FaultOf(expression.status()) || FaultOf(expression.status())->code.empty()) std::abort();
      continue;
    }
    const auto evaluate = [&] {
      ManualClock clock(TimePoint{});
      Random random(1);
      Limits limits;
      limits.steps = 100'000;
      limits.array = 100'000;
      limits.memory_bytes = size_t{16} << 20;
      return expression->Evaluate(input, {}, Environment{clock, random, limits});
    };
    const auto first = evaluate();
    const auto second = evaluate();
    if (first.ok() != second.ok() || (first.ok() && *first != *second)) std::abort();
    if (!first.ok() && (!FaultOf(first.status()) || FaultOf(first.status())->code.empty())) std::abort();
  }
  return 0;
}
