// The objects of one delivery: records are sorted into them as they are read.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "stream/delivered_object.h"
#include "stream/error_record.h"
#include "stream/json_rows.h"
#include "stream/log_record.h"
#include "stream/prefix_expression.h"

namespace penstock::stream {

struct BatchCounts {
  uint64_t records = 0, bytes = 0;  // as they were put into the stream
  uint64_t delivered = 0;           // in objects of the table
  uint64_t dropped = 0;             // by the transform
  uint64_t failed = 0;              // below the error prefix
  uint64_t partitions = 0;
  uint64_t objects = 0, object_bytes = 0;  // put
  TimePoint oldest{};                      // arrival of the oldest record
};

// By one thread. Its store, spec and prefixes outlive it. Failures are those of the store (and Internal); a
// record that cannot be delivered goes to an error object.
class DeliveryBatch {
 public:
  DeliveryBatch(const StreamSpec& spec, const StreamPrefixes& prefixes, JsonRows& json,
                std::shared_ptr<arrow::Schema> schema, store::ObjectStore& store, const Clock& clock)
      : spec_(spec),
        prefixes_(prefixes),
        json_(json),
        schema_(std::move(schema)),
        store_(store),
        clock_(clock) {}

  // A record was read, and one of the calls below follows at some time.
  void Count(const Record& record);
  // Whether it has the size that the buffering hints say.
  bool IsFull() const { return counts_.bytes >= static_cast<uint64_t>(spec_.buffering.size_mib) << 20; }
  // Whether it has, or `next` came later than their interval says: what waited for long is cut as if it had
  // not. Without an interval, by the minute.
  bool IsCutBefore(const Record& next) const;

  // It is delivered as `data`, with the keys that a transform gave it.
  Status Add(const Record& record, std::string_view data, const PartitionValues& lambda_keys);
  void Drop() { ++counts_.dropped; }
  Status Fail(const Record& record, const RecordFailure& failure);

  // Once, behind the last record: the objects are complete, and nothing is to be seen of them.
  Status Close();
  std::vector<std::string> keys() const;
  // All of them, some at once. Fault point: stream.delivery.put (behind each).
  Status Put();

  const BatchCounts& counts() const { return counts_; }

 private:
  struct Partition {
    std::unique_ptr<BytesObject> bytes;
    std::unique_ptr<ParquetObject> parquet;
  };
  // Of the partition; made for this record, its oldest. Null, and why: none can be made.
  Result<Partition*> PartitionOf(const Record& record, const PartitionValues& query_keys,
                                 const PartitionValues& lambda_keys, RecordFailure* why);
  template <typename Do>
  Status ForEach(const Do& work) const;

  const StreamSpec& spec_;
  const StreamPrefixes& prefixes_;
  JsonRows& json_;
  const std::shared_ptr<arrow::Schema> schema_;
  store::ObjectStore& store_;
  const Clock& clock_;
  std::unordered_map<std::string, Partition> partitions_;                    // by the values of their keys
  std::map<std::string, std::unique_ptr<BytesObject>, std::less<>> errors_;  // by type
  PartitionValues query_keys_;                                               // of the record at hand
  BatchCounts counts_;
};

}  // namespace penstock::stream
