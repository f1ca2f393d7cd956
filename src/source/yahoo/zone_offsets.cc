#include "source/yahoo/zone_offsets.h"

#include <algorithm>
#include <map>

namespace penstock::source::yahoo {
namespace {

constexpr int64_t kDay = 86400;
constexpr int64_t kFirst = 631152000;  // 1990-01-01
constexpr int64_t kLast = 2208988800;  // 2040-01-01
constexpr int64_t kStep = 7 * kDay;    // no zone changed twice within a week since 1990
constexpr size_t kMaxZones = 64;

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

ZoneOffsets::ZoneOffsets(TimeZone zone) : zone_(zone) {
  int64_t offset = OffsetAt(kFirst);
  starts_.push_back(kFirst);
  offsets_.push_back(offset);
  for (int64_t at = kFirst; at < kLast; at += kStep) {
    const int64_t next = OffsetAt(at + kStep);
    if (next == offset) continue;
    int64_t low = at, high = at + kStep;  // the change lies in (low, high]
    while (high - low > 1) {
      const int64_t middle = low + (high - low) / 2;
      (OffsetAt(middle) == offset ? low : high) = middle;
    }
    offset = next;
    starts_.push_back(high);
    offsets_.push_back(offset);
  }
}

int64_t ZoneOffsets::OffsetAt(int64_t unix_seconds) const {
  const TimePoint time{std::chrono::seconds(unix_seconds)};
  const int64_t day = DaysSinceEpoch(zone_.LocalDate(time));
  const int64_t within = std::chrono::duration_cast<std::chrono::seconds>(zone_.LocalTimeOfDay(time)).count();
  return day * kDay + within - unix_seconds;
}

int32_t ZoneOffsets::LocalDay(int64_t unix_seconds, size_t* hint) const {
  if (unix_seconds < kFirst || unix_seconds >= kLast) {
    return static_cast<int32_t>(FloorDiv(unix_seconds + OffsetAt(unix_seconds), kDay));
  }
  size_t at = *hint;
  const bool inside = at < starts_.size() && unix_seconds >= starts_[at] &&
                      (at + 1 == starts_.size() || unix_seconds < starts_[at + 1]);
  if (!inside) {
    at = static_cast<size_t>(std::upper_bound(starts_.begin(), starts_.end(), unix_seconds) -
                             starts_.begin()) -
         1;
    *hint = at;
  }
  return static_cast<int32_t>(FloorDiv(unix_seconds + offsets_[at], kDay));
}

Result<const ZoneOffsets*> ZoneOffsets::Find(const std::string& zone) {
  thread_local std::map<std::string, std::unique_ptr<ZoneOffsets>> cache;
  const auto found = cache.find(zone);
  if (found != cache.end()) return found->second.get();
  ASSIGN_OR_RETURN(const TimeZone known, TimeZone::Find(zone));
  // Only a hostile corpus names more zones than this; then the first ones go.
  if (cache.size() >= kMaxZones) cache.erase(cache.begin());
  auto& made = cache[zone];
  made.reset(new ZoneOffsets(known));
  return made.get();
}

}  // namespace penstock::source::yahoo
