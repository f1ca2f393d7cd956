#include "workflow/s3_tasks.h"

#include <fmt/format.h>
#include <zlib.h>

#include <array>

#include "base/json_text.h"
#include "base/md5.h"
#include "base/utf8.h"
#include "store/object_store.h"
#include "workflow/task.h"
#include "workflow/task_token.h"

namespace penstock::workflow {
namespace {

Status S3Failed(std::string_view name, std::string_view message, int code) {
  return MakeTaskError(fmt::format("S3.{}", name),
                       fmt::format("{} (Service: S3, Status Code: {}, Request ID: {}) (SDK Attempt Count: 1)",
                                   message, code, std::string(16, '0')));
}

Status Translate(const Status& status) {
  if (CodeOf(status) == ErrorCode::kNotFound)
    return S3Failed("NoSuchKeyException", "The specified key does not exist.", 404);
  if (CodeOf(status) == ErrorCode::kPreconditionFailed || CodeOf(status) == ErrorCode::kAlreadyExists) {
    return S3Failed("S3Exception", "At least one of the pre-conditions you specified did not hold", 412);
  }
  return S3Failed("S3Exception", Describe(status), 400);
}

Result<std::string> Parameter(const json::value& input, std::string_view key) {
  auto text = GetString(input, key);
  if (text.ok()) return text;
  return MakeTaskError("States.Runtime",
                       fmt::format("The parameter '{}' is required and must be a text.", key));
}

// RFC 4648, of the four bytes of a CRC-32, the highest first.
std::string Base64(std::array<unsigned char, 4> bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto three = [](unsigned a, unsigned b, unsigned c) { return a << 16 | b << 8 | c; };
  const unsigned first = three(bytes[0], bytes[1], bytes[2]), second = three(bytes[3], 0, 0);
  std::string out;
  for (const int shift : {18, 12, 6, 0}) out += kDigits[first >> shift & 63];
  out += kDigits[second >> 18 & 63];
  out += kDigits[second >> 12 & 63];
  return out + "==";
}

std::string Crc32(std::string_view text) {
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size()));
  return Base64({static_cast<unsigned char>(crc >> 24), static_cast<unsigned char>(crc >> 16),
                 static_cast<unsigned char>(crc >> 8), static_cast<unsigned char>(crc)});
}

std::string Quoted(const std::string& text) { return fmt::format("\"{}\"", text); }

// The SDK's ISO 8601, whole seconds.
std::string Date(TimePoint time) {
  std::string text = FormatTimestamp(time);
  return text.substr(0, text.find('.')) + "Z";
}

json::object Head(const store::ObjectInfo& info, const std::string& etag) {
  return {{"AcceptRanges", "bytes"},
          {"ContentLength", info.size},
          {"ContentType", "binary/octet-stream"},
          {"ETag", Quoted(etag)},
          {"LastModified", Date(info.modified)},
          {"Metadata", json::object()},
          {"ServerSideEncryption", "AES256"}};
}

Result<json::value> Get(store::ObjectStore& bucket, const json::value& input) {
  ASSIGN_OR_RETURN(const std::string key, Parameter(input, "Key"));
  const auto object = bucket.Get(key);
  if (!object.ok()) return Translate(object.status());
  if (!IsUtf8(object->bytes)) return S3Failed("S3Exception", "The body is not UTF-8", 400);
  json::object out = Head(object->info, Md5Hex(object->bytes));
  out["Body"] = object->bytes;
  return json::value(std::move(out));
}

Result<json::value> Put(store::ObjectStore& bucket, const json::value& input) {
  ASSIGN_OR_RETURN(const std::string key, Parameter(input, "Key"));
  const auto* body = input.get_object().if_contains("Body");
  const std::string text = body == nullptr     ? ""
                           : body->is_string() ? std::string(body->get_string())
                                               : JsonText(*body);
  store::PutOptions options;
  options.if_absent = GetStringOr(input, "IfNoneMatch", "").ValueOr("") == "*";
  const auto put = bucket.Put(key, text, options);
  if (!put.ok()) return Translate(put.status());
  return json::value{{"ChecksumCRC32", Crc32(text)},
                     {"ChecksumType", "FULL_OBJECT"},
                     {"ETag", Quoted(Md5Hex(text))},
                     {"ServerSideEncryption", "AES256"}};
}

Result<json::value> List(store::ObjectStore& bucket, const json::value& input) {
  ASSIGN_OR_RETURN(const std::string name, Parameter(input, "Bucket"));
  ASSIGN_OR_RETURN(const std::string prefix, GetStringOr(input, "Prefix", ""));
  ASSIGN_OR_RETURN(const int64_t max_keys, GetIntOr(input, "MaxKeys", 1000));
  store::ListOptions options;
  ASSIGN_OR_RETURN(options.start_after, GetStringOr(input, "ContinuationToken", ""));
  if (options.start_after.empty()) {
    ASSIGN_OR_RETURN(options.start_after, GetStringOr(input, "StartAfter", ""));
  }
  options.max_keys = std::min<int64_t>(std::max<int64_t>(max_keys, 1), 1000);
  const auto page = bucket.List(prefix, options);
  if (!page.ok()) return Translate(page.status());
  json::array contents;
  for (const auto& object : page->objects) {
    contents.push_back(json::object{{"ETag", Quoted(object.etag)},
                                    {"Key", object.key},
                                    {"LastModified", Date(object.modified)},
                                    {"Size", object.size},
                                    {"StorageClass", "STANDARD"}});
  }
  json::object out{{"IsTruncated", !page->next.empty()},
                   {"KeyCount", static_cast<int64_t>(contents.size())},
                   {"MaxKeys", max_keys},
                   {"Name", name},
                   {"Prefix", prefix}};
  if (!contents.empty()) out["Contents"] = std::move(contents);
  if (!page->next.empty()) out["NextContinuationToken"] = page->next;
  return json::value(std::move(out));
}

Result<json::value> HeadObject(store::ObjectStore& bucket, const json::value& input) {
  ASSIGN_OR_RETURN(const std::string key, Parameter(input, "Key"));
  const auto info = bucket.Head(key);
  if (!info.ok()) return Translate(info.status());
  return json::value(Head(*info, info->etag));
}

Result<json::value> Delete(store::ObjectStore& bucket, const json::value& input) {
  ASSIGN_OR_RETURN(const std::string key, Parameter(input, "Key"));
  const Status deleted = bucket.Delete(key);
  return deleted.ok() ? Result<json::value>(json::object()) : Translate(deleted);
}

struct Action {
  std::string_view name;
  Result<json::value> (*run)(store::ObjectStore& bucket, const json::value& input);
};

constexpr std::array kActions{Action{"getObject", &Get},         Action{"putObject", &Put},
                              Action{"listObjectsV2", &List},    Action{"listObjects", &List},
                              Action{"headObject", &HeadObject}, Action{"deleteObject", &Delete}};

}  // namespace

bool IsS3Resource(std::string_view resource) {
  return resource.rfind("arn:aws:states:::aws-sdk:s3:", 0) == 0 ||
         resource.rfind("arn:aws:states:::s3:", 0) == 0;
}

std::vector<std::string_view> S3Actions() {
  std::vector<std::string_view> names;
  for (const auto& action : kActions) names.push_back(action.name);
  return names;
}

Result<json::value> RunS3Task(std::string_view resource, const json::value& input,
                              const ItemSources& sources) {
  resource = PlainResource(resource);
  const std::string_view name = resource.substr(resource.rfind(':') + 1);
  ASSIGN_OR_RETURN(const std::string bucket, Parameter(input, "Bucket"));
  const auto found = sources.bucket
                         ? sources.bucket(bucket)
                         : Result<store::ObjectStore*>(MakeError(ErrorCode::kNotFound, "no buckets here"));
  if (!found.ok()) return S3Failed("NoSuchBucketException", "The specified bucket does not exist", 404);
  for (const auto& action : kActions) {
    if (action.name == name) return action.run(**found, input);
  }
  return MakeTaskError("States.Runtime", fmt::format("no such action of S3 here: {}", name));
}

}  // namespace penstock::workflow
