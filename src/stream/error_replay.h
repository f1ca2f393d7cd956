// Failed records once more through their stream: what lies below the error prefix is put into the log again,
// and then deleted. Each record once, whatever dies when, and how often one asks.
//
// Asked from any process by a file of the stream's folder (replay-request.json: {"keys": […]}); done by the
// one that delivers the stream, which keeps in replay.json what is left and the piece that is being appended:
//   {"keys": ["…"], "current": {"key", "etag", "done": 500, "from": 1234, "count": 100, "arrival": 15…}}
// is written before records [500, 600) of the object `key` are appended, at 1234 at the earliest, with that
// arrival (microseconds since the epoch). Who finds it after a death looks whether they are in the log from
// there on, one behind the other: the log is not cut off before that is known. The arrival tells them from
// the same records of a producer.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "store/object_store.h"
#include "stream/prefix_expression.h"
#include "stream/record_log.h"

namespace penstock::stream {

// The error objects of the stream, and of earlier ones of its name, in the order of their first records.
Result<std::vector<store::ObjectInfo>> ListErrorObjects(store::ObjectStore& store, const StreamSpec& spec,
                                                        const StreamPrefixes& prefixes);

// Objects whose records are to be put again; those that are not there when it is done were put already.
// Conflict: an earlier request waits.
Status RequestReplay(const std::string& stream_folder, const std::vector<std::string>& keys);
// Whether something that was asked for is not done yet.
Result<bool> IsReplayPending(const std::string& stream_folder);

// By the delivery's thread.
class ErrorReplay {
 public:
  ErrorReplay(std::string stream_folder, RecordLog& log, store::ObjectStore& store, const Clock& clock,
              Logger logger)
      : stream_folder_(std::move(stream_folder)),
        log_(log),
        store_(store),
        clock_(clock),
        logger_(std::move(logger)) {}

  // Does what is asked for. Failures are those of the store, the log and the folder; what is left is done by
  // the next call. Fault points: stream.replay.planned, .appended, .deleted.
  Status Work(std::stop_token stop);
  // Records from here on must stay in the log; the greatest number: none.
  uint64_t keep_from() const {
    if (current_) return current_->from;
    return loaded_ ? std::numeric_limits<uint64_t>::max() : 0;
  }

 private:
  struct Current {
    std::string key;
    store::Etag etag;
    uint64_t done = 0, from = 0, count = 0;
    TimePoint arrival{};
  };
  Status Load();
  Status Save();
  Status TakeRequest();
  Status Replay(const std::string& key, std::stop_token stop);
  // Whether the records of current_ are in the log.
  Result<bool> WasAppended(const std::vector<std::string>& records);

  const std::string stream_folder_;
  RecordLog& log_;
  store::ObjectStore& store_;
  const Clock& clock_;
  const Logger logger_;
  bool loaded_ = false;
  std::vector<std::string> keys_;
  std::optional<Current> current_;
};

}  // namespace penstock::stream
