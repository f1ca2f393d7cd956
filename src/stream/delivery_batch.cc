#include "stream/delivery_batch.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/fault.h"
#include "base/parallel.h"
#include "stream/object_name.h"

namespace penstock::stream {
namespace {

constexpr int kPutThreads = 8;

RecordFailure Partitioning(std::string_view code, std::string_view message) {
  return {kProcessingFailed, fmt::format("DynamicPartitioning.{}", code), std::string(message)};
}

}  // namespace

void DeliveryBatch::Count(const Record& record) {
  if (counts_.records == 0 || record.arrival < counts_.oldest) counts_.oldest = record.arrival;
  ++counts_.records;
  counts_.bytes += record.data.size();
}

bool DeliveryBatch::IsCutBefore(const Record& next) const {
  const int64_t interval_s = spec_.buffering.interval_s == 0 ? 60 : spec_.buffering.interval_s;
  return IsFull() ||
         (counts_.records > 0 && next.arrival - counts_.oldest >= std::chrono::seconds(interval_s));
}

Status DeliveryBatch::Add(const Record& record, std::string_view data, const PartitionValues& lambda_keys) {
  query_keys_.clear();
  const bool by_query = !spec_.partition_keys.empty();
  if (by_query || spec_.parquet) json_.Read(data);
  if (by_query) {
    if (const auto failure = json_.Keys(&query_keys_)) return Fail(record, *failure);
  }
  RecordFailure why;
  ASSIGN_OR_RETURN(Partition* const partition, PartitionOf(record, query_keys_, lambda_keys, &why));
  if (partition == nullptr) return Fail(record, why);
  if (!spec_.parquet) {
    if (partition->bytes == nullptr) return MakeError(ErrorCode::kInternal, "a partition without an object");
    ++counts_.delivered;
    return partition->bytes->Add(data);
  }
  if (const auto failure = json_.Rows(partition->parquet->rows())) return Fail(record, *failure);
  ++counts_.delivered;
  return partition->parquet->Added(data.size());
}

Result<DeliveryBatch::Partition*> DeliveryBatch::PartitionOf(const Record& record,
                                                             const PartitionValues& query_keys,
                                                             const PartitionValues& lambda_keys,
                                                             RecordFailure* why) {
  std::string id;
  if (spec_.dynamic()) {
    for (const auto* keys : {&query_keys, &lambda_keys}) {
      for (const auto& [name, value] : *keys) {
        id += name;
        id += '\0';
        id += value;
        id += '\0';
      }
    }
  }
  if (const auto found = partitions_.find(id); found != partitions_.end()) return &found->second;
  PrefixValues values;
  values.arrival = record.arrival;
  values.zone = &prefixes_.zone;
  values.query_keys = &query_keys;
  values.lambda_keys = &lambda_keys;
  const std::string seed = ObjectUuid(spec_, id, record.sequence);
  values.seed = seed;
  const auto prefix = prefixes_.prefix.Evaluate(values);
  if (!prefix.ok()) {
    *why = Partitioning("MetadataExtractionFailed", prefix.status().message());
    return nullptr;
  }
  const std::string key = *prefix + ObjectName(spec_, prefixes_.zone, record.arrival, record.sequence, id) +
                          ObjectExtension(spec_);
  if (const Status good = store::CheckKey(key); !good.ok()) {
    *why = Partitioning("MetadataExtractionFailed", good.message());
    return nullptr;
  }
  if (static_cast<int64_t>(partitions_.size()) >= std::max<int64_t>(spec_.most_partitions, 1)) {
    *why = Partitioning("ActivePartitionsLimitExceeded",
                        "The number of active partitions has exceeded the configured limit");
    return nullptr;
  }
  Partition partition;
  if (spec_.parquet) {
    partition.parquet = std::make_unique<ParquetObject>(store_, key, schema_, spec_.parquet->compression);
  } else {
    ASSIGN_OR_RETURN(partition.bytes, BytesObject::Open(store_, key, spec_.compression));
  }
  ++counts_.partitions;
  return &partitions_.emplace(std::move(id), std::move(partition)).first->second;
}

Status DeliveryBatch::Fail(const Record& record, const RecordFailure& failure) {
  auto& object = errors_[std::string(failure.type)];
  if (object == nullptr) {
    const std::string id = fmt::format("error {}", failure.type);
    PrefixValues values;
    values.arrival = record.arrival;
    values.zone = &prefixes_.zone;
    values.error_output_type = failure.type;
    const std::string seed = ObjectUuid(spec_, id, record.sequence);
    values.seed = seed;
    ASSIGN_OR_RETURN(const std::string prefix, prefixes_.error_prefix.Evaluate(values));
    ASSIGN_OR_RETURN(
        object, BytesObject::Open(
                    store_, prefix + ObjectName(spec_, prefixes_.zone, record.arrival, record.sequence, id),
                    Compression::kNone));
  }
  ErrorRecord error;
  error.arrival = record.arrival;
  error.ended = clock_.Now();
  error.code = failure.code;
  error.message = failure.message;
  error.raw = record.data;
  error.sequence = record.sequence;
  error.attempts = failure.attempts;
  error.lambda_arn = failure.lambda_arn;
  std::string line;
  AppendErrorLine(spec_, failure.type, error, &line);
  ++counts_.failed;
  return object->Add(line);
}

template <typename Do>
Status DeliveryBatch::ForEach(const Do& work) const {
  for (const auto& [id, partition] : partitions_) {
    DeliveredObject* const object =
        spec_.parquet ? static_cast<DeliveredObject*>(partition.parquet.get()) : partition.bytes.get();
    RETURN_IF_ERROR(work(*object));
  }
  for (const auto& [type, object] : errors_) RETURN_IF_ERROR(work(*object));
  return Status::OK();
}

Status DeliveryBatch::Close() {
  // A partition all of whose records were refused has no object.
  std::erase_if(partitions_, [](const auto& each) {
    return each.second.parquet != nullptr && each.second.parquet->empty();
  });
  return ForEach([](DeliveredObject& object) { return object.Close(); });
}

std::vector<std::string> DeliveryBatch::keys() const {
  std::vector<std::string> keys;
  IgnoreError(ForEach([&](DeliveredObject& object) {
                keys.push_back(object.key());
                return Status::OK();
              }),
              "it never fails");
  std::sort(keys.begin(), keys.end());
  return keys;
}

Status DeliveryBatch::Put() {
  std::vector<DeliveredObject*> objects;
  RETURN_IF_ERROR(ForEach([&](DeliveredObject& object) {
    objects.push_back(&object);
    return Status::OK();
  }));
  RETURN_IF_ERROR(ParallelFor(objects.size(), kPutThreads, [&](size_t i) -> Status {
    RETURN_IF_ERROR(objects[i]->Put());
    return FaultPoint("stream.delivery.put");
  }));
  for (const DeliveredObject* object : objects)
    counts_.object_bytes += static_cast<uint64_t>(object->bytes());
  counts_.objects += objects.size();
  return Status::OK();
}

}  // namespace penstock::stream
