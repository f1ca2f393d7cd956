#include "store/s3_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "aws/error.h"
#include "base/sha256.h"
#include "store/crc32.h"
#include "store/s3_answers.h"
#include "store/s3_upload.h"

namespace penstock::store {
namespace {

constexpr int64_t kMaxPage = 1000;  // Amazon S3 API Reference, ListObjectsV2
constexpr int64_t kUnbounded = std::numeric_limits<int64_t>::max();

// "0102" → the two bytes in base64, as S3 writes checksums.
std::string Base64OfHex(std::string_view hex) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : hex) {
    bits = bits << 4 | static_cast<uint32_t>(c <= '9' ? c - '0' : c - 'a' + 10);
    count += 4;
    while (count >= 6) {
      count -= 6;
      text += kDigits[(bits >> count) & 63];
    }
  }
  if (count > 0) text += kDigits[(bits << (6 - count)) & 63];
  while (text.size() % 4 != 0) text += '=';
  return text;
}

// A checksum of a multipart upload may be one over those of its parts (COMPOSITE, "abc=-7"): that is none of
// the bytes.
Status CheckBytes(const net::HttpResponse& response, std::string_view uri) {
  if (response.headers.Find("x-amz-checksum-type") == "COMPOSITE") return Status::OK();
  for (const auto& [header, actual] :
       {std::pair{"x-amz-checksum-crc32", +[](std::string_view b) { return Crc32Header(Crc32(b)); }},
        std::pair{"x-amz-checksum-sha256", +[](std::string_view b) { return Base64OfHex(Sha256Hex(b)); }}}) {
    const auto stored = response.headers.Find(header);
    if (!stored || stored->find('-') != std::string::npos) continue;
    if (*stored != actual(response.body)) {
      return MakeError(ErrorCode::kCorrupt,
                       fmt::format("{} came with other bytes than were put: {} is {}, and S3 has {}", uri,
                                   header, actual(response.body), *stored),
                       "read it again; if that fails too, put the object again");
    }
    return Status::OK();
  }
  return Status::OK();
}

}  // namespace

Result<std::shared_ptr<S3Store>> S3Store::Open(aws::AwsClient& client, Clock& clock, Random& random,
                                               const Options& options) {
  std::shared_ptr<S3Store> store(new S3Store(client, clock, random, options));
  RETURN_IF_ERROR(store->List("", {.max_keys = 1}).status());
  return store;
}

Result<ObjectInfo> S3Store::Put(std::string_view key, std::string_view bytes, const PutOptions& options) {
  RETURN_IF_ERROR(CheckPut(key, options));
  if (static_cast<int64_t>(bytes.size()) <= options_.part_bytes) {
    return PutWhole(bucket_, key, std::string(bytes), options);
  }
  ASSIGN_OR_RETURN(auto writer, OpenWriter(key, options));
  RETURN_IF_ERROR(writer->Write(bytes));
  return writer->Commit();
}

Result<std::unique_ptr<ObjectWriter>> S3Store::OpenWriter(std::string_view key, const PutOptions& options) {
  RETURN_IF_ERROR(CheckPut(key, options));
  return std::unique_ptr<ObjectWriter>(
      std::make_unique<S3Upload>(bucket_, key, options, options_.part_bytes, options_.parts_in_flight));
}

Result<Object> S3Store::Get(std::string_view key) {
  RETURN_IF_ERROR(CheckKey(key));
  const std::string uri = bucket_.UriOf(key);
  aws::AwsRequest request = bucket_.ForObject("GET", key);
  request.headers.Add("x-amz-checksum-mode", "ENABLED");
  request.max_body_bytes = kUnbounded;
  auto response = bucket_.Send(request, fmt::format("read {}", uri));
  if (!response.ok()) {
    if (CodeOf(response.status()) != ErrorCode::kNotFound) return response.status();
    return MakeError(ErrorCode::kNotFound, fmt::format("no such object: {}", uri));
  }
  RETURN_IF_ERROR(CheckBytes(*response, uri));
  ASSIGN_OR_RETURN(ObjectInfo info,
                   InfoOfAnswer(key, static_cast<int64_t>(response->body.size()), *response));
  return Object{std::move(info), std::move(response->body)};
}

Result<Object> S3Store::GetRange(std::string_view key, int64_t offset, int64_t length) {
  RETURN_IF_ERROR(CheckKey(key));
  if (offset < 0 || length < 0) {
    return MakeError(ErrorCode::kUsage, fmt::format("{}: a negative range: {}+{}", key, offset, length));
  }
  const std::string uri = bucket_.UriOf(key);
  aws::AwsRequest request = bucket_.ForObject("GET", key);
  const bool to_end = length > kUnbounded - offset;
  request.headers.Add("Range", to_end ? fmt::format("bytes={}-", offset)
                                      : fmt::format("bytes={}-{}", offset, offset + length - 1));
  request.max_body_bytes = kUnbounded;
  // There is no range without a byte, neither to ask for nor behind the end (416).
  if (length > 0) {
    auto response = bucket_.Send(request, fmt::format("read {}", uri));
    if (response.ok()) {
      const std::string range = response->headers.Find("content-range").value_or("");
      const size_t slash = range.find('/');
      int64_t size = static_cast<int64_t>(response->body.size());  // 200: the whole
      if (response->status == 206) {
        const char* begin = range.data() + std::min(slash + 1, range.size());
        const auto parsed = std::from_chars(begin, range.data() + range.size(), size);
        if (slash == std::string::npos || parsed.ec != std::errc() ||
            !range.starts_with(fmt::format("bytes {}-", offset))) {
          return MakeError(ErrorCode::kInvalidData, fmt::format("{}: another range came: {}", uri, range));
        }
      } else {
        if (offset > size) return MakeError(ErrorCode::kInvalidData, fmt::format("{} has no ranges", uri));
        response->body = response->body.substr(static_cast<size_t>(offset), static_cast<size_t>(length));
      }
      if (static_cast<int64_t>(response->body.size()) != std::min(length, size - offset)) {
        return MakeError(ErrorCode::kUnavailable, fmt::format("{}: fewer bytes came than are there", uri));
      }
      ASSIGN_OR_RETURN(ObjectInfo info, InfoOfAnswer(key, size, *response));
      return Object{std::move(info), std::move(response->body)};
    }
    if (CodeOf(response.status()) == ErrorCode::kNotFound) {
      return MakeError(ErrorCode::kNotFound, fmt::format("no such object: {}", uri));
    }
    if (aws::AwsHttpStatus(response.status()) != 416) return response.status();
  }
  ASSIGN_OR_RETURN(ObjectInfo info, Head(key));
  if (offset > info.size) {
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("{}: the range begins behind the end: {} > {}", uri, offset, info.size));
  }
  return Object{std::move(info), {}};
}

Result<ObjectInfo> S3Store::Head(std::string_view key) {
  RETURN_IF_ERROR(CheckKey(key));
  return bucket_.Head(key);
}

Result<ListPage> S3Store::List(std::string_view prefix, const ListOptions& options) {
  if (options.max_keys < 1)
    return MakeError(ErrorCode::kUsage, fmt::format("max_keys below 1: {}", options.max_keys));
  const std::string whole = bucket_.WholeKey(prefix);
  const std::string above = bucket_.WholeKey("");
  aws::AwsRequest request = bucket_.ForBucket("GET");
  request.query = {{"list-type", "2"},
                   {"encoding-type", "url"},
                   {"max-keys", std::to_string(std::min(options.max_keys, kMaxPage))}};
  if (!whole.empty()) request.query.emplace_back("prefix", whole);
  if (!options.start_after.empty()) request.query.emplace_back("start-after", above + options.start_after);
  ASSIGN_OR_RETURN(const net::HttpResponse response,
                   bucket_.Send(request, fmt::format("list {}", bucket_.location().Uri())));
  ASSIGN_OR_RETURN(S3ListAnswer answer, ParseS3List(response.body));
  ListPage page;
  for (ObjectInfo& info : answer.objects) {
    if (!info.key.starts_with(whole)) {
      return MakeError(ErrorCode::kInvalidData, fmt::format("S3 listed {}, asked for {}", info.key, whole));
    }
    info.key.erase(0, above.size());
    if (answer.truncated) page.next = info.key;
    if (CheckKey(info.key).ok()) page.objects.push_back(std::move(info));
  }
  return page;
}

Status S3Store::Delete(std::string_view key, const std::optional<Etag>& if_match) {
  RETURN_IF_ERROR(CheckKey(key));
  const auto changed = [&] {
    return MakeError(ErrorCode::kPreconditionFailed,
                     fmt::format("{} changed or was deleted since it was read", bucket_.UriOf(key)));
  };
  aws::AwsRequest request = bucket_.ForObject("DELETE", key);
  if (if_match) {
    const auto info = Head(key);
    if (!info.ok() && CodeOf(info.status()) != ErrorCode::kNotFound) return info.status();
    if (!info.ok() || info->etag != *if_match) return changed();
    request.headers.Add("If-Match", fmt::format("\"{}\"", *if_match));
    request.idempotent = false;  // the second attempt would find it gone, by whomever
  }
  const auto response = bucket_.Send(request, fmt::format("delete {}", bucket_.UriOf(key)));
  if (response.ok()) return Status::OK();
  const ErrorCode code = CodeOf(response.status());
  const bool gone = code == ErrorCode::kNotFound;
  if (if_match && (gone || code == ErrorCode::kPreconditionFailed)) return changed();
  return gone ? Status::OK() : response.status();
}

}  // namespace penstock::store
