// A table that streams deliver to, as it is now: the delivered objects that count, and as files beside them
// what is acknowledged and in none of them yet. Every record is seen once, while it is delivered, too:
// delivery_state.h says why. Of compacted objects, those that current_objects.h names.
#pragma once

#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "store/object_store.h"
#include "stream/stream_spec.h"

namespace penstock::stream {

struct LiveSource {
  StreamSpec spec;
  std::string folder;  // of the stream: delivery.json, and log/
};

struct LiveTable {
  std::vector<std::string> keys;   // of the store
  std::vector<std::string> files;  // absolute paths; as a delivery would write them
  std::string folder;              // that holds these, with a '/' at the end; empty: there are none
  std::shared_ptr<void> hold;      // the folder is removed with it
};

struct LiveTableOptions {
  std::string prefix;            // of the table's objects
  std::string pattern;           // of what follows in their keys, as a shell's: "dt=*/*.parquet"
  bool waiting = true;           // false: only what is delivered
  std::string temporary_folder;  // empty: TMPDIR or /tmp
};

// The streams that deliver to the table. Records pass the built-in transforms of their stream; what these or
// the conversion refuse is not seen, for it would not be delivered. A stream whose transform is a handler is
// told to the logger, and its waiting records are not seen: a query does not run programs. Fails as the store
// and the log; Cancelled: `stop`.
Result<LiveTable> TakeLiveTable(std::span<const LiveSource> sources, store::ObjectStore& store,
                                const LiveTableOptions& options, Clock& clock, Random& random,
                                const Logger& logger, std::stop_token stop);

}  // namespace penstock::stream
