#include "stream/put_request.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <limits>

#include "base/base64.h"
#include "stream/firehose_error.h"

namespace penstock::stream {
namespace {

using simdjson::ondemand::json_type;
using simdjson::ondemand::value;

Status Unreadable(std::string message) { return FirehoseError("SerializationException", std::move(message)); }

Status Violated(std::string_view where, std::string_view constraint) {
  return FirehoseError(
      "ValidationException",
      fmt::format("1 validation error detected: Value at '{}' failed to satisfy constraint: {}", where,
                  constraint));
}
Status Missing(std::string_view where) {
  return FirehoseError(
      "ValidationException",
      fmt::format("1 validation error detected: Value null at '{}' failed to satisfy constraint: "
                  "Member must not be null",
                  where));
}

Status Check(simdjson::error_code error) {
  if (error == simdjson::SUCCESS) return Status::OK();
  return Unreadable(fmt::format("the body is not JSON: {}", simdjson::error_message(error)));
}

// Calls visit(key, value) for each member of what has to be an object; of a null none.
template <typename Visit>
Status EachMember(value from, const char* what, const Visit& visit) {
  json_type type{};
  RETURN_IF_ERROR(Check(from.type().get(type)));
  if (type == json_type::null) {
    bool null = false;
    return Check(from.is_null().get(null));
  }
  if (type != json_type::object) return Unreadable(fmt::format("{}: expected an object", what));
  simdjson::ondemand::object object;
  RETURN_IF_ERROR(Check(from.get_object().get(object)));
  for (auto member : object) {
    simdjson::ondemand::field field;
    RETURN_IF_ERROR(Check(std::move(member).get(field)));
    std::string_view key;
    RETURN_IF_ERROR(Check(field.unescaped_key().get(key)));
    RETURN_IF_ERROR(visit(key, field.value()));
  }
  return Status::OK();
}

// Adds the data that a text stands for. `where`: which record, for a message.
Status AddData(value text, size_t index, RecordGroup* group) {
  json_type type{};
  RETURN_IF_ERROR(Check(text.type().get(type)));
  if (type != json_type::string) return Unreadable("Data: expected a text in Base64");
  // The token is the whole text in its quotation marks, and maybe white space. Base64 has no letter that JSON
  // must escape, so that it can nearly always be decoded where it stands; '/' may be escaped (PHP does).
  std::string_view token = text.raw_json_token();
  token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
  const size_t before = group->bytes.size();
  if (token.size() < 2 || token.back() != '"' ||
      !AppendBase64Decoded(token.substr(1, token.size() - 2), group->bytes)) {
    std::string_view unescaped;
    RETURN_IF_ERROR(Check(text.get_string().get(unescaped)));
    if (!AppendBase64Decoded(unescaped, group->bytes)) return Unreadable("Data: a text that is not Base64");
  }
  const size_t size = group->bytes.size() - before;
  if (size > kMostDataBytes) {
    return Violated(index == std::string::npos ? std::string("record.data")
                                               : fmt::format("records.{}.member.data", index + 1),
                    fmt::format("Member must have length less than or equal to {}", kMostDataBytes));
  }
  group->sizes.push_back(static_cast<uint32_t>(size));
  return Status::OK();
}

// {"Data": …}; `index` npos: PutRecord's.
Status AddRecord(value record, size_t index, RecordGroup* group) {
  bool found = false;
  RETURN_IF_ERROR(EachMember(record, "Record", [&](std::string_view key, value member) {
    if (key != "Data" || found) return Status::OK();
    bool null = false;
    RETURN_IF_ERROR(Check(member.is_null().get(null)));
    if (null) return Status::OK();
    found = true;
    return AddData(member, index, group);
  }));
  if (found) return Status::OK();
  return Missing(index == std::string::npos ? std::string("record.data")
                                            : fmt::format("records.{}.member.data", index + 1));
}

Status AddRecords(value records, RecordGroup* group) {
  json_type type{};
  RETURN_IF_ERROR(Check(records.type().get(type)));
  if (type != json_type::array) return Unreadable("Records: expected a list");
  simdjson::ondemand::array array;
  RETURN_IF_ERROR(Check(records.get_array().get(array)));
  size_t index = 0;
  for (auto element : array) {
    value record;
    RETURN_IF_ERROR(Check(element.get(record)));
    if (index == kMostBatchRecords) {
      return Violated("records",
                      fmt::format("Member must have length less than or equal to {}", kMostBatchRecords));
    }
    RETURN_IF_ERROR(AddRecord(record, index++, group));
    if (group->bytes.size() > kMostBatchBytes) {
      return FirehoseError("InvalidArgumentException", "Records size exceeds 4 MB limit");
    }
  }
  if (index == 0) return Violated("records", "Member must have length greater than or equal to 1");
  return Status::OK();
}

// `member`: Record or Records.
Result<PutRequest> Read(std::string& body, std::string_view member_name) {
  thread_local simdjson::ondemand::parser parser;
  body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
  simdjson::ondemand::document document;
  RETURN_IF_ERROR(Check(
      parser.iterate(simdjson::padded_string_view(body.data(), body.size(), body.capacity())).get(document)));
  json_type type{};
  RETURN_IF_ERROR(Check(document.type().get(type)));
  if (type != json_type::object) return Unreadable("the body is not a JSON object");
  const bool batch = member_name == "Records";
  PutRequest request;
  request.group.bytes.reserve(body.size() / 4 * 3);
  request.group.sizes.reserve(batch ? kMostBatchRecords : 1);
  bool named = false, found = false;
  value root;
  RETURN_IF_ERROR(Check(document.get_value().get(root)));
  RETURN_IF_ERROR(EachMember(root, "the body", [&](std::string_view key, value member) -> Status {
    const bool name = key == "DeliveryStreamName", data = key == member_name;
    if (!name && !data) return Status::OK();
    bool null = false;
    RETURN_IF_ERROR(Check(member.is_null().get(null)));
    if (null) return Status::OK();
    if ((name && named) || (data && found)) return Unreadable(fmt::format("{} stands twice", key));
    if (data) {
      found = true;
      return batch ? AddRecords(member, &request.group)
                   : AddRecord(member, std::string::npos, &request.group);
    }
    named = true;
    std::string_view text;
    if (member.get_string().get(text) != simdjson::SUCCESS) {
      return Unreadable("DeliveryStreamName: expected a text");
    }
    request.stream = text;
    return Status::OK();
  }));
  if (!document.at_end()) return Unreadable("the body is not JSON: something stands behind its end");
  if (!named) return Missing("deliveryStreamName");
  if (!found) return Missing(batch ? "records" : "record");
  RETURN_IF_ERROR(CheckStreamName(request.stream));
  return request;
}

}  // namespace

Result<PutRequest> ReadPutRecord(std::string& body) { return Read(body, "Record"); }
Result<PutRequest> ReadPutRecordBatch(std::string& body) { return Read(body, "Records"); }

Status CheckStreamName(std::string_view name) {
  const auto violated = [&](std::string_view constraint) {
    // As AWS words it, with the value; of a long one the beginning.
    return FirehoseError(
        "ValidationException",
        fmt::format("1 validation error detected: Value '{}' at 'deliveryStreamName' failed to "
                    "satisfy constraint: {}",
                    name.substr(0, 100), constraint));
  };
  if (name.empty()) return violated("Member must have length greater than or equal to 1");
  if (name.size() > 64) return violated("Member must have length less than or equal to 64");
  const bool good = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  });
  if (!good) return violated("Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+");
  return Status::OK();
}

}  // namespace penstock::stream
