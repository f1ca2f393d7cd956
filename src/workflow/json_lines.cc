#include "workflow/json_lines.h"

#include <unordered_set>

#include "base/json.h"
#include "workflow/expression.h"

namespace penstock::workflow {
namespace {

// The text is valid JSON (checked before) at most 100 levels deep, so the scanner only has to find its way.
class Scanner {
 public:
  Scanner(std::string_view text, JsonLines& out) : text_(text), out_(out) {}
  void Value(const std::string& pointer) {
    Space();
    if (at_ >= text_.size()) return;
    if (text_[at_] == '{') return Object(pointer);
    if (text_[at_] == '[') return Array(pointer);
    if (text_[at_] == '"') {
      String();
      return;
    }
    while (at_ < text_.size() && text_.find_first_of(",]} \t\r\n", at_) != at_) ++at_;
  }

 private:
  void Space() {
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\n')
        ++line_, line_begin_ = at_ + 1;
      else if (text_[at_] != ' ' && text_[at_] != '\t' && text_[at_] != '\r')
        return;
    }
  }
  JsonPlace Here() const { return {line_, static_cast<int>(at_ - line_begin_) + 1}; }
  std::string_view String() {
    const size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    ++at_;
    return text_.substr(begin, at_ - begin);
  }
  void Object(const std::string& pointer) {
    std::unordered_set<std::string> names;
    for (++at_;;) {
      Space();
      if (at_ >= text_.size() || text_[at_] == '}') break;
      if (text_[at_] == ',') {
        ++at_;
        continue;
      }
      const JsonPlace here = Here();
      const auto key = ParseJson(String());
      const std::string name = key.ok() && key->is_string() ? std::string(key->get_string()) : std::string();
      const std::string place = pointer + "/" + EscapePointer(name);
      out_.place_of.emplace(place, here);
      if (!names.insert(name).second) out_.duplicates.emplace_back(place, here);
      Space();
      ++at_;  // ':'
      Value(place);
    }
    ++at_;
  }
  void Array(const std::string& pointer) {
    int index = 0;
    for (++at_;;) {
      Space();
      if (at_ >= text_.size() || text_[at_] == ']') break;
      if (text_[at_] == ',') {
        ++at_;
        continue;
      }
      const std::string place = pointer + "/" + std::to_string(index++);
      out_.place_of.emplace(place, Here());
      Value(place);
    }
    ++at_;
  }

  std::string_view text_;
  JsonLines& out_;
  size_t at_ = 0;
  size_t line_begin_ = 0;
  int line_ = 1;
};

}  // namespace

JsonPlace JsonLines::Find(std::string pointer) const {
  while (!pointer.empty()) {
    if (const auto found = place_of.find(pointer); found != place_of.end()) return found->second;
    pointer.resize(pointer.rfind('/'));
  }
  return {};
}

JsonLines ScanJsonLines(std::string_view text) {
  JsonLines out;
  Scanner(text, out).Value("");
  return out;
}

}  // namespace penstock::workflow
