// The offset of a time zone from UTC by table, for the local date of thousands of moments.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/date.h"

namespace penstock::source::yahoo {

// Immutable. Holds 1990 to 2040; other moments are asked of the zone itself.
class ZoneOffsets {
 public:
  // Of the calling thread, computed once a zone. NotFound: no such zone.
  static Result<const ZoneOffsets*> Find(const std::string& zone);

  // Days since 1970-01-01 of the local date. `hint` is where the last search ended: start with 0, keep it
  // among calls.
  int32_t LocalDay(int64_t unix_seconds, size_t* hint) const;

 private:
  explicit ZoneOffsets(TimeZone zone);
  int64_t OffsetAt(int64_t unix_seconds) const;

  TimeZone zone_;
  // Sorted; offsets_[i] holds from starts_[i] until starts_[i + 1].
  std::vector<int64_t> starts_, offsets_;
};

}  // namespace penstock::source::yahoo
