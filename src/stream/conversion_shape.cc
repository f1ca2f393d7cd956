#include "stream/conversion_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "base/ascii.h"
#include "base/spelling.h"
#include "stream/delivery_table.h"
#include "stream/firehose_member.h"
#include "stream/joda_time_pattern.h"
#include "stream/json_rows.h"

namespace penstock::stream {
namespace {

constexpr const char* kConversion = "DataFormatConversionConfiguration";
// Of a stream that converts, when the API's caller says nothing, and when he says something.
constexpr int64_t kDefaultMib = 128, kLeastMib = 64;
constexpr size_t kMostText = 1024;  // of a key, of a pattern

// `given` over `known`; of a choice (a Deserializer, a Serializer) the new one takes the place of the old
// one.
json::object Merged(json::object known, const json::object& given) {
  for (const auto& [key, value] : given) {
    if (value.is_null()) continue;
    auto& member = known[key];
    const bool choice = key == "Deserializer" || key == "Serializer";
    if (!choice && member.is_object() && value.is_object())
      member = Merged(std::move(member.get_object()), value.get_object());
    else
      member = value;
  }
  return known;
}

Result<const json::object*> Needed(const json::object& from, std::string_view key) {
  ASSIGN_OR_RETURN(const auto* object, ObjectOf(from, key));
  if (object == nullptr) return InvalidArgument(fmt::format("{} must not be null", key));
  return object;
}

bool IsBlank(std::string_view text) { return text.find_first_not_of(" \t\r\n\v\f") == text.npos; }

Status ReadOpenX(const json::object& openx, JsonInput* input) {
  ASSIGN_OR_RETURN(input->case_insensitive, BoolOr(openx, "CaseInsensitive", true));
  ASSIGN_OR_RETURN(input->dots_to_underscores, BoolOr(openx, "ConvertDotsInJsonKeysToUnderscores", false));
  ASSIGN_OR_RETURN(const auto* mappings, ObjectOf(openx, "ColumnToJsonKeyMappings"));
  if (mappings == nullptr) return Status::OK();
  for (const auto& [column, key] : *mappings) {
    if (!key.is_string()) return WrongType("ColumnToJsonKeyMappings", "texts");
    const std::string_view name(column), text(key.get_string());
    if (name.empty() || name.size() > kMostText || name.find_first_of(" \t\r\n\v\f") != name.npos) {
      return Violated("columnToJsonKeyMappings", "Map keys must satisfy constraint: ^\\S+$");
    }
    if (IsBlank(text) || text.size() > kMostText) {
      return Violated("columnToJsonKeyMappings", "Map value must satisfy constraint: ^(?!\\s*$).+");
    }
    input->column_to_key[std::string(name)] = text;
  }
  return Status::OK();
}

Status ReadHive(const json::object& hive, JsonInput* input) {
  input->hive = true;
  const auto* formats = FindMember(hive, "TimestampFormats");
  if (formats == nullptr) return Status::OK();
  if (!formats->is_array()) return WrongType("TimestampFormats", "a list");
  for (const auto& format : formats->get_array()) {
    if (!format.is_string()) return WrongType("TimestampFormats", "a list of texts");
    const std::string text(format.get_string());
    if (IsBlank(text) || text.size() > kMostText) {
      return Violated("timestampFormats", "Member must satisfy constraint: ^(?!\\s*$).+");
    }
    if (const auto parsed = JodaTimePattern::Parse(text); !parsed.ok()) {
      return InvalidArgument(
          fmt::format("Invalid deserializer option(s): timestamp.formats: {}", parsed.status().message()));
    }
    input->timestamp_formats.push_back(text);
  }
  return Status::OK();
}

Status ReadDeserializer(const json::object& from, JsonInput* input) {
  ASSIGN_OR_RETURN(const auto* deserializer, Needed(from, "Deserializer"));
  ASSIGN_OR_RETURN(const auto* openx, ObjectOf(*deserializer, "OpenXJsonSerDe"));
  ASSIGN_OR_RETURN(const auto* hive, ObjectOf(*deserializer, "HiveJsonSerDe"));
  if (openx != nullptr && hive != nullptr) {
    return InvalidArgument("More than one deserializer specified. Only one may be chosen.");
  }
  if (openx == nullptr && hive == nullptr) return InvalidArgument("Deserializer must not be null");
  return openx != nullptr ? ReadOpenX(*openx, input) : ReadHive(*hive, input);
}

Result<std::string> ReadSerializer(const json::object& from) {
  ASSIGN_OR_RETURN(const auto* serializer, Needed(from, "Serializer"));
  ASSIGN_OR_RETURN(const auto* parquet, ObjectOf(*serializer, "ParquetSerDe"));
  ASSIGN_OR_RETURN(const auto* orc, ObjectOf(*serializer, "OrcSerDe"));
  if (parquet != nullptr && orc != nullptr) {
    return InvalidArgument("More than one serializer specified. Only one may be chosen.");
  }
  if (orc != nullptr)
    return InvalidArgument("Serializer: records are converted to Parquet here (ParquetSerDe), not to ORC");
  if (parquet == nullptr) return InvalidArgument("Serializer must not be null");
  // Bounds only: how blocks and pages are cut is this writer's own.
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  int64_t kept = 0;
  RETURN_IF_ERROR(ReadInt(*parquet, "BlockSizeBytes", 64 << 20, kMost, &kept));
  RETURN_IF_ERROR(ReadInt(*parquet, "PageSizeBytes", 64 << 10, kMost, &kept));
  RETURN_IF_ERROR(ReadInt(*parquet, "MaxPaddingBytes", 0, kMost, &kept));
  RETURN_IF_ERROR(BoolOr(*parquet, "EnableDictionaryCompression", true).status());
  std::string version = "V1", compression = "SNAPPY";
  RETURN_IF_ERROR(ReadText(*parquet, "WriterVersion", 16, &version));
  if (version != "V1" && version != "V2") {
    return Violated("writerVersion", "Member must satisfy enum value set: [V1, V2]");
  }
  RETURN_IF_ERROR(ReadText(*parquet, "Compression", 16, &compression));
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kCodecs{
      {{"SNAPPY", "snappy"}, {"GZIP", "gzip"}, {"UNCOMPRESSED", "none"}, {"ZSTD", "zstd"}}};
  const auto* codec = std::find_if(kCodecs.begin(), kCodecs.end(),
                                   [&](const auto& each) { return each.first == compression; });
  if (codec != kCodecs.end()) return std::string(codec->second);
  return Violated("compression", "Member must satisfy enum value set: [SNAPPY, GZIP, UNCOMPRESSED]");
}

Status NoSuchTable(const std::string& database, const std::string& table, lake::Catalog& catalog) {
  std::vector<std::string> known;
  ASSIGN_OR_RETURN(const auto databases, catalog.ListDatabases());
  for (const auto& each : databases) {
    ASSIGN_OR_RETURN(const auto tables, catalog.ListTables(each));
    for (const auto& one : tables) known.push_back(each + "." + one.table);
  }
  const std::string name = database + "." + table;
  return InvalidArgument(
      fmt::format("SchemaConfiguration: Entity Not Found (Service: AWSGlue; Status Code: 400; Error Code: "
                  "EntityNotFoundException): there is no table {0} in the catalog of this lake{1}. `penstock "
                  "tables create {0} "
                  "COLUMN=TYPE …` makes one; `penstock tables ls` lists them",
                  name, DidYouMean(name, known)));
}

struct SchemaTable {
  std::string database, table;
};
Result<SchemaTable> SchemaTableOf(const json::object& conversion) {
  ASSIGN_OR_RETURN(const auto* schema, Needed(conversion, "SchemaConfiguration"));
  SchemaTable out;
  std::string role, other;
  for (const auto& [key, text, name] : {std::tuple{"RoleARN", &role, "RoleArn"},
                                        {"DatabaseName", &out.database, "DatabaseName"},
                                        {"TableName", &out.table, "TableName"}}) {
    RETURN_IF_ERROR(ReadText(*schema, key, kMostText, text));
    if (text->empty())
      return InvalidArgument(fmt::format("SchemaConfiguration.{} must not be null or empty", name));
  }
  for (const char* key : {"CatalogId", "Region", "VersionId"}) {
    RETURN_IF_ERROR(ReadText(*schema, key, kMostText, &other));
  }
  return out;
}

// "finance-delivery-stream" is finance_delivery_stream in SQL.
std::string TableNameOf(std::string_view stream) {
  std::string name = AsciiLower(stream);
  std::replace_if(
      name.begin(), name.end(),
      [](char c) { return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_'; }, '_');
  return name[0] >= 'a' && name[0] <= 'z' ? name : "s_" + name;
}

}  // namespace

Status ApplyConversion(const json::object& given, bool hints, lake::Catalog& catalog, StreamSpec* spec) {
  const auto* known = spec->kept.if_contains(kConversion);
  // As a pipeline's stream is described: what it declares stays.
  if (known == nullptr && given == json::object{{"Enabled", spec->parquet.has_value()}}) return Status::OK();
  const json::object conversion =
      Merged(known != nullptr && known->is_object() ? known->get_object() : json::object(), given);
  ASSIGN_OR_RETURN(const bool enabled, BoolOr(conversion, "Enabled", true));
  if (spec->table_of_catalog) {
    spec->database.clear();
    spec->table.clear();
  }
  spec->table_of_catalog = false;
  spec->parquet.reset();
  spec->kept[kConversion] = conversion;
  if (!enabled) return Status::OK();
  if (spec->compression != Compression::kNone) {
    return InvalidArgument(
        "The S3 destination's compression format must be set to UNCOMPRESSED when data format conversion is "
        "enabled. To enable compression within the converted output format, set the appropriate "
        "serialization "
        "option in the output format configuration.");
  }
  if (hints && spec->buffering.size_mib < kLeastMib) {
    return InvalidArgument(fmt::format(
        "BufferingHints.SizeInMBs must be at least {} when data format conversion is enabled.", kLeastMib));
  }
  ParquetConversion parquet;
  ASSIGN_OR_RETURN(const auto* input, Needed(conversion, "InputFormatConfiguration"));
  ASSIGN_OR_RETURN(const auto* output, Needed(conversion, "OutputFormatConfiguration"));
  ASSIGN_OR_RETURN(const auto names, SchemaTableOf(conversion));
  RETURN_IF_ERROR(ReadDeserializer(*input, &parquet.input));
  ASSIGN_OR_RETURN(parquet.compression, ReadSerializer(*output));
  auto entry = catalog.GetTable(names.database, names.table);
  if (CodeOf(entry.status()) == ErrorCode::kNotFound)
    return NoSuchTable(names.database, names.table, catalog);
  RETURN_IF_ERROR(entry.status());
  parquet.columns = std::move(entry->columns);
  if (const auto schema = SchemaOf(parquet.columns); !schema.ok()) {
    return InvalidArgument("DataFormatConversion.InvalidSchema: The schema is invalid. " +
                           schema.status().message());
  }
  spec->parquet = std::move(parquet);
  spec->table_of_catalog = true;
  if (!hints && spec->created == TimePoint()) spec->buffering.size_mib = kDefaultMib;
  return Status::OK();
}

Status PlaceTable(const StreamPrefixes& prefixes, lake::Catalog& catalog, StreamSpec* spec) {
  ASSIGN_OR_RETURN(const auto names, SchemaTableOf(spec->kept.at(kConversion).as_object()));
  spec->database.clear();
  spec->table.clear();
  // At the top of the bucket, beside all else: AWS takes it, and no table can be there.
  if (!HasFolder(prefixes)) return Status::OK();
  spec->database = names.database;
  for (const std::string& table : {names.table, TableNameOf(spec->name)}) {
    spec->table = table;
    const auto here = TableOf(*spec, prefixes);
    if (!here.ok()) return InvalidArgument(Describe(here.status()));
    const auto known = catalog.GetTable(spec->database, table);
    const bool none = CodeOf(known.status()) == ErrorCode::kNotFound;
    if (!none) RETURN_IF_ERROR(known.status());
    if (none || known->declared || LiesAt(*known, *here)) return Status::OK();
  }
  const auto known = catalog.GetTable(spec->database, spec->table);
  return InvalidArgument(
      fmt::format("SchemaConfiguration: there is a table {}.{} already, which lies elsewhere ({}) than the "
                  "objects of this "
                  "stream will: give the stream another name, or a Prefix there",
                  spec->database, spec->table, known.ok() ? known->prefix : "?"));
}

}  // namespace penstock::stream
