#include "stream/firehose_client.h"

#include <fmt/format.h>

#include <vector>

#include "base/base64.h"
#include "base/json.h"
#include "base/json_text.h"

namespace penstock::stream {
namespace {

constexpr size_t kMostRecords = 500;
constexpr size_t kMostBytes = 3 << 20;  // Firehose takes 4 MiB
constexpr size_t kMostRecordBytes = 1000 << 10;

std::string BodyOf(const std::string& stream, std::span<const std::string* const> records) {
  std::string body = fmt::format(R"({{"DeliveryStreamName":{},"Records":[)", JsonText(json::value(stream)));
  for (size_t i = 0; i < records.size(); ++i) {
    body += i == 0 ? R"({"Data":")" : R"(,{"Data":")";
    body += Base64Encode(*records[i]);
    body += "\"}";
  }
  return body + "]}";
}

}  // namespace

struct FirehoseClient::Answer {
  std::vector<const std::string*> refused;
  std::string why;  // of the first of them
};

Result<FirehoseClient::Answer> FirehoseClient::PutBatch(const std::string& stream,
                                                        std::span<const std::string* const> records,
                                                        std::stop_token stop) {
  aws::AwsRequest request;
  request.method = "POST";
  request.headers.Add("Content-Type", "application/x-amz-json-1.1");
  request.headers.Add("X-Amz-Target", "Firehose_20150804.PutRecordBatch");
  request.body = BodyOf(stream, records);
  request.anonymous = options_.anonymous;
  ASSIGN_OR_RETURN(const net::HttpResponse response, client_.Send(request, stop));
  ASSIGN_OR_RETURN(const json::value body, ParseJson(response.body));
  Answer answer;
  ASSIGN_OR_RETURN(const int64_t failed, GetInt(body, "FailedPutCount"));
  if (failed == 0) return answer;
  const auto* each = body.get_object().if_contains("RequestResponses");
  if (each == nullptr || !each->is_array() || each->get_array().size() != records.size()) {
    return MakeError(
        ErrorCode::kInvalidData,
        fmt::format("PutRecordBatch of {} records: an answer that does not say which of them failed",
                    records.size()));
  }
  for (size_t i = 0; i < records.size(); ++i) {
    const json::value& one = each->get_array()[i];
    ASSIGN_OR_RETURN(const std::string code, GetStringOr(one, "ErrorCode", ""));
    if (code.empty()) continue;
    if (answer.refused.empty()) {
      ASSIGN_OR_RETURN(const std::string message, GetStringOr(one, "ErrorMessage", ""));
      answer.why = fmt::format("{}: {}", code, message);
    }
    answer.refused.push_back(records[i]);
  }
  return answer;
}

Result<PutCounts> FirehoseClient::PutAll(const std::string& stream, std::span<const std::string> records,
                                         std::stop_token stop) {
  for (const std::string& record : records) {
    if (record.size() <= kMostRecordBytes) continue;
    return MakeError(ErrorCode::kTooLarge,
                     fmt::format("a record of {} bytes for the stream {}: at most {} are taken",
                                 record.size(), stream, kMostRecordBytes));
  }
  PutCounts counts;
  std::vector<const std::string*> batch;
  for (size_t next = 0; next < records.size();) {
    batch.clear();
    for (size_t bytes = 0; next < records.size() && batch.size() < kMostRecords; ++next) {
      bytes += records[next].size();
      if (bytes > kMostBytes && !batch.empty()) break;
      batch.push_back(&records[next]);
    }
    const size_t asked = batch.size();
    for (int attempt = 1; !batch.empty(); ++attempt) {
      ++counts.requests;
      ASSIGN_OR_RETURN(Answer answer, PutBatch(stream, batch, stop));
      batch = std::move(answer.refused);
      if (batch.empty()) break;
      if (attempt == options_.most_attempts) {
        return MakeError(ErrorCode::kUnavailable,
                         fmt::format("the stream {} refused {} of {} records {} times, {}", stream,
                                     batch.size(), records.size(), attempt, answer.why),
                         "put them again later; records that were stored are then there twice");
      }
      counts.again += static_cast<int64_t>(batch.size());
      const Duration pause = aws::RetryPause(false, attempt, std::nullopt, random_);
      log_.Info("records_refused", {{"stream", stream},
                                    {"records", static_cast<int64_t>(batch.size())},
                                    {"why", answer.why},
                                    {"attempt", attempt}});
      clock_.SleepFor(pause, stop);
      if (stop.stop_requested()) return MakeError(ErrorCode::kCancelled, "stopped between two puts");
    }
    counts.records += static_cast<int64_t>(asked);
  }
  return counts;
}

}  // namespace penstock::stream
