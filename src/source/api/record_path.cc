#include "source/api/record_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace penstock::source {
namespace {

// "~1" is '/', "~0" is '~' (RFC 6901 section 4). Nothing: another '~'.
std::optional<std::string> Unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '~') {
      out += text[i];
      continue;
    }
    if (++i == text.size() || (text[i] != '0' && text[i] != '1')) return std::nullopt;
    out += text[i] == '0' ? '~' : '/';
  }
  return out;
}

}  // namespace

Result<RecordPath> RecordPath::Parse(std::string_view text) {
  RecordPath path;
  const auto wrong = [&](std::string_view why) {
    return MakeError(ErrorCode::kConfiguration,
                     fmt::format("expected a path such as /data/items or data.items, got {}: {}", text, why));
  };
  std::string_view rest = text;
  if (rest == "$") return path;
  if (rest.starts_with("$.")) rest.remove_prefix(2);
  const bool pointer = rest.starts_with('/');
  if (pointer) rest.remove_prefix(1);
  if (rest.empty() && !pointer) return path;
  while (true) {
    const size_t end = rest.find(pointer ? '/' : '.');
    const std::string_view part = rest.substr(0, end);
    if (part.empty()) return wrong("an empty segment");
    Segment segment;
    if (part == "*") {
      segment.each = true;
    } else if (part.front() == '{' && part.back() == '}') {
      segment.each = true;
      segment.name = part.substr(1, part.size() - 2);
      if (segment.name.empty()) return wrong("a column without a name");
      for (const Segment& other : path.segments) {
        if (other.each && other.name == segment.name) return wrong("two columns of one name");
      }
    } else {
      const auto name = pointer ? Unescape(part) : std::optional<std::string>(part);
      if (!name) return wrong("a '~' is written ~0, a '/' within a name ~1");
      segment.name = *name;
    }
    path.segments.push_back(std::move(segment));
    if (end == std::string_view::npos) return path;
    rest.remove_prefix(end + 1);
  }
}

bool RecordPath::goes_through_all() const {
  return std::any_of(segments.begin(), segments.end(), [](const Segment& segment) { return segment.each; });
}

const json::value* FindAt(const json::value& document, const RecordPath& path) {
  const json::value* at = &document;
  for (const RecordPath::Segment& segment : path.segments) {
    if (const auto* object = at->if_object()) {
      at = object->if_contains(segment.name);
    } else if (const auto* array = at->if_array()) {
      size_t index = 0;
      const char* end = segment.name.data() + segment.name.size();
      const auto [last, error] = std::from_chars(segment.name.data(), end, index);
      at = error == std::errc() && last == end ? array->if_contains(index) : nullptr;
    } else {
      at = nullptr;
    }
    if (at == nullptr) return nullptr;
  }
  return at;
}

}  // namespace penstock::source
