#include "workflow/case_validation.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_text.h"
#include "workflow/definition.h"
#include "workflow/definition_diagnostics.h"

namespace penstock::workflow {
namespace {

json::object ToJsonDiagnostic(const Diagnostic& one) {
  json::object out{{"severity", NameOf(one.severity)}, {"code", one.code}, {"message", one.message}};
  if (one.location) out["location"] = *one.location;
  return out;
}

bool HasError(const std::vector<Diagnostic>& found) {
  return std::any_of(found.begin(), found.end(),
                     [](const Diagnostic& one) { return one.severity == Severity::kError; });
}

// The order is not promised by the service.
bool SameInAnyOrder(const json::array& a, json::array b) {
  if (a.size() != b.size()) return false;
  for (const auto& one : a) {
    auto* const at =
        std::find_if(b.begin(), b.end(), [&](const json::value& other) { return JsonEquals(one, other); });
    if (at == b.end()) return false;
    b.erase(at);
  }
  return true;
}

}  // namespace

std::string CompareValidation(const json::object& description, std::string_view definition) {
  const auto* kind = description.if_contains("kind");
  const auto* type = description.if_contains("sm_type");
  const auto found = AsAwsReports(Validate(
      definition, type != nullptr && *type == "EXPRESS" ? MachineType::kExpress : MachineType::kStandard));
  if (kind != nullptr && *kind == "create_invalid") {
    if (!HasError(found)) return "the definition was accepted";
    const auto* message = description.if_contains("expected_message");
    const std::string actual = InvalidDefinitionMessage(found);
    if (message == nullptr || *message == json::value(actual)) return "";
    return fmt::format("message {}, expected {}", actual, JsonText(*message));
  }
  if (const auto* result = description.if_contains("expected_result")) {
    const std::string actual = HasError(found) ? "FAIL" : "OK";
    if (*result != json::value(actual)) {
      return fmt::format("result {}, expected {} ({})", actual, JsonText(*result),
                         InvalidDefinitionMessage(found));
    }
  }
  const auto* expected = description.if_contains("expected_diagnostics");
  if (expected == nullptr || !expected->is_array()) return "";
  json::array actual;
  for (const auto& one : found) actual.push_back(ToJsonDiagnostic(one));
  if (SameInAnyOrder(expected->get_array(), actual)) return "";
  return fmt::format("diagnostics {}, expected {}", JsonText(actual), JsonText(*expected));
}

}  // namespace penstock::workflow
