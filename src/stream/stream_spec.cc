#include "stream/stream_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "stream/transform.h"

namespace penstock::stream {
namespace {

struct CompressionName {
  Compression compression;
  std::string_view name;
};
constexpr std::array<CompressionName, 6> kCompressions{{{Compression::kNone, "UNCOMPRESSED"},
                                                        {Compression::kGzip, "GZIP"},
                                                        {Compression::kZip, "ZIP"},
                                                        {Compression::kSnappy, "Snappy"},
                                                        {Compression::kHadoopSnappy, "HADOOP_SNAPPY"},
                                                        {Compression::kZstd, "ZSTD"}}};

// What of a name's letters AWS allows: [a-zA-Z0-9_.-]+, 1 to 64.
bool IsStreamName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  });
}

Status Bad(const std::string& what) { return MakeError(ErrorCode::kInvalidData, what); }

// The member `key` of an object, or an empty one of its kind. InvalidData: it is of another kind.
Result<json::value> ObjectOr(const json::value& from, std::string_view key) {
  const auto* value = from.get_object().if_contains(key);
  if (value == nullptr) return json::value(json::object());
  if (!value->is_object()) return Bad(fmt::format("\"{}\": expected an object", key));
  return *value;
}
Result<json::array> ArrayOr(const json::value& from, std::string_view key) {
  const auto* value = from.get_object().if_contains(key);
  if (value == nullptr) return json::array();
  if (!value->is_array()) return Bad(fmt::format("\"{}\": expected a list", key));
  return value->get_array();
}
json::object InputJson(const JsonInput& input) {
  json::object keys;
  for (const auto& [column, key] : input.column_to_key) keys[column] = key;
  json::array formats;
  for (const auto& format : input.timestamp_formats) formats.emplace_back(format);
  return {{"hive", input.hive},
          {"case_insensitive", input.case_insensitive},
          {"dots_to_underscores", input.dots_to_underscores},
          {"column_to_key", std::move(keys)},
          {"timestamp_formats", std::move(formats)}};
}
Result<JsonInput> InputFromJson(const json::value& from) {
  JsonInput input;
  ASSIGN_OR_RETURN(input.hive, GetBoolOr(from, "hive", false));
  ASSIGN_OR_RETURN(input.case_insensitive, GetBoolOr(from, "case_insensitive", true));
  ASSIGN_OR_RETURN(input.dots_to_underscores, GetBoolOr(from, "dots_to_underscores", false));
  ASSIGN_OR_RETURN(const auto keys, ObjectOr(from, "column_to_key"));
  for (const auto& [column, key] : keys.get_object()) {
    if (!key.is_string()) return Bad("\"column_to_key\": expected texts");
    input.column_to_key[std::string(column)] = std::string(key.get_string());
  }
  ASSIGN_OR_RETURN(const auto formats, ArrayOr(from, "timestamp_formats"));
  for (const auto& format : formats) {
    if (!format.is_string()) return Bad("\"timestamp_formats\": expected texts");
    input.timestamp_formats.emplace_back(format.get_string());
  }
  return input;
}
Result<TimePoint> Time(const json::value& from, std::string_view key) {
  ASSIGN_OR_RETURN(const std::string text, GetString(from, key));
  return ParseTimestamp(text);
}

}  // namespace

std::string_view NameOf(Compression compression) {
  for (const auto& each : kCompressions) {
    if (each.compression == compression) return each.name;
  }
  return "UNCOMPRESSED";
}

Result<Compression> CompressionFromName(std::string_view name) {
  std::string names;
  for (const auto& each : kCompressions) {
    if (each.name == name) return each.compression;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", each.name);
  }
  return Bad(fmt::format("compression: expected one of {}, got {}", names, name));
}

json::object ToJson(const StreamSpec& spec) {
  json::object out{{"name", spec.name},
                   {"version", spec.version},
                   {"created", FormatTimestamp(spec.created)},
                   {"updated", FormatTimestamp(spec.updated)},
                   {"buffering", json::object{{"size_mib", spec.buffering.size_mib},
                                              {"interval_s", spec.buffering.interval_s}}},
                   {"prefix", spec.prefix},
                   {"error_prefix", spec.error_prefix},
                   {"file_extension", spec.file_extension},
                   {"timezone", spec.timezone},
                   {"compression", NameOf(spec.compression)},
                   {"partition_by_transform", spec.partition_by_transform},
                   {"most_partitions", spec.most_partitions},
                   {"database", spec.database},
                   {"table", spec.table},
                   {"description", spec.description},
                   {"folder", spec.folder},
                   {"kept", spec.kept}};
  json::array keys;
  for (const auto& key : spec.partition_keys) {
    keys.push_back(json::object{{"name", key.name}, {"path", key.path}});
  }
  out["partition_keys"] = std::move(keys);
  if (!spec.json_columns.empty()) out["json_columns"] = lake::CatalogColumnsJson(spec.json_columns);
  json::array unique;
  for (const auto& column : spec.unique) unique.emplace_back(column);
  out["unique"] = std::move(unique);
  if (spec.parquet) {
    json::object parquet{{"columns", lake::CatalogColumnsJson(spec.parquet->columns)},
                         {"compression", spec.parquet->compression}};
    if (spec.parquet->input != JsonInput()) parquet["input"] = InputJson(spec.parquet->input);
    out["parquet"] = std::move(parquet);
  }
  if (spec.table_of_catalog) out["table_of_catalog"] = true;
  json::object transform{{"built_in", spec.transform.built_in}};
  if (spec.transform.handler) transform["handler"] = *spec.transform.handler;
  out["transform"] = std::move(transform);
  json::object tags;
  for (const auto& [key, value] : spec.tags) tags[key] = value;
  out["tags"] = std::move(tags);
  return out;
}

Result<StreamSpec> StreamSpecFromJson(const json::value& document) {
  if (!document.is_object()) return Bad("expected an object");
  StreamSpec spec;
  ASSIGN_OR_RETURN(spec.name, GetString(document, "name"));
  ASSIGN_OR_RETURN(spec.version, GetInt(document, "version"));
  ASSIGN_OR_RETURN(spec.created, Time(document, "created"));
  ASSIGN_OR_RETURN(spec.updated, Time(document, "updated"));
  ASSIGN_OR_RETURN(const auto buffering, ObjectOr(document, "buffering"));
  ASSIGN_OR_RETURN(spec.buffering.size_mib, GetInt(buffering, "size_mib"));
  ASSIGN_OR_RETURN(spec.buffering.interval_s, GetInt(buffering, "interval_s"));
  ASSIGN_OR_RETURN(spec.prefix, GetString(document, "prefix"));
  ASSIGN_OR_RETURN(spec.error_prefix, GetString(document, "error_prefix"));
  ASSIGN_OR_RETURN(spec.file_extension, GetString(document, "file_extension"));
  ASSIGN_OR_RETURN(spec.timezone, GetString(document, "timezone"));
  ASSIGN_OR_RETURN(const std::string compression, GetString(document, "compression"));
  ASSIGN_OR_RETURN(spec.compression, CompressionFromName(compression));
  ASSIGN_OR_RETURN(spec.partition_by_transform, GetBoolOr(document, "partition_by_transform", false));
  ASSIGN_OR_RETURN(spec.most_partitions, GetInt(document, "most_partitions"));
  ASSIGN_OR_RETURN(spec.database, GetString(document, "database"));
  ASSIGN_OR_RETURN(spec.table, GetString(document, "table"));
  ASSIGN_OR_RETURN(spec.description, GetString(document, "description"));
  ASSIGN_OR_RETURN(spec.folder, GetString(document, "folder"));
  ASSIGN_OR_RETURN(auto kept, ObjectOr(document, "kept"));
  spec.kept = std::move(kept.get_object());
  ASSIGN_OR_RETURN(const auto keys, ArrayOr(document, "partition_keys"));
  for (const auto& item : keys) {
    PartitionKey key;
    ASSIGN_OR_RETURN(key.name, GetString(item, "name"));
    ASSIGN_OR_RETURN(key.path, GetString(item, "path"));
    spec.partition_keys.push_back(std::move(key));
  }
  ASSIGN_OR_RETURN(const auto unique, ArrayOr(document, "unique"));
  for (const auto& column : unique) {
    if (!column.is_string()) return Bad("\"unique\": expected names of columns");
    spec.unique.emplace_back(column.get_string());
  }
  if (const auto* parquet = document.get_object().if_contains("parquet")) {
    ParquetConversion conversion;
    ASSIGN_OR_RETURN(conversion.columns, lake::ParseCatalogColumns(*parquet, "columns"));
    ASSIGN_OR_RETURN(conversion.compression, GetString(*parquet, "compression"));
    ASSIGN_OR_RETURN(const auto input, ObjectOr(*parquet, "input"));
    ASSIGN_OR_RETURN(conversion.input, InputFromJson(input));
    spec.parquet = std::move(conversion);
  }
  ASSIGN_OR_RETURN(spec.table_of_catalog, GetBoolOr(document, "table_of_catalog", false));
  if (document.get_object().contains("json_columns")) {
    ASSIGN_OR_RETURN(spec.json_columns, lake::ParseCatalogColumns(document, "json_columns"));
  }
  ASSIGN_OR_RETURN(const auto transform, ObjectOr(document, "transform"));
  ASSIGN_OR_RETURN(spec.transform.built_in, ArrayOr(transform, "built_in"));
  if (transform.get_object().contains("handler")) {
    ASSIGN_OR_RETURN(auto handler, ObjectOr(transform, "handler"));
    spec.transform.handler = std::move(handler.get_object());
  }
  ASSIGN_OR_RETURN(const auto tags, ObjectOr(document, "tags"));
  for (const auto& [key, value] : tags.get_object()) {
    if (!value.is_string()) return Bad(fmt::format("\"tags\": {}: expected a text", std::string_view(key)));
    spec.tags[std::string(key)] = std::string(value.get_string());
  }
  return spec;
}

Status CheckStreamSpec(const StreamSpec& spec) {
  if (!IsStreamName(spec.name)) {
    return Bad(fmt::format("a delivery stream's name is 1 to 64 letters, digits, '_', '.' or '-', got '{}'",
                           spec.name));
  }
  if (spec.buffering.size_mib < 1 || spec.buffering.size_mib > 128) {
    return Bad(fmt::format("the buffer's size is 1 to 128 MiB, got {}", spec.buffering.size_mib));
  }
  if (spec.buffering.interval_s < 0 || spec.buffering.interval_s > 900) {
    return Bad(fmt::format("the buffer's interval is 0 to 900 seconds, got {}", spec.buffering.interval_s));
  }
  if (spec.parquet && spec.compression != Compression::kNone) {
    return Bad("objects in Parquet are compressed inside: their CompressionFormat is UNCOMPRESSED");
  }
  if (spec.parquet && spec.parquet->columns.empty()) return Bad("a conversion to Parquet needs columns");
  if (spec.transform.handler && !spec.transform.built_in.empty()) {
    return Bad("a stream has built-in transforms or a handler, not both");
  }
  if (const Status transform = CheckTransformSpec(spec.transform); !transform.ok()) {
    return Bad(transform.message());
  }
  return Status::OK();
}

}  // namespace penstock::stream
