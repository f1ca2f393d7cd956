#include "stream/error_record.h"

#include <fmt/format.h>

#include <charconv>

#include "base/base64.h"
#include "base/json.h"
#include "base/json_text.h"

namespace penstock::stream {
namespace {

int64_t Milliseconds(TimePoint time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

// A number, or one in quotes, as the guide has them.
int64_t NumberOr(const json::object& from, std::string_view key, int64_t fallback) {
  const auto* value = from.if_contains(key);
  if (value == nullptr) return fallback;
  if (value->is_int64()) return value->get_int64();
  if (value->is_string()) {
    const auto& text = value->get_string();
    int64_t number = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc()) return number;
  }
  return fallback;
}

Result<ErrorRecord> ParseLine(std::string_view line) {
  ASSIGN_OR_RETURN(const auto value, ParseJson(line));
  if (!value.is_object() || !value.get_object().contains("rawData")) {
    return MakeError(ErrorCode::kInvalidData, "not an object with \"rawData\"");
  }
  const auto& document = value.get_object();
  ErrorRecord record;
  ASSIGN_OR_RETURN(const std::string raw, GetString(value, "rawData"));
  ASSIGN_OR_RETURN(record.raw, Base64Decode(raw));
  record.attempts = NumberOr(document, "attemptsMade", 1);
  record.arrival = TimePoint(std::chrono::milliseconds(NumberOr(document, "arrivalTimestamp", 0)));
  record.ended = TimePoint(std::chrono::milliseconds(NumberOr(document, "attemptEndingTimestamp", 0)));
  record.sequence = static_cast<uint64_t>(NumberOr(document, "sequenceNumber", 0));
  const std::string_view last = document.contains("lastErrorCode") ? "lastErrorCode" : "errorCode";
  ASSIGN_OR_RETURN(record.code, GetStringOr(value, last, ""));
  ASSIGN_OR_RETURN(record.message,
                   GetStringOr(value, last == "errorCode" ? "errorMessage" : "lastErrorMessage", ""));
  return record;
}

// The table that gave the columns.
json::object CatalogTableOf(const StreamSpec& spec) {
  json::object out{{"databaseName", spec.database}, {"tableName", spec.table}};
  const auto* conversion = spec.kept.if_contains("DataFormatConversionConfiguration");
  const auto* schema = conversion != nullptr && conversion->is_object()
                           ? conversion->get_object().if_contains("SchemaConfiguration")
                           : nullptr;
  if (!spec.table_of_catalog || schema == nullptr || !schema->is_object()) return out;
  out = {{"catalogId", "000000000000"}, {"region", "us-east-1"}, {"versionId", "LATEST"}};
  for (const auto& [given, name] : {std::pair{"CatalogId", "catalogId"},
                                    {"DatabaseName", "databaseName"},
                                    {"TableName", "tableName"},
                                    {"Region", "region"},
                                    {"VersionId", "versionId"},
                                    {"RoleARN", "roleArn"}}) {
    if (const auto* value = schema->get_object().if_contains(given); value != nullptr && value->is_string()) {
      out[name] = *value;
    }
  }
  return out;
}

}  // namespace

void AppendErrorLine(const StreamSpec& spec, std::string_view type, const ErrorRecord& record,
                     std::string* out) {
  const bool conversion = type == kConversionFailed;
  json::object line{{"attemptsMade", record.attempts},
                    {"arrivalTimestamp", Milliseconds(record.arrival)},
                    {conversion ? "lastErrorCode" : "errorCode", ToValidUtf8(record.code)},
                    {conversion ? "lastErrorMessage" : "errorMessage", ToValidUtf8(record.message)},
                    {"attemptEndingTimestamp", Milliseconds(record.ended)},
                    {"rawData", Base64Encode(record.raw)},
                    {"sequenceNumber", fmt::format("{}", record.sequence)}};
  if (!record.lambda_arn.empty()) line["lambdaArn"] = record.lambda_arn;
  if (conversion) {
    line["subSequenceNumber"] = 0;
    line["dataCatalogTable"] = CatalogTableOf(spec);
  }
  *out += penstock::ToJson(line);
  *out += '\n';
}

Result<std::vector<ErrorRecord>> ReadErrorRecords(std::string_view object) {
  std::vector<ErrorRecord> records;
  for (size_t number = 1; !object.empty(); ++number) {
    const size_t end = std::min(object.find('\n'), object.size());
    const std::string_view line = object.substr(0, end);
    object.remove_prefix(std::min(end + 1, object.size()));
    if (line.find_first_not_of(" \r\t") == line.npos) continue;
    auto record = ParseLine(line);
    if (!record.ok()) {
      return MakeError(ErrorCode::kInvalidData,
                       fmt::format("line {}: {}", number, record.status().message()));
    }
    records.push_back(std::move(*record));
  }
  return records;
}

}  // namespace penstock::stream
