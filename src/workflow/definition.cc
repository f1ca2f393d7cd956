#include "workflow/definition.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/sha256.h"
#include "workflow/definition_analysis.h"
#include "workflow/definition_diagnostics.h"
#include "workflow/definition_limits.h"
#include "workflow/definition_outline.h"
#include "workflow/definition_reader.h"
#include "workflow/definition_resources.h"

namespace penstock::workflow {
namespace {

std::vector<Diagnostic> Read(std::string_view text, MachineType type, Definition& out) {
  std::vector<Diagnostic> found;
  if (text.size() > kMaxDefinitionBytes) {
    found.push_back(
        {"", 1, "INVALID_JSON_DESCRIPTION",
         fmt::format("a definition has at most {} bytes, this one {}", kMaxDefinitionBytes, text.size()),
         Severity::kError, "split it: a Task can start an execution of another state machine"});
    return found;
  }
  const auto document = ParseJson(text);
  if (!document.ok() || !document->is_object()) return {NotADocument(text, document)};
  DefinitionReader(found).ReadDocument(*document, out);
  const auto outline = OutlineOf(*document);
  AnalyseTransitions(outline, found);
  CheckResources(outline, type, found);
  CheckStaticPaths(outline, found);
  CheckLimits(outline, found);
  Locate(text, found);
  return found;
}

bool IsError(const Diagnostic& one) { return one.severity == Severity::kError; }

}  // namespace

std::string_view NameOf(StateType type) {
  switch (type) {
    case StateType::kTask: return "Task";
    case StateType::kPass: return "Pass";
    case StateType::kChoice: return "Choice";
    case StateType::kWait: return "Wait";
    case StateType::kMap: return "Map";
    case StateType::kParallel: return "Parallel";
    case StateType::kSucceed: return "Succeed";
    case StateType::kFail: return "Fail";
  }
  return "";
}

std::string_view NameOf(Severity severity) { return severity == Severity::kError ? "ERROR" : "WARNING"; }

Result<std::shared_ptr<const Definition>> ParseDefinition(std::string_view text) {
  auto definition = std::make_shared<Definition>();
  auto found = Read(text, MachineType::kStandard, *definition);
  found.erase(std::remove_if(found.begin(), found.end(), std::not_fn(IsError)), found.end());
  if (!found.empty()) {
    constexpr size_t kShown = 100;
    std::string message = "the state machine definition has faults:";
    for (size_t i = 0; i < std::min(found.size(), kShown); ++i) {
      message +=
          fmt::format("\n  line {} {}: {}: {}", found[i].line,
                      found[i].pointer.empty() ? "/" : found[i].pointer, found[i].code, found[i].message);
    }
    if (found.size() > kShown) message += fmt::format("\n  and {} more", found.size() - kShown);
    return MakeError(ErrorCode::kConfiguration, std::move(message), "correct the definition");
  }
  definition->text = std::string(text);
  definition->hash = Sha256Hex(text);
  return std::shared_ptr<const Definition>(std::move(definition));
}

std::vector<Diagnostic> Validate(std::string_view text, MachineType type) {
  Definition ignored;
  return Read(text, type, ignored);
}

}  // namespace penstock::workflow
