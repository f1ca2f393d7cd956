// The first line is a list of built-in transforms, what follows a record: the list is refused with its place,
// or takes any record, and the same record comes to the same again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "stream/builtin_transform.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock;
  using namespace penstock::stream;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(text.find('\n'), text.size());
  const auto specs = ParseJson(text.substr(0, line));
  if (!specs.ok()) return 0;
  const auto spec = ReadTransformSpec(json::object{{"built_in", *specs}});
  if (!spec.ok()) {
    if (CodeOf(spec.status()) != ErrorCode::kConfiguration || spec.status().message().empty()) std::abort();
    return 0;
  }
  ManualClock clock(TimePoint{});
  Random random(1);
  const StepContext context{[](std::string_view) { return std::optional<std::string>("key"); }, clock,
                            random};
  const auto transform = BuiltinTransform::Make(spec->built_in, context);
  if (!transform.ok()) return 0;
  const TransformRecord record{"0", text.substr(std::min(line + 1, text.size())), TimePoint{}};
  const auto apply = [&] { return (*transform)->Apply(std::span(&record, 1), {}).ValueOrDie().at(0); };
  const Transformed first = apply(), second = apply();
  if (first.result != second.result || first.error_code != second.error_code) std::abort();
  // Chance has its own turn in $random and the like; the rest repeats.
  if (text.find("$random") == std::string_view::npos && text.find("$shuffle") == std::string_view::npos &&
      first.data != second.data) {
    std::abort();
  }
  if ((first.result == Transformed::Result::kFailed) == first.error_code.empty()) std::abort();
  return 0;
}
