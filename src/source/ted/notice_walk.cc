#include "source/ted/notice_walk.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::source::ted {
namespace {

constexpr size_t kMaxFound = 2'000'000, kMaxSlots = 16'000'000;
constexpr int64_t kMaxLookedAt = 50'000'000;

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

bool IsText(pugi::xml_node node) {
  return node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata;
}

// Nothing to change: no white space but single spaces inside.
bool IsPlain(std::string_view text) {
  if (text.empty()) return true;
  if (IsSpace(text.front()) || IsSpace(text.back())) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c > ' ') continue;
    if (c == '\n' || c == '\t' || c == '\r' || (c == ' ' && text[i + 1] == ' ')) return false;
  }
  return true;
}

// Whether white space stands before `at`, a tag or a text of an element that was parsed: what stands alone
// between two tags is no node (XmlDocument).
bool SpaceBefore(const char* at) { return IsSpace(at[-1]); }

// The same, or before the end tags that stand before `at`.
bool SpaceBeforeAndInside(const char* at) {
  while (!SpaceBefore(at)) {
    if (at[-1] != '>') return false;
    const char* open = at - 2;
    // Text ends with a zero in the tag's place; so do names and values within tags.
    while (*open != '<' && *open != '>' && *open != 0) --open;
    if (*open != '<' || open[1] != '/') return false;
    at = open;
  }
  return true;
}

const char* PlaceOf(pugi::xml_node node) {
  return node.type() == pugi::node_element ? node.name() - 1 : node.value();
}

void AppendCollapsed(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (!IsSpace(c)) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
}

}  // namespace

std::string_view LocalName(const char* name) {
  const std::string_view text = name;
  const size_t colon = text.find(':');
  return colon == text.npos ? text : text.substr(colon + 1);
}

std::string_view TextOf(const FoundValue& value, const FieldFamily& family, std::string& buffer) {
  const auto collapsed = [&](std::string_view text) -> std::string_view {
    if (IsPlain(text)) return text;
    buffer.clear();
    AppendCollapsed(text, buffer);
    if (!buffer.empty() && buffer.back() == ' ') buffer.pop_back();
    return buffer;
  };
  const pugi::xml_node element = value.element;
  if (value.end == FieldEnd::kAttribute) return collapsed(value.attribute);
  if (value.end == FieldEnd::kName) return LocalName(element.name());
  if (!element.first_child()) return collapsed(element.value());

  buffer.clear();
  AppendCollapsed(element.value(), buffer);
  if (value.end == FieldEnd::kText) {
    for (pugi::xml_node child = element.first_child(); child; child = child.next_sibling()) {
      if (SpaceBefore(PlaceOf(child))) AppendCollapsed(" ", buffer);
      if (IsText(child)) AppendCollapsed(child.value(), buffer);
    }
  } else {
    // Down, along, and up again: no recursion, whatever the depth.
    pugi::xml_node node = element.first_child();
    while (node != element) {
      if (SpaceBeforeAndInside(PlaceOf(node))) AppendCollapsed(" ", buffer);
      AppendCollapsed(node.value(), buffer);
      if (node.first_child()) {
        node = node.first_child();
        continue;
      }
      while (true) {
        if (node.type() == pugi::node_element) {
          const std::string_view local = LocalName(node.name());
          for (const std::string& paragraph : family.paragraphs) {
            if (local == paragraph) AppendCollapsed(" ", buffer);
          }
        }
        if (node.next_sibling()) {
          node = node.next_sibling();
          break;
        }
        node = node.parent();
        if (node == element) break;
      }
    }
  }
  if (!buffer.empty() && buffer.back() == ' ') buffer.pop_back();
  return buffer;
}

bool NoticeWalk::Reaches(const ProgramPredicate& predicate, pugi::xml_node element, size_t depth,
                         bool& differs) {
  if (depth < predicate.elements.size()) {
    for (pugi::xml_node child = element.first_child(); child; child = child.next_sibling()) {
      if (++looked_at_ > kMaxLookedAt) return false;
      if (child.type() == pugi::node_element && predicate.elements[depth].Holds(names_->Of(child)) &&
          Reaches(predicate, child, depth + 1, differs)) {
        return true;
      }
    }
    return false;
  }
  const FieldPredicate& written = *predicate.written;
  FoundValue value{element, FieldEnd::kAllText, nullptr};
  if (written.has_attribute) {
    value.end = FieldEnd::kAttribute;
    for (pugi::xml_attribute attribute = element.first_attribute(); attribute;
         attribute = attribute.next_attribute()) {
      if (names_->Is(attribute, written.attribute)) value.attribute = attribute.value();
    }
    if (value.attribute == nullptr) return false;
  }
  using Kind = FieldPredicate::Kind;
  if (predicate.kind == Kind::kHas || predicate.kind == Kind::kHasNot) return true;
  std::string buffer;
  const std::string_view text = TextOf(value, *program_->family, buffer);
  const std::string_view wanted =
      written.variable < 0 ? std::string_view(written.value) : variables_[written.variable];
  if (text == wanted) return true;
  differs = true;
  return false;
}

bool NoticeWalk::Holds(const ProgramPredicate& predicate, pugi::xml_node element) {
  using Kind = FieldPredicate::Kind;
  bool differs = false;  // something was there, and it was not equal
  const bool reached = Reaches(predicate, element, 0, differs);
  switch (predicate.kind) {
    case Kind::kHasNot:
    case Kind::kNotEquals: return !reached;
    case Kind::kDiffers: return differs;
    default: return reached;
  }
}

bool NoticeWalk::Holds(std::span<const ProgramPredicate> predicates, NameTest test, pugi::xml_node element) {
  for (size_t i = 0; i < predicates.size(); ++i) {
    if (predicates[i].kind != FieldPredicate::Kind::kPosition) {
      if (!Holds(predicates[i], element)) return false;
      continue;
    }
    // Counted among the siblings for which what stands before holds.
    const auto before = predicates.first(i);
    int64_t position = 0;
    for (pugi::xml_node sibling = element.parent().first_child(); sibling; sibling = sibling.next_sibling()) {
      if (++looked_at_ > kMaxLookedAt) return false;
      if (sibling.type() != pugi::node_element || !test.Holds(names_->Of(sibling)) ||
          !Holds(before, test, sibling)) {
        continue;
      }
      ++position;
      if (sibling == element) break;
      if (position >= predicates[i].position) return false;
    }
    if (position != predicates[i].position) return false;
  }
  return true;
}

uint32_t NoticeWalk::Open(size_t scope, pugi::xml_node element, uint16_t alternative) {
  instances_[scope].push_back({element, alternative, static_cast<uint32_t>(last_.size())});
  last_.resize(last_.size() + program_->scope_slots[scope], -1);
  return static_cast<uint32_t>(instances_[scope].size() - 1);
}

void NoticeWalk::Activate(Active active, pugi::xml_node element, size_t begin) {
  for (size_t i = begin; i < active_.size(); ++i) {
    if (active_[i].node == active.node && active_[i].scope == active.scope &&
        active_[i].instance == active.instance) {
      return;
    }
  }
  const TrieNode& node = program_->nodes[active.node];
  if (!node.edges.empty() || node.stays) active_.push_back(active);
  for (const TrieCapture& capture : node.captures) {
    FoundValue value{element, capture.end, nullptr};
    if (capture.end == FieldEnd::kAttribute) {
      for (pugi::xml_attribute attribute = element.first_attribute(); attribute;
           attribute = attribute.next_attribute()) {
        if (names_->Is(attribute, capture.attribute)) value.attribute = attribute.value();
      }
      if (value.attribute == nullptr) continue;
    }
    int32_t& last = last_[instances_[active.scope][active.instance].slots + capture.slot];
    const auto at = static_cast<int32_t>(found_.size());
    found_.push_back({value, last < 0 ? at : found_[last].next});
    if (last >= 0) found_[last].next = at;
    last = at;
  }
  for (const TrieOpening& opening : node.openings) {
    auto& instances = instances_[opening.scope];
    // A union may meet an element twice.
    if (!instances.empty() && instances.back().element == element &&
        instances.back().alternative == opening.alternative) {
      continue;
    }
    const uint32_t index = Open(opening.scope, element, opening.alternative);
    Activate({program_->scope_nodes[opening.scope], opening.scope, index}, element, begin);
  }
  if (node.deep >= 0)
    Activate({static_cast<uint32_t>(node.deep), active.scope, active.instance}, element, begin);
}

bool NoticeWalk::Visit(pugi::xml_node element, size_t begin, size_t end, int depth) {
  if (depth > kMaxDepth) {
    failure_ = MakeError(ErrorCode::kTooLarge, fmt::format("elements are nested deeper than {}", kMaxDepth));
    return false;
  }
  for (pugi::xml_node child = element.first_child(); child; child = child.next_sibling()) {
    if (child.type() != pugi::node_element) continue;
    const NameId id = names_->Of(child);
    for (size_t i = begin; i < end; ++i) {
      const Active active = active_[i];
      const TrieNode& node = program_->nodes[active.node];
      if (node.stays) Activate(active, child, end);
      if (!node.MayLead(id)) continue;
      for (const TrieEdge& edge : node.edges) {
        if (!edge.test.Holds(id)) continue;
        if (!edge.predicates.empty()) {
          const size_t declared = names_->Enter(child);
          const bool holds = Holds(edge.predicates, edge.test, child);
          names_->Leave(declared);
          if (!holds) continue;
        }
        Activate({edge.target, active.scope, active.instance}, child, end);
      }
    }
    if (found_.size() > kMaxFound || last_.size() > kMaxSlots || looked_at_ > kMaxLookedAt) {
      failure_ = MakeError(ErrorCode::kTooLarge, "the paths reach too much in this notice");
      return false;
    }
    if (active_.size() == end) continue;
    const size_t declared = names_->Enter(child);
    const bool visited = Visit(child, end, active_.size(), depth + 1);
    names_->Leave(declared);
    active_.resize(end);
    if (!visited) return false;
  }
  return true;
}

void NoticeWalk::Variables(pugi::xml_node root) {
  variables_.assign(program_->variables.size(), "");
  std::string buffer;
  for (size_t v = 0; v < variables_.size(); ++v) {
    for (const ProgramVariable::Path& path : program_->variables[v].paths) {
      pugi::xml_node at = root;
      for (const ProgramVariable::Step& step : path.steps) {
        pugi::xml_node next;
        for (pugi::xml_node child = at.first_child(); child && !next; child = child.next_sibling()) {
          if (child.type() == pugi::node_element && step.test.Holds(names_->Of(child)) &&
              Holds(step.predicates, step.test, child)) {
            next = child;
          }
        }
        at = next;
        if (!at) break;
      }
      if (!at) continue;
      FoundValue value{at, path.end, nullptr};
      if (path.end == FieldEnd::kAttribute) {
        for (pugi::xml_attribute attribute = at.first_attribute(); attribute;
             attribute = attribute.next_attribute()) {
          if (names_->Is(attribute, path.attribute)) value.attribute = attribute.value();
        }
        if (value.attribute == nullptr) continue;
      }
      variables_[v] = TextOf(value, *program_->family, buffer);
      if (!variables_[v].empty()) break;
    }
  }
}

Status NoticeWalk::Run(const FamilyProgram& program, pugi::xml_node root, XmlNames& names) {
  program_ = &program;
  names_ = &names;
  instances_.resize(std::max(instances_.size(), program.scope_nodes.size()));
  for (auto& instances : instances_) instances.clear();
  found_.clear();
  last_.clear();
  active_.clear();
  looked_at_ = 0;
  Variables(root);
  Open(0, root, 0);
  Activate({program.scope_nodes[0], 0, 0}, root, 0);
  return Visit(root, 0, active_.size(), 1) ? Status::OK() : failure_;
}

}  // namespace penstock::source::ted
