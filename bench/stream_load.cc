#include "stream_load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <thread>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "net/url.h"
#include "store/folder_paths.h"

namespace penstock {
namespace {

using Clock = std::chrono::steady_clock;

Status Failed(std::string_view doing) {
  return MakeError(ErrorCode::kUnavailable, fmt::format("{}: {}", doing, ::strerror(errno)));
}

// A record as a producer of ticks has it, of exactly so many bytes.
std::string RecordOf(int64_t number, int bytes) {
  std::string record = fmt::format(
      R"({{"id":{},"name":"FB","high":206.{:02},"low":205.{:02},"ts":"2020-05-14 13:{:02}:00","note":")",
      number, number % 100, number % 90, number % 60);
  record.append(static_cast<size_t>(std::max<int64_t>(0, bytes - 3 - static_cast<int64_t>(record.size()))),
                'x');
  return record + "\"}\n";
}

// A request that is the same each time: the client costs the machine as little as it can.
std::string RequestOf(const StreamLoad& load, const net::Url& url, int connection) {
  std::string body = fmt::format(R"({{"DeliveryStreamName":"{}",)", load.stream);
  if (load.batch == 1) {
    body +=
        fmt::format(R"("Record":{{"Data":"{}"}}}})", Base64Encode(RecordOf(connection, load.record_bytes)));
  } else {
    body += R"("Records":[)";
    for (int i = 0; i < load.batch; ++i) {
      body += fmt::format(R"({}{{"Data":"{}"}})", i == 0 ? "" : ",",
                          Base64Encode(RecordOf(connection * load.batch + i, load.record_bytes)));
    }
    body += "]}";
  }
  // Servers of many services tell the service by the scope of the credentials.
  return fmt::format(
      "POST / HTTP/1.1\r\nHost: {}:{}\r\nContent-Type: application/x-amz-json-1.1\r\n"
      "X-Amz-Target: Firehose_20150804.PutRecord{}\r\nAuthorization: AWS4-HMAC-SHA256 "
      "Credential=test/20261121/us-east-1/firehose/aws4_request, SignedHeaders=host, Signature=0\r\n"
      "Content-Length: {}\r\n\r\n{}",
      url.host, url.port, load.batch == 1 ? "" : "Batch", body.size(), body);
}

Result<store::FileHandle> Connect(const net::Url& url) {
  store::FileHandle socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(url.port);
  if (::inet_pton(AF_INET, url.host.c_str(), &address.sin_addr) != 1) {
    return MakeError(ErrorCode::kUsage, "the origin is no IPv4 address: " + url.host);
  }
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return Failed("connect");
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

struct Answer {
  std::string bytes;
  size_t body = 0;    // where it begins
  bool last = false;  // of its connection, as the server says
};

// One answer with a Content-Length.
Status ReadAnswer(int socket, Answer* out) {
  std::string* answer = &out->bytes;
  answer->clear();
  size_t whole = std::string::npos, body = 0;
  while (answer->size() < whole) {
    char bytes[64 << 10];
    const ssize_t count = ::recv(socket, bytes, sizeof bytes, 0);
    if (count <= 0) return Failed("read");
    answer->append(bytes, static_cast<size_t>(count));
    if (whole != std::string::npos) continue;
    const size_t end = answer->find("\r\n\r\n");
    if (end == std::string::npos) continue;
    body = end + 4;
    std::string head = answer->substr(0, body);
    std::ranges::transform(head, head.begin(), [](unsigned char c) { return std::tolower(c); });
    const size_t at = head.find("\r\ncontent-length: ");
    size_t length = 0;
    if (at != std::string::npos) std::from_chars(head.data() + at + 18, head.data() + head.size(), length);
    whole = body + length;
    out->last = head.find("\r\nconnection: close\r\n") != std::string::npos;
  }
  out->body = body;
  return Status::OK();
}

bool Accepted(std::string_view answer, size_t body, bool batch) {
  if (!answer.starts_with("HTTP/1.1 200")) return false;
  answer.remove_prefix(body);
  return !batch || answer.find("\"FailedPutCount\":0") != answer.npos ||
         answer.find("\"FailedPutCount\": 0") != answer.npos;
}

Status Send(const StreamLoad& load, const net::Url& url, int connection, Clock::time_point begin,
            std::atomic<int64_t>& next, std::vector<double>* took_ms) {
  const std::string request = RequestOf(load, url, connection);
  ASSIGN_OR_RETURN(auto socket, Connect(url));
  Answer answer;
  for (int64_t record; (record = next.fetch_add(load.batch)) < load.records;) {
    auto start = Clock::now();
    if (load.records_per_s > 0) {
      start = begin + std::chrono::microseconds(record * 1'000'000 / load.records_per_s);
      std::this_thread::sleep_until(start);
    }
    if (std::exchange(answer.last, false)) {
      ASSIGN_OR_RETURN(socket, Connect(url));
    }
    for (size_t sent = 0; sent < request.size();) {
      const ssize_t count = ::send(socket.get(), request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return Failed("write");
      sent += static_cast<size_t>(count);
    }
    RETURN_IF_ERROR(ReadAnswer(socket.get(), &answer));
    took_ms->push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    if (!Accepted(answer.bytes, answer.body, load.batch > 1))
      return MakeError(ErrorCode::kUnavailable, "refused: " + answer.bytes.substr(0, 2000));
  }
  return Status::OK();
}

}  // namespace

Status LoadStream(const StreamLoad& load) {
  ASSIGN_OR_RETURN(const net::Url url, net::ParseUrl(load.origin));
  const auto connections = static_cast<size_t>(load.connections);
  std::atomic<int64_t> next{0};
  std::vector<std::vector<double>> took(connections);
  std::vector<Status> status(connections);
  const auto start = Clock::now();
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < connections; ++i) {
      threads.emplace_back(
          [&, i] { status[i] = Send(load, url, static_cast<int>(i), start, next, &took[i]); });
    }
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  for (const Status& one : status) RETURN_IF_ERROR(one);
  std::vector<double> all;
  for (const auto& one : took) all.insert(all.end(), one.begin(), one.end());
  if (all.empty()) return MakeError(ErrorCode::kUsage, "no records to put");
  std::ranges::sort(all);
  const double records = static_cast<double>(all.size()) * load.batch;
  fmt::print(
      R"({{"records": {:.0f}, "seconds": {:.3f}, "records_per_s": {:.0f}, "p50_ms": {:.2f}, "p99_ms": {:.2f}, "most_ms": {:.2f}}})"
      "\n",
      records, seconds, records / seconds, all[all.size() / 2], all[all.size() * 99 / 100], all.back());
  return Status::OK();
}

}  // namespace penstock
