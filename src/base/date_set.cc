#include "base/date_set.h"

#include <algorithm>

namespace penstock {
namespace {

constexpr std::chrono::days kDay{1};

}  // namespace

void DateSet::Add(DateRange range) {
  // Mostly behind the last one: days are asked for as they come.
  const auto first =
      std::lower_bound(ranges_.begin(), ranges_.end(), range.from,
                       [](const DateRange& known, Date from) { return known.to + kDay < from; });
  auto last = first;
  for (; last != ranges_.end() && last->from <= range.to + kDay; ++last) {
    range.from = std::min(range.from, last->from);
    range.to = std::max(range.to, last->to);
  }
  if (first == last) {
    ranges_.insert(first, range);
    return;
  }
  *first = range;
  ranges_.erase(first + 1, last);
}

void DateSet::Add(const DateSet& other) {
  for (const auto& range : other.ranges_) Add(range);
}

void DateSet::Remove(DateRange range) {
  std::vector<DateRange> kept;
  kept.reserve(ranges_.size() + 1);
  for (const auto& known : ranges_) {
    if (known.to < range.from || range.to < known.from) {
      kept.push_back(known);
      continue;
    }
    if (known.from < range.from) kept.push_back({known.from, range.from - kDay});
    if (range.to < known.to) kept.push_back({range.to + kDay, known.to});
  }
  ranges_ = std::move(kept);
}

void DateSet::Remove(const DateSet& other) {
  for (const auto& range : other.ranges_) Remove(range);
}

void DateSet::Join(const std::function<bool(Date first, Date last)>& nothing_between) {
  std::vector<DateRange> joined;
  for (const auto& range : ranges_) {
    if (!joined.empty() && nothing_between(joined.back().to + kDay, range.from - kDay)) {
      joined.back().to = range.to;
    } else {
      joined.push_back(range);
    }
  }
  ranges_ = std::move(joined);
}

bool DateSet::Contains(Date day) const {
  const auto it = std::lower_bound(ranges_.begin(), ranges_.end(), day,
                                   [](const DateRange& known, Date at) { return known.to < at; });
  return it != ranges_.end() && it->from <= day;
}

}  // namespace penstock
