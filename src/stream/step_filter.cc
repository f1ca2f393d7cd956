// filter: records for which a JSONata expression is true.
#include <fmt/format.h>

#include <utility>

#include "base/json_text.h"
#include "jsonata/expression.h"
#include "stream/record_step.h"
#include "stream/transform_settings.h"

namespace penstock::stream {
namespace {

class Filter : public RecordStep {
 public:
  Filter(jsonata::Expression expression, const StepContext& context)
      : expression_(std::move(expression)), clock_(context.clock), random_(context.random) {}

  Result<bool> Apply(json::value& record) const override {
    // A record is small: what needs more is a mistake.
    const jsonata::Limits limits{
        .depth = 200, .steps = 1'000'000, .array = 100'000, .memory_bytes = size_t{16} << 20};
    ASSIGN_OR_RETURN(const auto answer,
                     expression_.Evaluate(record, {}, jsonata::Environment{clock_, random_, limits}));
    // A field that is not there makes a comparison undefined.
    if (!answer) return false;
    if (answer->is_bool()) return answer->get_bool();
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("the expression {} is neither true nor false, but {}", expression_.text(),
                                 JsonText(*answer).substr(0, 100)));
  }

 private:
  const jsonata::Expression expression_;
  Clock& clock_;
  Random& random_;
};

}  // namespace

Result<std::unique_ptr<RecordStep>> MakeFilter(const json::value& settings, const std::string& where,
                                               const StepContext& context) {
  if (!settings.is_string() || settings.get_string().empty()) {
    return MakeError(ErrorCode::kConfiguration,
                     fmt::format("{}: expected a JSONata expression, such as \"high > 10\", got {}", where,
                                 DescribeValue(&settings)));
  }
  auto expression = jsonata::Expression::Compile(std::string_view(settings.get_string()));
  if (!expression.ok()) {
    const auto fault = jsonata::FaultOf(expression.status());
    return MakeError(
        ErrorCode::kConfiguration,
        fmt::format("{}: not a JSONata expression{}: {}", where,
                    fault && fault->position > 0 ? fmt::format(", at character {}", fault->position) : "",
                    expression.status().message()));
  }
  return std::make_unique<Filter>(*std::move(expression), context);
}

}  // namespace penstock::stream
