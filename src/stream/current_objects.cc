#include "stream/current_objects.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>

#include "stream/object_name.h"

namespace penstock::stream {
namespace {

constexpr std::string_view kMark = ".to-";
constexpr size_t kDigits = 16;

std::string_view FolderOf(std::string_view key) { return key.substr(0, key.rfind('/') + 1); }
bool IsHidden(std::string_view key) { return key.substr(key.rfind('/') + 1).starts_with('_'); }

struct Range {
  uint64_t first, through;
  bool hidden;
  size_t at;  // of its key
};

}  // namespace

std::optional<uint64_t> CompactedThrough(std::string_view key) {
  const auto parsed = ParseObjectName(key);
  if (!parsed || !parsed->extension.starts_with(kMark) || parsed->extension.size() < kMark.size() + kDigits) {
    return std::nullopt;
  }
  const char* const begin = parsed->extension.data() + kMark.size();
  uint64_t through = 0;
  const auto [end, error] = std::from_chars(begin, begin + kDigits, through, 16);
  return error == std::errc() && end == begin + kDigits ? std::optional(through) : std::nullopt;
}

std::vector<std::string> CurrentObjects(std::vector<std::string> keys) {
  std::map<std::pair<std::string_view, std::string_view>, std::vector<Range>>
      compacted;  // by folder and stream
  for (size_t i = 0; i < keys.size(); ++i) {
    if (const auto through = CompactedThrough(keys[i])) {
      const auto parsed = ParseObjectName(keys[i]);
      compacted[{FolderOf(keys[i]), parsed->stream_id}].push_back(
          {parsed->first_sequence, *through, IsHidden(keys[i]), i});
    }
  }
  if (compacted.empty()) return keys;
  // Of ranges within each other the widest counts; of the same range the one that all see.
  for (auto& [place, ranges] : compacted) {
    std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) {
      return std::tuple(a.first, ~a.through, a.hidden) < std::tuple(b.first, ~b.through, b.hidden);
    });
    std::vector<Range> widest;
    for (const Range& range : ranges) {
      if (widest.empty() || range.through > widest.back().through) widest.push_back(range);
    }
    ranges = std::move(widest);
  }
  std::vector<bool> counts(keys.size(), true);
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto parsed = ParseObjectName(keys[i]);
    if (!parsed) continue;
    const auto place = compacted.find({FolderOf(keys[i]), parsed->stream_id});
    if (place == compacted.end()) continue;
    const bool is_compacted = CompactedThrough(keys[i]).has_value();
    for (const Range& range : place->second) {
      if (is_compacted ? range.at == i
                       : parsed->first_sequence < range.first || parsed->first_sequence > range.through) {
        continue;
      }
      if (parsed->first_sequence >= range.first && parsed->first_sequence <= range.through) counts[i] = false;
    }
  }
  std::vector<std::string> current;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (counts[i]) current.push_back(std::move(keys[i]));
  }
  return current;
}

}  // namespace penstock::stream
