// What of a stream's log is in the lake: the file delivery.json of the stream's folder, {
//   "delivered": 1234,             every record with a lower sequence is in the lake: in an object of the
//   table, in one below
//                                  the error prefix, or dropped by the transform
//   "plan": {                      a delivery under way; absent: none
//     "first": 1234, "end": 5678,  of the records [first, end); first is `delivered`
//     "keys": ["…"]                objects that it has put or will put; before the first put they stand here
//   } }
// It is replaced whole (temporary file, fsync, rename, fsync of the folder).
//
// A reader of the log and the lake together (live queries) sees each record once when it
//   1. reads `delivered` once, as D (ReadDeliveryState),
//   2. reads the log from D on, at once, and begins again at 1 when that says NotFound,
//   3. lists the table's objects and takes those with FirstSequenceOf(key) < D (stream/object_name.h), and of
//   these the ones that CurrentObjects names where objects were compacted (stream/current_objects.h).
// Objects of a plan have sequences from D on, so 3 leaves them out whether they are there or not, and records
// of them are read by 2; every object below D is complete, for `delivered` is raised behind its put. It takes
// no lock and needs no second look.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace penstock::stream {

struct DeliveryPlan {
  uint64_t first = 0, end = 0;
  std::vector<std::string> keys;
};

struct DeliveryState {
  uint64_t delivered = 0;
  std::optional<DeliveryPlan> plan;
  // LogOptions::at_least: no record may get a sequence that an object was made of.
  uint64_t at_least() const { return plan ? plan->end : delivered; }
};

// Of the stream's folder; nothing delivered where there is no file. Corrupt: it is not such a document.
Result<DeliveryState> ReadDeliveryState(const std::string& stream_folder);
// Durable when it returns OK.
Status WriteDeliveryState(const std::string& stream_folder, const DeliveryState& state);

}  // namespace penstock::stream
