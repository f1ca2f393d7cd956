#include "workflow/variables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/json_text.h"
#include "workflow/task.h"

namespace penstock::workflow {

const json::value* Variables::Find(std::string_view name) const {
  for (const Variables* line = this; line != nullptr; line = line->outer_) {
    if (const auto found = line->own_.find(name); found != line->own_.end()) return &found->second;
  }
  return nullptr;
}

void Variables::Assign(json::object values) {
  for (auto& member : values) own_.insert_or_assign(std::string(member.key()), std::move(member.value()));
}

json::object Variables::All() const {
  json::object out = outer_ == nullptr ? json::object() : outer_->All();
  for (const auto& [name, value] : own_) out.insert_or_assign(name, value);
  return out;
}

bool IsVariableName(std::string_view name) {
  const auto characters = std::count_if(
      name.begin(), name.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
  if (name.empty() || characters > 80 || name == "states") return false;
  if (std::isdigit(static_cast<unsigned char>(name[0])) != 0) return false;
  return std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c >= 0x80; });
}

Status CheckAssigned(const json::value& values, std::string& text) {
  const int depth = AppendJson(values, text);
  if (depth > kMaxJsonDepth) {
    return MakeTaskError("States.Runtime",
                         fmt::format("A variable's value has more than {} levels.", kMaxJsonDepth));
  }
  if (text.size() <= kMaxVariableBytes) return Status::OK();
  return MakeTaskError(
      "States.DataLimitExceeded",
      "The variables assigned have a size exceeding the maximum number of bytes service limit.");
}

}  // namespace penstock::workflow
