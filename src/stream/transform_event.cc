#include "stream/transform_event.h"

#include <fmt/format.h>

#include <unordered_map>
#include <utility>

#include "base/base64.h"
#include "base/json_text.h"

namespace penstock::stream {
namespace {

constexpr std::string_view kMissing =
    "One or more record Ids were not returned. Ensure that the Lambda function returns all received record "
    "Ids.";
constexpr std::string_view kDuplicated =
    "Multiple records were returned with the same record Id. Ensure that the Lambda function returns a "
    "unique "
    "record Id for each record.";
constexpr std::string_view kNotParsed =
    "There was an error parsing returned records from the Lambda function. Ensure that the returned records "
    "follow the status model required by Firehose.";
constexpr std::string_view kProcessingFailed = "ProcessingFailed status set for record";
constexpr std::string_view kNoData =
    "The data field cannot be null when the SourceType is DirectPut or KinesisStreamAsSource and processing "
    "result is Ok.";
constexpr std::string_view kWrongFormat =
    "Check your function and make sure the output is in required format. In addition to that, make sure the "
    "processed records contain valid result status of Dropped, Ok, or ProcessingFailed";

Transformed Failed(std::string_view code, std::string_view message) {
  return FailedRecord(std::string(code), std::string(message));
}

// False: they are none.
bool ReadKeys(const json::object& record, std::vector<std::pair<std::string, std::string>>* keys) {
  const auto* metadata = FindMember(record, "metadata");
  if (metadata == nullptr) return true;
  if (!metadata->is_object()) return false;
  const auto* values = FindMember(metadata->get_object(), "partitionKeys");
  if (values == nullptr) return true;
  if (!values->is_object()) return false;
  for (const auto& [name, value] : values->get_object()) {
    if (value.is_structured() || value.is_null()) return false;
    keys->emplace_back(name, value.is_string() ? std::string(value.get_string()) : JsonText(value));
  }
  return true;
}

Transformed ReadRecord(const json::object& record) {
  const auto* result = FindMember(record, "result");
  std::string_view name;
  if (result != nullptr && result->is_string()) name = result->get_string();
  Transformed transformed;
  if (name == "Dropped") {
    transformed.result = Transformed::Result::kDropped;
    return transformed;
  }
  if (name == "ProcessingFailed") return Failed("Lambda.ProcessingFailedStatus", kProcessingFailed);
  if (name != "Ok") {
    return Failed("Lambda.FunctionError", fmt::format("{} (result: {})", kWrongFormat,
                                                      result == nullptr ? "null" : JsonText(*result)));
  }
  const auto* data = FindMember(record, "data");
  if (data == nullptr) return Failed("Lambda.InvalidReturnFormat", kNoData);
  auto decoded = data->is_string() ? Base64Decode(data->get_string())
                                   : Result<std::string>(MakeError(ErrorCode::kInvalidData, "no text"));
  if (!decoded.ok()) {
    return Failed("Lambda.FunctionError", fmt::format("{} (data: not base64)", kWrongFormat));
  }
  transformed.data = *std::move(decoded);
  if (!ReadKeys(record, &transformed.partition_keys)) {
    return Failed("DynamicPartitioning.MetadataExtractionFailed",
                  "metadata.partitionKeys of the returned record is not an object of texts");
  }
  return transformed;
}

}  // namespace

Transformed FailedRecord(std::string code, std::string message) {
  Transformed failed;
  failed.result = Transformed::Result::kFailed;
  failed.error_code = std::move(code);
  failed.error_message = std::move(message);
  return failed;
}

size_t EventBytesOf(const TransformRecord& record) {
  constexpr size_t kNames = 80;  // of the members, the time and the punctuation
  return kNames + 6 * record.record_id.size() + (record.data.size() + 2) / 3 * 4;
}

std::string TransformEvent(const EventSource& source, std::string_view invocation_id,
                           std::span<const TransformRecord> records) {
  size_t size = 512;
  for (const auto& record : records) size += EventBytesOf(record);
  std::string event;
  event.reserve(size);
  event += R"({"invocationId":)";
  AppendJson(json::value(invocation_id), event);
  event += R"(,"deliveryStreamArn":)";
  AppendJson(json::value(source.stream_arn), event);
  event += R"(,"region":)";
  AppendJson(json::value(source.region), event);
  event += R"(,"records":[)";
  for (const auto& record : records) {
    if (&record != records.data()) event += ',';
    event += R"({"recordId":)";
    AppendJson(json::value(record.record_id), event);
    const auto arrival = std::chrono::floor<std::chrono::milliseconds>(record.arrival).time_since_epoch();
    event += fmt::format(R"(,"approximateArrivalTimestamp":{},"data":")", arrival.count());
    event += Base64Encode(record.data);
    event += "\"}";
  }
  event += "]}";
  return event;
}

std::vector<Transformed> ReadTransformAnswer(std::string_view answer,
                                             std::span<const TransformRecord> records, size_t* unknown) {
  size_t unasked = 0;
  std::vector<Transformed> out;
  const auto document = ParseJson(answer);
  if (!document.ok()) {
    out.assign(records.size(), Failed("Lambda.JsonProcessingException", kNotParsed));
    if (unknown != nullptr) *unknown = 0;
    return out;
  }
  out.assign(records.size(), Failed("Lambda.MissingRecordId", kMissing));
  std::unordered_map<std::string_view, std::pair<size_t, int>> places;  // by id: place, answers
  for (size_t i = 0; i < records.size(); ++i) places.emplace(records[i].record_id, std::pair(i, 0));
  const auto* top = document->if_object();
  const auto* list = top == nullptr ? nullptr : FindMember(*top, "records");
  static const json::array kNone;
  for (const auto& item : list != nullptr && list->is_array() ? list->get_array() : kNone) {
    const auto* record = item.if_object();
    const auto* id = record == nullptr ? nullptr : FindMember(*record, "recordId");
    const auto place = id != nullptr && id->is_string() ? places.find(id->get_string()) : places.end();
    if (place == places.end()) {
      ++unasked;
      continue;
    }
    auto& [at, answers] = place->second;
    out[at] = answers++ == 0 ? ReadRecord(*record) : Failed("Lambda.DuplicatedRecordId", kDuplicated);
  }
  if (unknown != nullptr) *unknown = unasked;
  return out;
}

}  // namespace penstock::stream
