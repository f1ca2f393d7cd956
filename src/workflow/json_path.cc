#include "workflow/json_path.h"

#include <fmt/format.h>

#include <algorithm>

#include "workflow/json_path_function.h"

namespace penstock::workflow {
namespace {

Status NotFound(std::string message) { return MakeError(ErrorCode::kNotFound, std::move(message)); }

const json::value* At(const json::array& array, int64_t index) {
  if (index < 0) index += static_cast<int64_t>(array.size());
  if (index < 0 || index >= static_cast<int64_t>(array.size())) return nullptr;
  return &array[static_cast<size_t>(index)];
}

}  // namespace

bool JsonPath::Segment::definite() const {
  if (descend) return false;
  return (kind == Kind::kNames && names.size() == 1) || (kind == Kind::kIndexes && indexes.size() == 1);
}

bool JsonPath::is_reference() const {
  return function_ == nullptr && std::all_of(segments_.begin(), segments_.end(), [](const Segment& segment) {
           return segment.definite() && (segment.kind == Segment::Kind::kNames || segment.indexes[0] >= 0);
         });
}

bool JsonPath::StartsWith(std::initializer_list<std::string_view> names) const {
  if (segments_.size() < names.size()) return false;
  size_t i = 0;
  for (const auto name : names) {
    const Segment& segment = segments_[i++];
    if (!segment.definite() || segment.kind != Segment::Kind::kNames || segment.names[0] != name)
      return false;
  }
  return true;
}

std::string JsonPath::Normal(size_t count) const {
  std::string out = "$";
  for (size_t i = 0; i < count && i < segments_.size(); ++i) {
    const Segment& segment = segments_[i];
    if (segment.descend) out += "..";
    switch (segment.kind) {
      case Segment::Kind::kNames: out += fmt::format("['{}']", fmt::join(segment.names, "','")); break;
      case Segment::Kind::kIndexes: out += fmt::format("[{}]", fmt::join(segment.indexes, ",")); break;
      case Segment::Kind::kSlice: out += "[:]"; break;
      case Segment::Kind::kWildcard: out += "[*]"; break;
      case Segment::Kind::kFilter: out += "[?]"; break;
    }
  }
  return out;
}

const json::value* JsonPath::Find(const json::value& root, size_t skip) const {
  const json::value* node = &root;
  for (size_t i = skip; i < segments_.size() && node != nullptr; ++i) {
    const Segment& segment = segments_[i];
    if (!segment.definite()) return nullptr;
    if (segment.kind == Segment::Kind::kNames) {
      const auto* object = node->if_object();
      node = object == nullptr ? nullptr : object->if_contains(segment.names[0]);
    } else {
      const auto* array = node->if_array();
      node = array == nullptr ? nullptr : At(*array, segment.indexes[0]);
    }
  }
  return node;
}

bool JsonPath::LeadsSomewhere(const json::value& root) const {
  const json::value* node = &root;
  JsonPath step;
  for (const Segment& segment : segments_) {
    if (!segment.definite()) break;
    step.segments_ = {segment};
    node = step.Find(*node);
    if (node == nullptr) return false;
  }
  return true;
}

Result<json::value> JsonPath::Evaluate(const json::value& root, size_t skip) const {
  auto value = EvaluateSegments(root, skip);
  if (function_ == nullptr || !value.ok()) return value;
  return CallPathFunction(*function_, *value, root);
}

Result<json::value> JsonPath::EvaluateSegments(const json::value& root, size_t skip) const {
  if (definite_) {
    if (const json::value* found = Find(root, skip)) return *found;
  }
  Walk walk{root, {}, {}};
  RETURN_IF_ERROR(Collect(root, skip, true, walk));
  const bool one_object =
      merges_names() && !segments_.back().descend &&
      std::all_of(segments_.begin(), segments_.end() - 1, [](const Segment& s) { return s.definite(); });
  if (one_object && !walk.found.empty()) return *walk.found.front();
  json::array out;
  out.reserve(walk.found.size());
  for (const auto* value : walk.found) out.push_back(*value);
  return json::value(std::move(out));
}

Status JsonPath::Collect(const json::value& node, size_t depth, bool definite_so_far, Walk& walk) const {
  if (depth == segments_.size()) {
    walk.found.push_back(&node);
    return Status::OK();
  }
  RETURN_IF_ERROR(Select(node, depth, definite_so_far && segments_[depth].definite(), walk));
  if (!segments_[depth].descend) return Status::OK();
  if (const auto* object = node.if_object()) {
    for (const auto& member : *object) RETURN_IF_ERROR(Collect(member.value(), depth, false, walk));
  } else if (const auto* array = node.if_array()) {
    for (const auto& element : *array) RETURN_IF_ERROR(Collect(element, depth, false, walk));
  }
  return Status::OK();
}

// What segment `depth` selects of `node`, each followed to the end. A missing value fails only where all
// before it is definite, as Jayway does.
Status JsonPath::Select(const json::value& node, size_t depth, bool definite_so_far, Walk& walk) const {
  const Segment& segment = segments_[depth];
  // (Step Functions: no missing name fails in a path that is not definite: "$.no[*]" is [].)
  const bool leaf = depth + 1 == segments_.size();
  const bool before_definite = !segment.descend && std::all_of(segments_.begin(), segments_.begin() + depth,
                                                               [](const Segment& s) { return s.definite(); });
  switch (segment.kind) {
    case Segment::Kind::kNames: {
      const auto* object = node.if_object();
      if (object == nullptr) {
        if (!before_definite) return Status::OK();
        return NotFound(
            fmt::format("Expected to find an object with property ['{}'] in path {} but found another type",
                        segment.names[0], Normal(depth)));
      }
      if (leaf && merges_names()) {
        Merge(*object, walk);
        return Status::OK();
      }
      for (const auto& name : segment.names) {
        if (const auto* child = object->if_contains(name)) {
          RETURN_IF_ERROR(Collect(*child, depth + 1, definite_so_far, walk));
        } else if (definite_so_far && definite_) {
          return NotFound(leaf ? fmt::format("No results for path: {}", Normal(depth + 1))
                               : fmt::format("Missing property in path {}", Normal(depth + 1)));
        }
      }
      return Status::OK();
    }
    case Segment::Kind::kIndexes:
    case Segment::Kind::kSlice: {
      const auto* array = node.if_array();
      if (array == nullptr) {
        if (!before_definite) return Status::OK();
        return NotFound(fmt::format("Filter: {} can only be applied to arrays", Normal(depth + 1)));
      }
      std::vector<const json::value*> chosen;
      if (segment.kind == Segment::Kind::kSlice) {
        Slice(*array, segment, chosen);
      } else {
        for (const int64_t index : segment.indexes) {
          const auto* element = At(*array, index);
          if (element != nullptr)
            chosen.push_back(element);
          else if (definite_so_far && definite_)
            return NotFound(fmt::format("No results for path: {}", Normal(depth + 1)));
        }
      }
      for (const auto* element : chosen) RETURN_IF_ERROR(Collect(*element, depth + 1, definite_so_far, walk));
      return Status::OK();
    }
    case Segment::Kind::kWildcard:
      if (const auto* object = node.if_object()) {
        for (const auto& member : *object) RETURN_IF_ERROR(Collect(member.value(), depth + 1, false, walk));
      } else if (const auto* array = node.if_array()) {
        for (const auto& element : *array) RETURN_IF_ERROR(Collect(element, depth + 1, false, walk));
      }
      return Status::OK();
    case Segment::Kind::kFilter: return Filter(node, depth, walk);
  }
  return Status::OK();
}

// As Jayway: those that are there, but below ".." only where all are.
void JsonPath::Merge(const json::object& object, Walk& walk) const {
  const Segment& segment = segments_.back();
  json::object merged;
  for (const auto& name : segment.names) {
    if (const auto* child = object.if_contains(name)) {
      merged[name] = *child;
    } else if (segment.descend) {
      return;
    }
  }
  walk.made.emplace_back(std::move(merged));
  walk.found.push_back(&walk.made.back());
}

// A filter chooses elements of an array, or the object itself. Below "..", each object that matches is chosen
// when the descent meets it, and not once more as an element.
Status JsonPath::Filter(const json::value& node, size_t depth, Walk& walk) const {
  const Segment& segment = segments_[depth];
  if (node.is_object()) {
    return segment.filter->Matches(node, walk.root) ? Collect(node, depth + 1, false, walk) : Status::OK();
  }
  const auto* array = node.if_array();
  if (array == nullptr) return Status::OK();
  for (const auto& element : *array) {
    if (segment.descend && element.is_structured()) continue;
    if (segment.filter->Matches(element, walk.root))
      RETURN_IF_ERROR(Collect(element, depth + 1, false, walk));
  }
  return Status::OK();
}

// Jayway does not turn the ends of [from:to] into positions from the front: it walks from..to, and each
// negative number on the way counts from the end.
void JsonPath::Slice(const json::array& array, const Segment& segment,
                     std::vector<const json::value*>& out) const {
  const auto size = static_cast<int64_t>(array.size());
  int64_t from = segment.from;
  int64_t to = segment.to;
  if (!segment.has_from) {
    from = 0;
    if (to < 0) to += size;
  } else if (!segment.has_to) {
    if (from < 0) from = std::max<int64_t>(0, from + size);
    to = size;
  }
  to = std::min(to, size);
  for (int64_t i = std::max(from, -size); i < to; ++i) {
    if (const auto* element = At(array, i)) out.push_back(element);
  }
}

Status JsonPath::Put(json::value& document, json::value value) const {
  json::value* node = &document;
  for (size_t i = 0; i < segments_.size(); ++i) {
    const Segment& segment = segments_[i];
    if (segment.kind == Segment::Kind::kIndexes) {
      auto* array = node->if_array();
      const auto* element =
          array == nullptr || !segment.definite() ? nullptr : At(*array, segment.indexes[0]);
      if (element == nullptr) {
        return MakeError(ErrorCode::kInvalidData,
                         fmt::format("Unable to apply path {}: no element at {}", text_, Normal(i + 1)));
      }
      node = const_cast<json::value*>(element);
      continue;
    }
    if (!segment.definite() || segment.kind != Segment::Kind::kNames) {
      return MakeError(ErrorCode::kInvalidData, fmt::format("not a reference path: {}", text_));
    }
    if (i > 0 && node->is_null()) node->emplace_object();
    auto* object = node->if_object();
    if (object == nullptr) {
      return MakeError(ErrorCode::kInvalidData,
                       fmt::format("Unable to apply path {}: {} is not an object", text_, Normal(i)));
    }
    node = &(*object)[segment.names[0]];
  }
  *node = std::move(value);
  return Status::OK();
}

}  // namespace penstock::workflow
