#include "workflow/definition.h"

#include <fmt/format.h>

#include "base/sha256.h"
#include "workflow/definition_reader.h"
#include "workflow/json_lines.h"

namespace penstock::workflow {
namespace {

std::vector<Diagnostic> Read(std::string_view text, Definition& out) {
  std::vector<Diagnostic> faults;
  if (text.size() > kMaxDefinitionBytes) {
    faults.push_back(
        {"", 1, "INVALID_JSON_DESCRIPTION",
         fmt::format("a definition has at most {} bytes, this one {}", kMaxDefinitionBytes, text.size())});
    return faults;
  }
  const auto document = ParseJson(text);
  if (!document.ok()) {
    // The message names line and column: the line is repeated where programs look for it.
    const std::string& message = document.status().message();
    const size_t at = message.find("line ");
    const int line = at == std::string::npos ? 1 : std::atoi(message.c_str() + at + 5);
    faults.push_back({"", line, "INVALID_JSON_DESCRIPTION", message});
    return faults;
  }
  DefinitionReader(faults).ReadDocument(*document, out);
  const JsonLines lines = ScanJsonLines(text);
  for (const auto& pointer : lines.duplicates) {
    faults.push_back({pointer, 1, "SCHEMA_VALIDATION_FAILED", "The field is there twice"});
  }
  for (auto& fault : faults) fault.line = lines.Find(fault.pointer);
  return faults;
}

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

Result<std::shared_ptr<const Definition>> ParseDefinition(std::string_view text) {
  auto definition = std::make_shared<Definition>();
  const auto faults = Read(text, *definition);
  if (!faults.empty()) {
    std::string message = "the state machine definition has faults:";
    for (const auto& fault : faults) {
      message += fmt::format("\n  line {} {}: {}: {}", fault.line,
                             fault.pointer.empty() ? "/" : fault.pointer, fault.code, fault.message);
    }
    return MakeError(ErrorCode::kConfiguration, std::move(message), "correct the definition");
  }
  definition->text = std::string(text);
  definition->hash = Sha256Hex(text);
  return std::shared_ptr<const Definition>(std::move(definition));
}

std::vector<Diagnostic> Validate(std::string_view text) {
  Definition ignored;
  return Read(text, ignored);
}

}  // namespace penstock::workflow
