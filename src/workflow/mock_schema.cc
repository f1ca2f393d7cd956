#include "workflow/mock_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace penstock::workflow {
namespace {

struct Field {
  std::string_view path;  // of the answer: "ConsumedCapacity.CapacityUnits", "Entries[].EventId"
  std::string_view type;  // string, number, boolean, array, object, or values that it may have: "A|B"
  bool required = false;
};

struct Answer {
  std::string_view resource;  // without arn:aws:states::: and what follows a '.'
  std::array<Field, 8> fields;
};

constexpr std::string_view kStorageClasses =
    "STANDARD|REDUCED_REDUNDANCY|STANDARD_IA|ONEZONE_IA|INTELLIGENT_TIERING|GLACIER|DEEP_ARCHIVE|OUTPOSTS|"
    "GLACIER_IR|SNOW|EXPRESS_ONEZONE|FSX_OPENZFS";

constexpr std::array kAnswers{
    Answer{"states:startExecution", {{{"ExecutionArn", "string", true}, {"StartDate", "string", true}}}},
    Answer{"aws-sdk:sfn:startExecution", {{{"ExecutionArn", "string", true}, {"StartDate", "string", true}}}},
    Answer{"lambda:invoke",
           {{{"ExecutedVersion", "string"},
             {"FunctionError", "string"},
             {"LogResult", "string"},
             {"StatusCode", "number"}}}},
    Answer{"dynamodb:putItem",
           {{{"Attributes", "object"},
             {"ConsumedCapacity", "object"},
             {"ConsumedCapacity.CapacityUnits", "number"},
             {"ConsumedCapacity.TableName", "string"},
             {"ItemCollectionMetrics", "object"}}}},
    Answer{"dynamodb:getItem",
           {{{"ConsumedCapacity", "object"},
             {"ConsumedCapacity.CapacityUnits", "number"},
             {"ConsumedCapacity.TableName", "string"},
             {"Item", "object"}}}},
    Answer{"aws-sdk:s3:getObject",
           {{{"ContentLength", "number"},
             {"ContentType", "string"},
             {"ETag", "string"},
             {"LastModified", "string"},
             {"Metadata", "object"},
             {"StorageClass", kStorageClasses},
             {"VersionId", "string"}}}},
    Answer{"aws-sdk:s3:putObject", {{{"ETag", "string"}, {"Expiration", "string"}, {"VersionId", "string"}}}},
    Answer{"events:putEvents",
           {{{"Entries", "array"},
             {"Entries[].ErrorCode", "string"},
             {"Entries[].ErrorMessage", "string"},
             {"Entries[].EventId", "string"},
             {"FailedEntryCount", "number"}}}},
    Answer{"sqs:sendMessage",
           {{{"MD5OfMessageAttributes", "string"},
             {"MD5OfMessageBody", "string"},
             {"MessageId", "string"},
             {"SequenceNumber", "string"}}}},
    Answer{"sns:publish", {{{"MessageId", "string"}, {"SequenceNumber", "string"}}}},
    Answer{"athena:startQueryExecution", {{{"QueryExecutionId", "string"}}}},
};

Status Refuse(const std::string& what) {
  return MakeError(ErrorCode::kInvalidData, "Mock result schema validation error: " + what);
}

Status CheckType(std::string_view name, std::string_view type, const json::value& value) {
  if (type.find('|') != std::string_view::npos) {
    const std::string known = fmt::format("|{}|", type);
    if (!value.is_string()) return Refuse(fmt::format("Field '{}' must be a string", name));
    if (known.find(fmt::format("|{}|", std::string_view(value.get_string()))) != std::string::npos)
      return Status::OK();
    return Refuse(fmt::format("Field '{}' is not an expected value", name));
  }
  const bool fits = type == "string"    ? value.is_string()
                    : type == "number"  ? value.is_number()
                    : type == "boolean" ? value.is_bool()
                    : type == "array"   ? value.is_array()
                                        : value.is_object();
  if (fits) return Status::OK();
  const std::string_view article = type == "array" || type == "object" ? "an" : "a";
  return Refuse(fmt::format("Field '{}' must be {} {}", name, article, type));
}

Status CheckField(std::string_view path, const Field& field, const json::value& value, bool strict) {
  const auto* object = value.if_object();
  if (object == nullptr) return Status::OK();
  const size_t dot = path.find('.');
  std::string_view name = path.substr(0, dot);
  const bool each = name.size() > 2 && name.substr(name.size() - 2) == "[]";
  if (each) name.remove_suffix(2);
  const auto* member = object->if_contains(name);
  if (member == nullptr) {
    if (strict && field.required) return Refuse(fmt::format("Required field '{}' is missing", name));
    return Status::OK();
  }
  if (dot == std::string_view::npos) return CheckType(name, field.type, *member);
  const std::string_view rest = path.substr(dot + 1);
  if (!each) return CheckField(rest, field, *member, strict);
  if (!member->is_array()) return Status::OK();
  for (const auto& element : member->get_array()) RETURN_IF_ERROR(CheckField(rest, field, element, strict));
  return Status::OK();
}

}  // namespace

Status CheckMockResult(std::string_view resource, const json::value& result, bool strict) {
  constexpr std::string_view kService = "arn:aws:states:::";
  if (resource.substr(0, kService.size()) != kService) return Status::OK();
  resource.remove_prefix(kService.size());
  resource = resource.substr(0, resource.find('.'));
  const auto* answer = std::find_if(kAnswers.begin(), kAnswers.end(),
                                    [&](const Answer& one) { return one.resource == resource; });
  if (answer == kAnswers.end()) return Status::OK();
  if (!result.is_object()) return Refuse("Mock result must be a JSON object");
  for (const auto& field : answer->fields) {
    if (!field.path.empty()) RETURN_IF_ERROR(CheckField(field.path, field, result, strict));
  }
  return Status::OK();
}

}  // namespace penstock::workflow
