#include "base/case_file.h"

#include <algorithm>

namespace penstock {
namespace {

// Calls `each` until it answers false.
Status ForEachCase(std::string_view jsonl, const std::function<Result<bool>(const json::value& line)>& each) {
  int number = 0;
  while (!jsonl.empty()) {
    const size_t end = std::min(jsonl.find('\n'), jsonl.size());
    const std::string_view line = jsonl.substr(0, end);
    jsonl.remove_prefix(std::min(end + 1, jsonl.size()));
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos || line[0] == '#') continue;
    const std::string where = "case in line " + std::to_string(number);
    const auto value = ParseJson(line);
    if (!value.ok()) return WithContext(value.status(), where);
    const auto more = each(*value);
    if (!more.ok()) return WithContext(more.status(), where);
    if (!*more) break;
  }
  return Status::OK();
}

}  // namespace

Result<std::vector<CaseResult>> RunCaseFile(
    std::string_view jsonl, const std::function<Result<CaseResult>(const json::value& line)>& run) {
  std::vector<CaseResult> results;
  RETURN_IF_ERROR(ForEachCase(jsonl, [&](const json::value& line) -> Result<bool> {
    ASSIGN_OR_RETURN(CaseResult result, run(line));
    results.push_back(std::move(result));
    return true;
  }));
  return results;
}

Result<json::value> FirstCase(std::string_view jsonl) {
  json::value first;
  RETURN_IF_ERROR(ForEachCase(jsonl, [&](const json::value& line) -> Result<bool> {
    first = line;
    return false;
  }));
  return first;
}

}  // namespace penstock
