#include "stream/records_endpoint.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/json_text.h"
#include "net/content_decoder.h"
#include "stream/record_lines.h"

namespace penstock::stream {
namespace {

net::ServerResponse Problem(const Status& status, int http_status = 0) {
  const auto& code = InfoOf(CodeOf(status));
  const bool later = code.retryable || code.code == ErrorCode::kNoSpace;
  if (http_status == 0) http_status = later && code.http_status != 429 ? 503 : code.http_status;
  net::ServerResponse response =
      net::JsonResponse(http_status, json::object{{"message", ToValidUtf8(Describe(status))}});
  if (http_status == 429) response.headers.Add("Retry-After", "1");
  if (http_status == 503) response.headers.Add("Retry-After", "5");
  return response;
}

// "text/CSV; charset=utf-8" is text/csv.
std::string MediaType(std::string_view text) { return AsciiLower(TrimAscii(text.substr(0, text.find(';')))); }

// A part of a sum that is bounded, given back with the object.
class Share {
 public:
  explicit Share(std::atomic<int64_t>& sum) : sum_(sum) {}
  ~Share() { sum_.fetch_sub(mine_); }
  bool Grow(int64_t bytes, int64_t most) {
    mine_ += bytes;
    return sum_.fetch_add(bytes) + bytes <= most;
  }

 private:
  std::atomic<int64_t>& sum_;
  int64_t mine_ = 0;
};

}  // namespace

bool RecordsEndpoint::IsCall(const net::ServerRequest& request) {
  return request.segments.size() == 3 && request.segments[0] == "streams" && request.segments[2] == "records";
}

Result<RecordGroup> RecordsEndpoint::Read(const net::ServerRequest& request) {
  ASSIGN_OR_RETURN(const LineFormat format,
                   LineFormatOf(MediaType(request.headers.Find("content-type").value_or(""))));
  RecordGroup group;
  const LineLimits limits{.records = options_.most_records, .bytes = options_.most_record_bytes};
  const std::string coding = request.headers.Find("content-encoding").value_or("");
  if (coding.empty()) {
    RETURN_IF_ERROR(ReadLines(request.body, format, &group, limits));
  } else {
    auto decoder = net::ContentDecoder::Make(coding, options_.most_decoded_bytes);
    if (!decoder.ok()) {
      return MakeError(ErrorCode::kUsage,
                       fmt::format("Content-Encoding: {} is none that is undone here", coding),
                       "send gzip, zstd, or the records as they are");
    }
    Share share(decoding_bytes_);
    std::string body;
    Status status = (*decoder)->Write(request.body, [&](std::string_view piece) {
      if (!share.Grow(static_cast<int64_t>(piece.size()), options_.most_decoding_bytes)) {
        return MakeError(ErrorCode::kThrottled, "too many compressed bodies at once");
      }
      body.append(piece);
      return Status::OK();
    });
    if (status.ok() && !body.empty()) status = (*decoder)->Finish();
    // Damaged on its way or by its sender: not a matter of this server.
    if (CodeOf(status) == ErrorCode::kUnavailable)
      return MakeError(ErrorCode::kInvalidData, status.message());
    RETURN_IF_ERROR(status);
    RETURN_IF_ERROR(ReadLines(body, format, &group, limits));
  }
  if (group.sizes.empty()) return MakeError(ErrorCode::kInvalidData, "there is no record in the body");
  return group;
}

void RecordsEndpoint::Answer(const std::shared_ptr<net::ServerRequest>& request,
                             const net::ServerReply& reply) {
  if (request->method != "POST") {
    return reply(net::JsonResponse(
        405, json::object{{"message", "POST records: application/x-ndjson, text/csv or text/plain"}}));
  }
  const std::string& name = request->segments[1];
  // Before the work of decoding it.
  if (const auto found = streams_.Describe(name); !found.ok()) {
    return reply(Problem(MakeError(ErrorCode::kNotFound, fmt::format("there is no stream {}", name),
                                   "`penstock stream ls` lists them")));
  }
  auto group = Read(*request);
  if (!group.ok()) {
    const ErrorCode code = CodeOf(group.status());
    return reply(Problem(group.status(), code == ErrorCode::kUsage         ? 415
                                         : code == ErrorCode::kInvalidData ? 400
                                         : code == ErrorCode::kTooLarge    ? 413
                                                                           : 0));
  }
  const size_t records = group->sizes.size();
  streams_.Put(name, *std::move(group), Streams::Take::kAllOrNothing,
               [reply, records](const PutResult& result) {
                 reply(result.status.ok() ? net::JsonResponse(200, json::object{{"accepted", records}})
                                          : Problem(result.status));
               });
}

}  // namespace penstock::stream
