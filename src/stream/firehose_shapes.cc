#include "stream/firehose_shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "stream/firehose_error.h"
#include "stream/jq_path.h"
#include "stream/prefix_expression.h"

namespace penstock::stream {
namespace {

constexpr const char* kRole = "arn:aws:iam::000000000000:role/penstock";
constexpr const char* kBucket = "arn:aws:s3:::lake";
constexpr size_t kMostTags = 50;

Status Invalid(std::string message) { return FirehoseError("InvalidArgumentException", std::move(message)); }
Status WrongType(std::string_view key, const char* expected) {
  return FirehoseError("SerializationException", fmt::format("{}: expected {}", key, expected));
}
Status Violated(std::string_view key, std::string_view constraint) {
  return FirehoseError(
      "ValidationException",
      fmt::format("1 validation error detected: Value at '{}' failed to satisfy constraint: {}", key,
                  constraint));
}

// A member that is there and not null.
const json::value* Member(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

// Each leaves `out` as it is when the member is absent.
Status ReadText(const json::object& from, std::string_view key, size_t most, std::string* out) {
  const auto* value = Member(from, key);
  if (value == nullptr) return Status::OK();
  if (!value->is_string()) return WrongType(key, "a text");
  if (value->get_string().size() > most) {
    return Violated(key, fmt::format("Member must have length less than or equal to {}", most));
  }
  *out = value->get_string();
  return Status::OK();
}
Status ReadInt(const json::object& from, std::string_view key, int64_t least, int64_t most, int64_t* out) {
  const auto* value = Member(from, key);
  if (value == nullptr) return Status::OK();
  if (!value->is_int64() && !value->is_uint64()) return WrongType(key, "a whole number");
  const int64_t number = value->is_int64() ? value->get_int64() : most + 1;
  if (number < least)
    return Violated(key, fmt::format("Member must have value greater than or equal to {}", least));
  if (number > most)
    return Violated(key, fmt::format("Member must have value less than or equal to {}", most));
  *out = number;
  return Status::OK();
}
Result<bool> BoolOr(const json::object& from, std::string_view key, bool fallback) {
  const auto* value = Member(from, key);
  if (value == nullptr) return fallback;
  if (!value->is_bool()) return WrongType(key, "true or false");
  return value->get_bool();
}
// nullptr: absent.
Result<const json::object*> ObjectOf(const json::object& from, std::string_view key) {
  const auto* value = Member(from, key);
  if (value == nullptr) return nullptr;
  if (!value->is_object()) return WrongType(key, "an object");
  return &value->get_object();
}

Status ReadBuffering(const json::object& hints, StreamSpec* spec) {
  // Source: BufferingHints: "if you specify a value for one of them, you must also provide a value for the
  // other".
  if ((Member(hints, "SizeInMBs") == nullptr) != (Member(hints, "IntervalInSeconds") == nullptr)) {
    return Invalid("BufferingHints: SizeInMBs and IntervalInSeconds are given together, or not at all");
  }
  RETURN_IF_ERROR(ReadInt(hints, "SizeInMBs", 1, 128, &spec->buffering.size_mib));
  return ReadInt(hints, "IntervalInSeconds", 0, 900, &spec->buffering.interval_s);
}

Result<std::string> ParameterOf(const json::object& processor, std::string_view name) {
  const auto* list = Member(processor, "Parameters");
  if (list == nullptr) return "";
  if (!list->is_array()) return WrongType("Parameters", "a list");
  for (const auto& item : list->get_array()) {
    if (!item.is_object()) return WrongType("Parameters", "a list of objects");
    ASSIGN_OR_RETURN(const std::string key, RequiredText(item.get_object(), "ParameterName"));
    if (key == name) return RequiredText(item.get_object(), "ParameterValue");
  }
  return "";
}

Status ReadProcessor(const json::object& processor, StreamSpec* spec) {
  ASSIGN_OR_RETURN(const std::string type, RequiredText(processor, "Type"));
  if (type == "AppendDelimiterToRecord") {
    ASSIGN_OR_RETURN(const std::string delimiter, ParameterOf(processor, "Delimiter"));
    // "\\n" in JSON: the console and the SDKs send the two letters.
    if (delimiter != "" && delimiter != "\\n" && delimiter != "\n") {
      return Invalid("AppendDelimiterToRecord: the delimiter is a new line (\\n) here, no other");
    }
    spec->transform.built_in.push_back(json::object{{"append_newline", json::object()}});
    return Status::OK();
  }
  if (type == "MetadataExtraction") {
    ASSIGN_OR_RETURN(const std::string engine, ParameterOf(processor, "JsonParsingEngine"));
    if (engine != "JQ-1.6") return Invalid("MetadataExtraction: JsonParsingEngine is JQ-1.6");
    ASSIGN_OR_RETURN(const std::string query, ParameterOf(processor, "MetadataExtractionQuery"));
    auto keys = ParseMetadataExtractionQuery(query);
    if (!keys.ok()) return Invalid("MetadataExtractionQuery: " + Describe(keys.status()));
    spec->partition_keys = *std::move(keys);
    return Status::OK();
  }
  if (type == "Lambda") {
    return Invalid(
        "a Lambda transform runs on this machine: declare the stream with its handler in a pipeline.yaml "
        "(transform: {command: …}); over the API nobody may name a command");
  }
  return Invalid(
      fmt::format("Processors: {} is not done here; there are AppendDelimiterToRecord, "
                  "MetadataExtraction, and the transforms of a pipeline.yaml",
                  type));
}

// As it is described.
json::value ProcessingOf(const StreamSpec& spec) {
  if (spec.transform.handler) {
    // What the pipeline declares, in the form that clients know.
    return json::object{
        {"Enabled", true},
        {"Processors",
         json::array{json::object{
             {"Type", "Lambda"},
             {"Parameters",
              json::array{json::object{
                  {"ParameterName", "LambdaArn"},
                  {"ParameterValue",
                   fmt::format("arn:aws:lambda:us-east-1:000000000000:function:{}", spec.name)}}}}}}}};
  }
  const auto* kept = spec.kept.if_contains("ProcessingConfiguration");
  return kept != nullptr ? *kept : json::object{{"Enabled", false}, {"Processors", json::array()}};
}

Status ReadProcessing(const json::object& processing, StreamSpec* spec) {
  // Given again as it was described (by an update): what a pipeline.yaml declares stays.
  if (ProcessingOf(*spec) == processing) return Status::OK();
  spec->partition_keys.clear();
  spec->partition_by_transform = false;
  spec->transform = {};
  ASSIGN_OR_RETURN(const bool enabled, BoolOr(processing, "Enabled", false));
  if (const auto* processors = Member(processing, "Processors"); enabled && processors != nullptr) {
    if (!processors->is_array()) return WrongType("Processors", "a list");
    for (const auto& processor : processors->get_array()) {
      if (!processor.is_object()) return WrongType("Processors", "a list of objects");
      RETURN_IF_ERROR(ReadProcessor(processor.get_object(), spec));
    }
  }
  spec->kept["ProcessingConfiguration"] = processing;
  return Status::OK();
}

Status ReadConversion(const json::object& conversion, lake::Catalog& catalog, StreamSpec* spec) {
  ASSIGN_OR_RETURN(const bool enabled, BoolOr(conversion, "Enabled", true));
  spec->kept["DataFormatConversionConfiguration"] = conversion;
  spec->parquet.reset();
  if (!enabled) return Status::OK();
  ASSIGN_OR_RETURN(const auto* schema, ObjectOf(conversion, "SchemaConfiguration"));
  ASSIGN_OR_RETURN(const auto* output, ObjectOf(conversion, "OutputFormatConfiguration"));
  ASSIGN_OR_RETURN(const auto* input, ObjectOf(conversion, "InputFormatConfiguration"));
  if (schema == nullptr || output == nullptr || input == nullptr) {
    return Invalid(
        "DataFormatConversionConfiguration: SchemaConfiguration, InputFormatConfiguration and "
        "OutputFormatConfiguration are required when it is enabled");
  }
  ASSIGN_OR_RETURN(const auto* serializer, ObjectOf(*output, "Serializer"));
  if (serializer == nullptr) return Invalid("OutputFormatConfiguration: a Serializer is required");
  ASSIGN_OR_RETURN(const auto* parquet, ObjectOf(*serializer, "ParquetSerDe"));
  if (parquet == nullptr)
    return Invalid("Serializer: records are converted to Parquet here (ParquetSerDe), not to ORC");
  std::string compression = "SNAPPY";
  RETURN_IF_ERROR(ReadText(*parquet, "Compression", 16, &compression));
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kCodecs{
      {{"SNAPPY", "snappy"}, {"GZIP", "gzip"}, {"UNCOMPRESSED", "none"}, {"ZSTD", "zstd"}}};
  const auto* codec = std::find_if(kCodecs.begin(), kCodecs.end(),
                                   [&](const auto& each) { return each.first == compression; });
  if (codec == kCodecs.end()) {
    return Violated("compression", "Member must satisfy enum value set: [GZIP, SNAPPY, UNCOMPRESSED]");
  }
  ASSIGN_OR_RETURN(const std::string database, RequiredText(*schema, "DatabaseName"));
  ASSIGN_OR_RETURN(const std::string table, RequiredText(*schema, "TableName"));
  auto entry = catalog.GetTable(database, table);
  if (CodeOf(entry.status()) == ErrorCode::kNotFound) {
    return Invalid(
        fmt::format("SchemaConfiguration: there is no table {}.{} in the catalog", database, table));
  }
  RETURN_IF_ERROR(entry.status());
  spec->parquet = ParquetConversion{std::move(entry->columns), std::string(codec->second)};
  return Status::OK();
}

// Members that are described again as they came.
Status Keep(const json::object& destination, StreamSpec* spec) {
  for (const char* key :
       {"EncryptionConfiguration", "CloudWatchLoggingOptions", "DynamicPartitioningConfiguration"}) {
    ASSIGN_OR_RETURN(const auto* object, ObjectOf(destination, key));
    if (object != nullptr) spec->kept[key] = *object;
  }
  for (const char* key : {"RoleARN", "BucketARN"}) {
    std::string text;
    RETURN_IF_ERROR(ReadText(destination, key, 2048, &text));
    if (text.empty()) continue;
    const bool role = std::string_view(key) == "RoleARN";
    if (!text.starts_with("arn:") || text.find(role ? ":iam::" : ":s3:::") == std::string::npos) {
      return Violated(role ? "roleARN" : "bucketARN",
                      role
                          ? "Member must satisfy regular expression pattern: "
                            "arn:.*:iam::\\d{12}:role/[a-zA-Z_0-9+=,.@\\-_/]+"
                          : "Member must satisfy regular expression pattern: arn:.*:s3:::[\\w\\.\\-]{1,255}");
    }
    spec->kept[key] = text;
  }
  return Status::OK();
}

Status CheckPartitioning(const StreamSpec& spec) {
  const auto* kept = spec.kept.if_contains("DynamicPartitioningConfiguration");
  bool enabled = false;
  if (kept != nullptr) {
    ASSIGN_OR_RETURN(enabled, BoolOr(kept->get_object(), "Enabled", false));
  }
  if (!spec.partition_keys.empty() && !enabled) {
    return Invalid(
        "MetadataExtraction processor is only for streams with DynamicPartitioningConfiguration enabled");
  }
  if (enabled && !spec.dynamic()) {
    return Invalid(
        "Dynamic partitioning needs keys: a MetadataExtraction processor, or a transform that gives them");
  }
  return Status::OK();
}

}  // namespace

Result<std::string> RequiredText(const json::object& from, std::string_view key) {
  const auto* value = Member(from, key);
  if (value == nullptr) {
    std::string where(key);
    where[0] = static_cast<char>(where[0] >= 'A' && where[0] <= 'Z' ? where[0] - 'A' + 'a' : where[0]);
    return FirehoseError(
        "ValidationException",
        fmt::format("1 validation error detected: Value null at '{}' failed to satisfy constraint: "
                    "Member must not be null",
                    where));
  }
  if (!value->is_string()) return WrongType(key, "a text");
  return std::string(value->get_string());
}

Status ApplyDestination(const json::object& destination, lake::Catalog& catalog, StreamSpec* spec) {
  RETURN_IF_ERROR(Keep(destination, spec));
  RETURN_IF_ERROR(ReadText(destination, "Prefix", 1024, &spec->prefix));
  RETURN_IF_ERROR(ReadText(destination, "ErrorOutputPrefix", 1024, &spec->error_prefix));
  RETURN_IF_ERROR(ReadText(destination, "FileExtension", 128, &spec->file_extension));
  std::string zone = spec->timezone, compression(NameOf(spec->compression)), backup = "Disabled";
  RETURN_IF_ERROR(ReadText(destination, "CustomTimeZone", 50, &zone));
  spec->timezone = zone.empty() ? "UTC" : zone;
  RETURN_IF_ERROR(ReadText(destination, "CompressionFormat", 16, &compression));
  const auto format = CompressionFromName(compression);
  if (!format.ok()) {
    return Violated(
        "compressionFormat",
        "Member must satisfy enum value set: [UNCOMPRESSED, GZIP, ZIP, Snappy, HADOOP_SNAPPY, ZSTD]");
  }
  spec->compression = *format;
  RETURN_IF_ERROR(ReadText(destination, "S3BackupMode", 16, &backup));
  if (backup != "Disabled") {
    return Invalid(
        "S3BackupMode: source records are not backed up here; what a transform refuses goes whole below "
        "the error prefix");
  }
  ASSIGN_OR_RETURN(const auto* hints, ObjectOf(destination, "BufferingHints"));
  if (hints != nullptr) RETURN_IF_ERROR(ReadBuffering(*hints, spec));
  ASSIGN_OR_RETURN(const auto* processing, ObjectOf(destination, "ProcessingConfiguration"));
  if (processing != nullptr) RETURN_IF_ERROR(ReadProcessing(*processing, spec));
  ASSIGN_OR_RETURN(const auto* conversion, ObjectOf(destination, "DataFormatConversionConfiguration"));
  if (conversion != nullptr) RETURN_IF_ERROR(ReadConversion(*conversion, catalog, spec));
  if (processing != nullptr || Member(destination, "DynamicPartitioningConfiguration") != nullptr) {
    RETURN_IF_ERROR(CheckPartitioning(*spec));
  }
  const auto prefixes = PrefixesOf(*spec);
  if (!prefixes.ok()) return Invalid(Describe(prefixes.status()));
  return Status::OK();
}

json::array DescribeDestinations(const StreamSpec& spec) {
  const auto kept = [&](const char* key, json::value fallback) {
    const auto* value = spec.kept.if_contains(key);
    return value == nullptr ? std::move(fallback) : *value;
  };
  json::object s3{
      {"RoleARN", kept("RoleARN", kRole)},
      {"BucketARN", kept("BucketARN", kBucket)},
      {"Prefix", spec.prefix},
      {"ErrorOutputPrefix", spec.error_prefix},
      {"BufferingHints", json::object{{"SizeInMBs", spec.buffering.size_mib},
                                      {"IntervalInSeconds", spec.buffering.interval_s}}},
      {"CompressionFormat", NameOf(spec.compression)},
      {"EncryptionConfiguration",
       kept("EncryptionConfiguration", json::object{{"NoEncryptionConfig", "NoEncryption"}})},
      {"CloudWatchLoggingOptions", kept("CloudWatchLoggingOptions", json::object{{"Enabled", false}})}};
  json::object extended = s3;
  extended["ProcessingConfiguration"] = ProcessingOf(spec);
  extended["S3BackupMode"] = "Disabled";
  json::value conversion =
      kept("DataFormatConversionConfiguration", json::object{{"Enabled", spec.parquet.has_value()}});
  extended["DataFormatConversionConfiguration"] = std::move(conversion);
  if (spec.dynamic()) {
    extended["DynamicPartitioningConfiguration"] =
        kept("DynamicPartitioningConfiguration", json::object{{"Enabled", true}});
  }
  extended["FileExtension"] = spec.file_extension;
  extended["CustomTimeZone"] = spec.timezone;
  return json::array{json::object{{"DestinationId", "destinationId-000000000001"},
                                  {"S3DestinationDescription", std::move(s3)},
                                  {"ExtendedS3DestinationDescription", std::move(extended)}}};
}

Status ApplyTags(const json::array& tags, StreamSpec* spec) {
  if (tags.empty()) return Violated("tags", "Member must have length greater than or equal to 1");
  for (const auto& tag : tags) {
    if (!tag.is_object()) return WrongType("Tags", "a list of objects");
    ASSIGN_OR_RETURN(const std::string key, RequiredText(tag.get_object(), "Key"));
    std::string value;
    RETURN_IF_ERROR(ReadText(tag.get_object(), "Value", 256, &value));
    if (key.empty() || key.size() > 128 || key.starts_with("aws:")) {
      return Violated("tags.key", "Member must have length between 1 and 128, and not begin with aws:");
    }
    spec->tags[key] = value;
  }
  if (spec->tags.size() > kMostTags) {
    return FirehoseError("LimitExceededException",
                         fmt::format("a delivery stream has at most {} tags", kMostTags));
  }
  return Status::OK();
}

}  // namespace penstock::stream
