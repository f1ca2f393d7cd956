#include "pipeline/yaml_reader_internal.h"

#include <fmt/format.h>

#include <charconv>

#include "base/spelling.h"

namespace penstock::pipeline {
namespace {

std::string_view KindOf(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Sequence: return "a list";
    case YAML::NodeType::Map: return "a mapping";
    case YAML::NodeType::Null: return "nothing";
    default: return "a value";
  }
}

// Replaces ${NAME}; "$${" stands for "${". The name of an unset variable in `unset`.
std::string Expand(const std::string& text, Environment environment, std::string& unset) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (text.compare(i, 3, "$${") == 0) {
      out += "${";
      i += 3;
    } else if (const size_t end = text.compare(i, 2, "${") == 0 ? text.find('}', i) : std::string::npos;
               end != std::string::npos) {
      const std::string name = text.substr(i + 2, end - i - 2);
      const auto value = environment(name);
      if (!value && unset.empty()) unset = name;
      out += value.value_or("");
      i = end + 1;
    } else {
      out += text[i++];
    }
  }
  return out;
}

json::value ToValue(const YAML::Node& node) {
  if (node.IsSequence()) {
    json::array array;
    for (const auto& item : node) array.push_back(ToValue(item));
    return array;
  }
  if (node.IsMap()) {
    json::object object;
    for (const auto& item : node) object[item.first.Scalar()] = ToValue(item.second);
    return object;
  }
  if (!node.IsScalar()) return nullptr;
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return json::value(text);  // quoted
  if (text == "true" || text == "false") return text == "true";
  int64_t whole = 0;
  const char* end = text.data() + text.size();
  if (auto [at, error] = std::from_chars(text.data(), end, whole); error == std::errc() && at == end)
    return whole;
  double number = 0;
  if (auto [at, error] = std::from_chars(text.data(), end, number); error == std::errc() && at == end)
    return number;
  return json::value(text);
}

}  // namespace

void YamlFaults::Add(const YAML::Mark& mark, std::string_view key, std::string_view text) {
  messages.push_back(fmt::format("{}:{}:{}: {}: {}", file, mark.line + 1, mark.column + 1, key, text));
}

YamlReader::YamlReader(YAML::Node node, std::string path, YamlFaults& faults)
    : node_(std::move(node)), path_(std::move(path)), faults_(&faults) {
  if (!node_.IsMap()) {
    faults_->Add(node_.Mark(), path_.empty() ? "the file" : path_,
                 fmt::format("expected a mapping (key: value), got {}", KindOf(node_)));
  }
}

std::string YamlReader::PathOf(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

std::string YamlReader::where() const { return fmt::format("{}:{}", faults_->file, node_.Mark().line + 1); }

void YamlReader::Fault(std::string_view key, std::string_view text) {
  YAML::Mark mark = node_.Mark();
  YAML::Node at = node_;
  for (std::string_view rest = key; !rest.empty() && at.IsMap();) {
    // A name may have dots itself: the whole rest first.
    std::string_view name = rest;
    const YAML::Node& constant = at;
    if (!constant[std::string(name)].IsDefined()) name = rest.substr(0, rest.find('.'));
    const YAML::Node child = constant[std::string(name)];
    if (!child.IsDefined()) break;
    mark = child.Mark();
    at.reset(child);
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
  }
  faults_->Add(mark, key.empty() ? path_ : PathOf(key), text);
}

std::optional<YAML::Node> YamlReader::Find(std::string_view key) {
  asked_.insert(std::string(key));
  // A list's index is no part of a key's name.
  std::string known;
  int depth = 0;
  for (const char c : PathOf(key)) {
    if (c == '[') ++depth;
    if (depth == 0) known += c;
    if (c == ']') --depth;
  }
  faults_->known.insert(known);
  if (!node_.IsMap()) return std::nullopt;
  const YAML::Node& constant = node_;
  const YAML::Node child = constant[std::string(key)];
  if (!child.IsDefined() || child.IsNull()) return std::nullopt;
  return child;
}

std::optional<std::string> YamlReader::Scalar(std::string_view key, std::string_view expected) {
  const auto child = Find(key);
  if (!child) return std::nullopt;
  if (!child->IsScalar()) {
    faults_->Add(child->Mark(), PathOf(key), fmt::format("expected {}, got {}", expected, KindOf(*child)));
    return std::nullopt;
  }
  std::string unset;
  std::string text = Expand(child->Scalar(), faults_->environment, unset);
  if (!unset.empty()) {
    faults_->Add(child->Mark(), PathOf(key),
                 fmt::format("the environment variable {} is not set (export {}=…, or write the value here)",
                             unset, unset));
    return std::nullopt;
  }
  return text;
}

std::string YamlReader::String(std::string_view key) {
  const size_t before = faults_->messages.size();
  auto text = Scalar(key, "text");
  if (text && !text->empty()) return *text;
  if (faults_->messages.size() == before) Fault(key, "is required, and is missing or empty");
  return "";
}

std::string YamlReader::String(std::string_view key, std::string fallback) {
  return Scalar(key, "text").value_or(std::move(fallback));
}

std::optional<std::string> YamlReader::MaybeString(std::string_view key) { return Scalar(key, "text"); }

std::string YamlReader::Choice(std::string_view key, const std::vector<std::string>& choices,
                               std::optional<std::string> fallback) {
  const std::string expected = fmt::format("one of {}", fmt::join(choices, ", "));
  const size_t before = faults_->messages.size();
  const auto text = Scalar(key, expected);
  if (!text) {
    if (!fallback && faults_->messages.size() == before) {
      Fault(key, fmt::format("is required: {}", expected));
    }
    return fallback.value_or("");
  }
  if (std::find(choices.begin(), choices.end(), *text) == choices.end()) {
    Fault(key, fmt::format("expected {}, got {}{}", expected, *text, DidYouMean(*text, choices)));
  }
  return *text;
}

std::optional<int64_t> YamlReader::MaybeInt(std::string_view key, int64_t low, int64_t high) {
  const std::string expected = fmt::format("a whole number from {} to {}", low, high);
  const auto text = Scalar(key, expected);
  if (!text) return std::nullopt;
  int64_t value = 0;
  const char* end = text->data() + text->size();
  const auto [at, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc() || at != end || value < low || value > high) {
    Fault(key, fmt::format("expected {}, got {}", expected, *text));
    return std::nullopt;
  }
  return value;
}

int64_t YamlReader::Int(std::string_view key, int64_t fallback, int64_t low, int64_t high) {
  return MaybeInt(key, low, high).value_or(fallback);
}

Date YamlReader::Day(std::string_view key) {
  const size_t before = faults_->messages.size();
  const auto text = Scalar(key, "a date as YYYY-MM-DD");
  if (!text) {
    if (faults_->messages.size() == before) Fault(key, "is required: a date as YYYY-MM-DD");
    return {};
  }
  const auto day = ParseDate(*text);
  if (!day.ok()) Fault(key, fmt::format("expected an existing day as YYYY-MM-DD, got {}", *text));
  return day.ValueOr(Date{});
}

Duration YamlReader::Span(std::string_view key) {
  const size_t before = faults_->messages.size();
  const auto text = Scalar(key, "a span such as 30s, 5m, 1h, 1d");
  int64_t count = 0;
  if (text) {
    const char* end = text->data() + text->size();
    const auto [at, error] = std::from_chars(text->data(), end, count);
    if (error == std::errc() && count > 0 && count <= 100'000 && end - at == 1) {
      switch (*at) {
        case 's': return std::chrono::seconds(count);
        case 'm': return std::chrono::minutes(count);
        case 'h': return std::chrono::hours(count);
        case 'd': return std::chrono::days(count);
        default: break;
      }
    }
    Fault(key, fmt::format("expected a span such as 30s, 5m, 1h, 1d, got {}", *text));
  } else if (faults_->messages.size() == before) {
    Fault(key, "is required: a span such as 30s, 5m, 1h, 1d");
  }
  return {};
}

std::optional<YamlReader> YamlReader::Mapping(std::string_view key, bool required) {
  const auto child = Find(key);
  if (child) return YamlReader(*child, PathOf(key), *faults_);
  if (required) Fault(key, "is required, and is missing");
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> YamlReader::Texts(std::string_view key) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto child = Find(key);
  if (!child) return out;
  if (!child->IsMap()) {
    faults_->Add(child->Mark(), PathOf(key),
                 fmt::format("expected a mapping (name: text), got {}", KindOf(*child)));
    return out;
  }
  for (const auto& item : *child) {
    const std::string name = item.first.Scalar();
    if (item.second.IsScalar()) {
      out.emplace_back(name, item.second.Scalar());
    } else {
      faults_->Add(item.second.Mark(), fmt::format("{}.{}", PathOf(key), name),
                   fmt::format("expected text, got {}", KindOf(item.second)));
    }
  }
  return out;
}

std::optional<json::value> YamlReader::Value(std::string_view key) {
  const auto child = Find(key);
  if (!child) return std::nullopt;
  return ToValue(*child);
}

std::vector<std::string> YamlReader::Strings(std::string_view key) {
  std::vector<std::string> out;
  const auto child = Find(key);
  if (!child) return out;
  for (const auto& item : *child) {
    if (!child->IsSequence() || !item.IsScalar()) {
      faults_->Add(child->Mark(), PathOf(key), "expected a list of texts ([A, B])");
      break;
    }
    out.push_back(item.Scalar());
  }
  if (out.empty() && child->IsScalar())
    faults_->Add(child->Mark(), PathOf(key), "expected a list of texts ([A, B])");
  return out;
}

std::vector<YamlReader> YamlReader::List(std::string_view key) {
  std::vector<YamlReader> out;
  const auto child = Find(key);
  if (!child) return out;
  if (!child->IsSequence()) {
    faults_->Add(child->Mark(), PathOf(key), fmt::format("expected a list (- …), got {}", KindOf(*child)));
    return out;
  }
  for (size_t i = 0; i < child->size(); ++i) {
    out.emplace_back((*child)[i], fmt::format("{}[{}]", PathOf(key), i), *faults_);
  }
  return out;
}

std::vector<std::pair<std::string, YamlReader>> YamlReader::Named(std::string_view key) {
  std::vector<std::pair<std::string, YamlReader>> out;
  const auto child = Find(key);
  if (!child) return out;
  if (!child->IsMap()) {
    faults_->Add(child->Mark(), PathOf(key),
                 fmt::format("expected a mapping (name: …), got {}", KindOf(*child)));
    return out;
  }
  for (const auto& item : *child) {
    const std::string name = item.first.Scalar();
    out.emplace_back(name, YamlReader(item.second, fmt::format("{}[{}]", PathOf(key), name), *faults_));
  }
  return out;
}

json::object YamlReader::Rest() {
  json::object rest;
  if (!node_.IsMap()) return rest;
  for (const auto& item : node_) {
    if (!asked_.contains(item.first.Scalar())) rest[item.first.Scalar()] = ToValue(item.second);
  }
  return rest;
}

void YamlReader::Finish() {
  if (!node_.IsMap()) return;
  std::set<std::string> seen;
  for (const auto& item : node_) {
    const std::string key = item.first.IsScalar() ? item.first.Scalar() : "(a key that is no text)";
    if (!seen.insert(key).second) faults_->Add(item.first.Mark(), PathOf(key), "stands twice");
    if (asked_.contains(key)) continue;
    const std::vector<std::string> known(asked_.begin(), asked_.end());
    faults_->Add(
        item.first.Mark(), PathOf(key),
        fmt::format("no such key{}; known here: {}", DidYouMean(key, known), fmt::join(known, ", ")));
  }
}

}  // namespace penstock::pipeline
