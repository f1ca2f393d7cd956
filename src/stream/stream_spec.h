// What a delivery stream is, in Firehose's terms: CreateDeliveryStream's ExtendedS3DestinationConfiguration
// and what a pipeline.yaml says in `stream:` are both read into this. Source: Amazon Data Firehose API
// reference, ExtendedS3DestinationConfiguration; developer guide, "Quotas".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/status.h"
#include "lake/catalog.h"

namespace penstock::stream {

// A delivery is due when either is reached. 0 s: as soon as there is a record.
struct BufferingHints {
  int64_t size_mib = 5;      // 1 to 128
  int64_t interval_s = 300;  // 0 to 900
};

// Of objects that are not Parquet.
enum class Compression { kNone, kGzip, kZip, kSnappy, kHadoopSnappy, kZstd };

// A field of the record (JSON) that becomes a part of the object's key: !{partitionKeyFromQuery:NAME}.
struct PartitionKey {
  std::string name;
  std::string path;  // .customer.id
};

// How records of JSON are read: Firehose's Deserializer. What is not said is as with its OpenXJsonSerDe.
struct JsonInput {
  bool hive = false;                                 // HiveJsonSerDe
  bool case_insensitive = true;                      // keys are taken in lower case
  bool dots_to_underscores = false;                  // the key "a.b" is the column a_b
  std::map<std::string, std::string> column_to_key;  // where a column's key is not its name; at every depth
  std::vector<std::string> timestamp_formats;        // HiveJsonSerDe's: patterns of Joda-Time, or "millis"

  friend bool operator==(const JsonInput&, const JsonInput&) = default;
};

// Records are JSON objects and become rows of these columns, by name.
struct ParquetConversion {
  std::vector<lake::CatalogColumn> columns;
  std::string compression = "zstd";  // zstd, snappy, gzip, none
  JsonInput input;
};

// What records pass through before they are delivered: built-in ones in order, or a Lambda handler.
struct TransformSpec {
  // Each an object with one key, the name of the transform, and its settings: {"append_newline": {}}.
  json::array built_in;
  // {"command": ["python3", "-m", "awslambdaric", "app.handler"], …}; absent: none.
  std::optional<json::object> handler;

  bool empty() const { return built_in.empty() && !handler; }
};

struct StreamSpec {
  std::string name;
  BufferingHints buffering;
  std::string prefix;            // of delivered objects in the bucket, with !{…}
  std::string error_prefix;      // of records that could not be delivered
  std::string file_extension;    // ".json"; empty: by compression and conversion
  std::string timezone = "UTC";  // IANA name, of the prefixes' times
  Compression compression = Compression::kNone;
  std::vector<PartitionKey> partition_keys;
  bool partition_by_transform = false;  // !{partitionKeyFromLambda:…}: the transform gives the keys
  int64_t most_partitions = 500;        // that one delivery may have; further ones are errors
  std::optional<ParquetConversion> parquet;
  TransformSpec transform;
  // The table that is registered at the first delivery; empty: none.
  std::string database, table;
  // The catalog had its columns before the stream (SchemaConfiguration), and says what it is: an entry that
  // lies where the objects go stays as it is.
  bool table_of_catalog = false;
  std::vector<lake::CatalogColumn> json_columns;  // its columns where there is no conversion to Parquet
  // Its rows are told apart by these columns: of several with the same values the one delivered last is seen.
  // Empty: each record is a row of its own.
  std::vector<std::string> unique;
  std::string description;
  std::map<std::string, std::string> tags;
  std::string folder;  // of the pipeline that declares the stream: where its handler runs; empty: none
  // Kept for those who ask, without a meaning here: RoleARN, BucketARN, CloudWatchLoggingOptions, …
  json::object kept;
  TimePoint created{}, updated{};
  int64_t version = 1;  // raised by each UpdateDestination

  bool dynamic() const { return !partition_keys.empty() || partition_by_transform; }
};

// As it is kept on disk; both ways without loss. InvalidData: not such a document, with the field's name.
json::object ToJson(const StreamSpec& spec);
Result<StreamSpec> StreamSpecFromJson(const json::value& document);

// "GZIP", as Firehose writes it; "ZSTD" is ours.
std::string_view NameOf(Compression compression);
// InvalidData: no such name; the text lists them.
Result<Compression> CompressionFromName(std::string_view name);

// The bounds of AWS on names (1 to 64 of [a-zA-Z0-9_.-]), hints, and what contradicts itself (Parquet with a
// compression of the object). InvalidData, in words that Firehose's clients show.
Status CheckStreamSpec(const StreamSpec& spec);

}  // namespace penstock::stream
