#include "stream/firehose_shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "stream/conversion_shape.h"
#include "stream/firehose_error.h"
#include "stream/firehose_member.h"
#include "stream/jq_path.h"
#include "stream/prefix_expression.h"

namespace penstock::stream {
namespace {

constexpr const char* kRole = "arn:aws:iam::000000000000:role/penstock";
constexpr const char* kBucket = "arn:aws:s3:::lake";
constexpr size_t kMostTags = 50;

Status ReadBuffering(const json::object& hints, StreamSpec* spec) {
  // Source: BufferingHints: "if you specify a value for one of them, you must also provide a value for the
  // other".
  if ((FindMember(hints, "SizeInMBs") == nullptr) != (FindMember(hints, "IntervalInSeconds") == nullptr)) {
    return InvalidArgument(
        "BufferingHints: SizeInMBs and IntervalInSeconds are given together, or not at all");
  }
  RETURN_IF_ERROR(ReadInt(hints, "SizeInMBs", 1, 128, &spec->buffering.size_mib));
  return ReadInt(hints, "IntervalInSeconds", 0, 900, &spec->buffering.interval_s);
}

Result<std::string> ParameterOf(const json::object& processor, std::string_view name) {
  const auto* list = FindMember(processor, "Parameters");
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
      return InvalidArgument("AppendDelimiterToRecord: the delimiter is a new line (\\n) here, no other");
    }
    spec->transform.built_in.push_back(json::object{{"append_newline", json::object()}});
    return Status::OK();
  }
  if (type == "MetadataExtraction") {
    ASSIGN_OR_RETURN(const std::string engine, ParameterOf(processor, "JsonParsingEngine"));
    if (engine != "JQ-1.6") return InvalidArgument("MetadataExtraction: JsonParsingEngine is JQ-1.6");
    ASSIGN_OR_RETURN(const std::string query, ParameterOf(processor, "MetadataExtractionQuery"));
    auto keys = ParseMetadataExtractionQuery(query);
    if (!keys.ok()) return InvalidArgument("MetadataExtractionQuery: " + Describe(keys.status()));
    spec->partition_keys = *std::move(keys);
    return Status::OK();
  }
  if (type == "Lambda") {
    return InvalidArgument(
        "a Lambda transform runs on this machine: declare the stream with its handler in a pipeline.yaml "
        "(transform: {command: …}); over the API nobody may name a command");
  }
  return InvalidArgument(
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
  if (const auto* processors = FindMember(processing, "Processors"); enabled && processors != nullptr) {
    if (!processors->is_array()) return WrongType("Processors", "a list");
    for (const auto& processor : processors->get_array()) {
      if (!processor.is_object()) return WrongType("Processors", "a list of objects");
      RETURN_IF_ERROR(ReadProcessor(processor.get_object(), spec));
    }
  }
  spec->kept["ProcessingConfiguration"] = processing;
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
    return InvalidArgument(
        "MetadataExtraction processor is only for streams with DynamicPartitioningConfiguration enabled");
  }
  if (enabled && !spec.dynamic()) {
    return InvalidArgument(
        "Dynamic partitioning needs keys: a MetadataExtraction processor, or a transform that gives them");
  }
  return Status::OK();
}

}  // namespace

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
    return InvalidArgument(
        "S3BackupMode: source records are not backed up here; what a transform refuses goes whole below "
        "the error prefix");
  }
  ASSIGN_OR_RETURN(const auto* hints, ObjectOf(destination, "BufferingHints"));
  if (hints != nullptr) RETURN_IF_ERROR(ReadBuffering(*hints, spec));
  ASSIGN_OR_RETURN(const auto* processing, ObjectOf(destination, "ProcessingConfiguration"));
  if (processing != nullptr) RETURN_IF_ERROR(ReadProcessing(*processing, spec));
  ASSIGN_OR_RETURN(const auto* conversion, ObjectOf(destination, "DataFormatConversionConfiguration"));
  if (conversion != nullptr) RETURN_IF_ERROR(ApplyConversion(*conversion, hints != nullptr, catalog, spec));
  if (processing != nullptr || FindMember(destination, "DynamicPartitioningConfiguration") != nullptr) {
    RETURN_IF_ERROR(CheckPartitioning(*spec));
  }
  const auto prefixes = PrefixesOf(*spec);
  if (!prefixes.ok()) return InvalidArgument(Describe(prefixes.status()));
  return spec->table_of_catalog ? PlaceTable(*prefixes, catalog, spec) : Status::OK();
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
