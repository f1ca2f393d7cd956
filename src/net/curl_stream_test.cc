// Streamed answers against real sockets: HttpRequest::on_body.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/random.h"
#include "net/body_pipe.h"
#include "net/content_decoder.h"
#include "net/curl_client.h"
#include "net/http_server.h"
#include "net/retry.h"

namespace penstock::net {
namespace {

using std::chrono::milliseconds;

// "abc\n" through gzip(1), level 9.
constexpr unsigned char kGzipOfAbc[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00,
                                        0x02, 0x03, 0x4b, 0x4c, 0x4a, 0xe6, 0x02, 0x00,
                                        0x4e, 0x81, 0x88, 0x47, 0x04, 0x00, 0x00, 0x00};

class CurlStream : public testing::Test {
 protected:
  void Start(ServerHandler handler, ServerOptions options = {}) {
    auto server = HttpServer::Start(std::move(options), std::move(handler));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = std::move(*server);
    client_ = CurlClient::Make().ValueOrDie();
  }
  // A request whose pieces are gathered in `got_`, and whose heads in `heads_`.
  HttpRequest Get(std::string path) {
    HttpRequest request{.url = server_->origin() + std::move(path)};
    request.on_body = [this](std::string_view piece) {
      got_ += piece;
      return Status::OK();
    };
    request.on_head = [this](const HttpResponse& head) {
      EXPECT_EQ(got_.size(), before_);
      heads_.push_back(head);
      return Status::OK();
    };
    before_ = got_.size();
    return request;
  }

  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<CurlClient> client_;
  std::string got_;
  size_t before_ = 0;
  std::vector<HttpResponse> heads_;
};

TEST_F(CurlStream, TheHeadComesFirstThenTheBody) {
  Start([](const ServerRequest& request) {
    ServerResponse response{.body = std::string(300'000, 'x')};
    response.headers.Add("ETag", "\"v1\"");
    if (request.path == "/empty") response.body.clear();
    if (request.path == "/moved") {
      response.status = 302;
      response.headers.Add("Location", "/here");
    }
    return response;
  });
  for (const char* path : {"/", "/moved"}) {
    got_.clear();
    const auto response = client_->Send(Get(path));
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "");
    EXPECT_EQ(response->headers.Find("etag"), "\"v1\"");
    EXPECT_EQ(got_, std::string(300'000, 'x'));
  }
  EXPECT_EQ(heads_.size(), 2u);
  EXPECT_EQ(heads_[1].url, server_->origin() + "/here");
  EXPECT_EQ(heads_[0].headers.Find("content-length"), "300000");
  got_.clear();
  ASSERT_TRUE(client_->Send(Get("/empty")).ok());
  HttpRequest head = Get("/");
  head.method = "HEAD";
  ASSERT_TRUE(client_->Send(head).ok());
  EXPECT_EQ(heads_.size(), 4u);
  EXPECT_EQ(got_, "");
}

TEST_F(CurlStream, AnAnswerThatIsNoSuccessIsNotStreamed) {
  Start([](const ServerRequest&) { return ServerResponse{.status = 404, .body = "no such package"}; });
  HttpRequest unbounded = Get("/");
  unbounded.max_body_bytes = 0;
  EXPECT_EQ(client_->Send(unbounded)->body, "no such package");
  const auto response = client_->Send(Get("/"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "no such package");
  EXPECT_EQ(got_, "");
  EXPECT_TRUE(heads_.empty());
}

// TED-1: never wholly in memory. The server makes no more bytes than the receiver has taken, and what sockets
// and the pipe hold: so nobody holds more.
TEST_F(CurlStream, ABodyOfAnySizePassesInBoundedMemory) {
  constexpr int64_t kLength = 192 << 20, kHeld = 24 << 20;
  std::atomic<int64_t> made{0};
  Start([&](const ServerRequest&) {
    ServerResponse response;
    response.pieces = ServerResponse::Pieces{kLength, [&](int64_t offset, int64_t bytes) {
                                               made = offset + bytes;
                                               return std::string(static_cast<size_t>(bytes), 'x');
                                             }};
    return response;
  });
  int64_t taken = 0, ahead = 0;
  size_t largest = 0;
  HttpRequest request{.url = server_->origin(), .max_body_bytes = 0};
  request.on_body = [&](std::string_view piece) {
    // The first receipts are slow: until the sender has come to a standstill.
    for (int64_t before = -1; taken < (4 << 20) && before != made;) {
      before = made;
      std::this_thread::sleep_for(milliseconds(5));
    }
    ahead = std::max(ahead, made - taken);
    taken += static_cast<int64_t>(piece.size());
    largest = std::max(largest, piece.size());
    return Status::OK();
  };
  const auto response = client_->Send(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(taken, kLength);
  EXPECT_LT(ahead, kHeld);
  EXPECT_LE(largest, 2u << 20);
}

TEST_F(CurlStream, AReceiverThatFailsEndsTheTransfer) {
  std::atomic<int64_t> made{0};
  Start([&](const ServerRequest&) {
    ServerResponse response;
    response.pieces = ServerResponse::Pieces{int64_t{1} << 40, [&](int64_t offset, int64_t bytes) {
                                               made = offset + bytes;
                                               return std::string(static_cast<size_t>(bytes), 'x');
                                             }};
    return response;
  });
  HttpRequest request = Get("/");
  request.max_body_bytes = 0;
  request.on_body = [](std::string_view) { return MakeError(ErrorCode::kResourceExhausted, "disk full"); };
  const auto full = client_->Send(request);
  EXPECT_EQ(CodeOf(full.status()), ErrorCode::kResourceExhausted);
  EXPECT_EQ(full.status().message(), "disk full");
  request.on_head = [](const HttpResponse&) { return MakeError(ErrorCode::kInvalidData, "another version"); };
  EXPECT_EQ(client_->Send(request).status().message(), "another version");
  EXPECT_LT(made, int64_t{1} << 30);
  // The client is as before.
  HttpRequest small = Get("/");
  small.max_body_bytes = 1'000'000;
  EXPECT_EQ(CodeOf(client_->Send(small).status()), ErrorCode::kTooLarge);
}

TEST_F(CurlStream, WhatCameBeforeAResetWasDelivered) {
  Start([](const ServerRequest& request) {
    ServerResponse response{.body = std::string(1'000'000, 'x')};
    if (request.path == "/truncated") response.truncate_after_bytes = 600'000;
    if (request.path == "/reset") {
      response.reset_after_bytes = 600'000;
      response.drip = ServerResponse::Drip{100'000, milliseconds(20)};
    }
    return response;
  });
  const auto cut = client_->Send(Get("/truncated"));
  EXPECT_EQ(CodeOf(cut.status()), ErrorCode::kUnavailable);
  EXPECT_NE(cut.status().message().find("got 600000 of 1000000 bytes"), std::string::npos) << cut.status();
  EXPECT_EQ(got_.size(), 600'000u);
  got_.clear();
  EXPECT_EQ(CodeOf(client_->Send(Get("/reset")).status()), ErrorCode::kUnavailable);
  EXPECT_GE(got_.size(), 100'000u);  // a reset may overtake what the kernel still held
  EXPECT_LT(got_.size(), 600'000u);
}

TEST_F(CurlStream, NothingIsAskedForAgainAfterDelivery) {
  std::atomic<int> requests{0};
  Start([&](const ServerRequest&) {
    ServerResponse response{.body = std::string(100'000, 'x')};
    if (++requests == 1) return ServerResponse{.status = 503};
    if (requests == 2) response.truncate_after_bytes = 0;  // an answer began, and nothing of it came
    if (requests == 3) response.truncate_after_bytes = 50'000;
    return response;
  });
  ManualClock clock(*ParseTimestamp("2026-11-20T10:00:00Z"));
  Random random(1);
  RetryingClient retrying(*client_, {.max_attempts = 5}, clock, random, Logger());
  EXPECT_EQ(CodeOf(retrying.Send(Get("/")).status()), ErrorCode::kUnavailable);
  EXPECT_EQ(requests, 3);
  EXPECT_EQ(got_.size(), 50'000u);
}

TEST_F(CurlStream, RangesAndStoredBytesComeAsTheyAre) {
  const std::string stored(reinterpret_cast<const char*>(kGzipOfAbc), sizeof kGzipOfAbc);
  std::vector<std::optional<std::string>> asked;
  Start([&](const ServerRequest& request) {
    asked.push_back(request.headers.Find("accept-encoding"));
    ServerResponse response{.body = stored};
    response.headers.Add("Content-Encoding", "gzip");
    if (const auto range = request.headers.Find("range")) {
      EXPECT_EQ(*range, "bytes=10-");
      response.status = 206;
      response.headers.Add("Content-Range", "bytes 10-23/24");
      response.body = stored.substr(10);
    }
    return response;
  });
  HttpRequest plain = Get("/");
  ASSERT_TRUE(client_->Send(plain).ok());
  EXPECT_EQ(got_, "abc\n");
  got_.clear();
  HttpRequest range = Get("/");
  range.as_stored = true;
  range.headers.Add("Range", "bytes=10-");
  const auto response = client_->Send(range);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 206);
  EXPECT_EQ(got_, stored.substr(10));
  HttpRequest whole{.url = server_->origin(), .as_stored = true};
  EXPECT_EQ(client_->Send(whole)->body, stored);
  EXPECT_EQ(asked, (std::vector<std::optional<std::string>>{"gzip, deflate", "identity", "identity"}));
}

TEST_F(CurlStream, AStandstillIsATimeoutAndASlowReceiverIsNone) {
  Start(
      [](const ServerRequest& request) {
        ServerResponse response{.body = std::string(4 << 20, 'x')};
        if (request.path == "/stall") response.delay = std::chrono::minutes(10);
        return response;
      },
      {.stop_timeout_ms = 10});
  HttpRequest stalled = Get("/stall");
  stalled.stall_timeout_ms = 1000;
  stalled.total_timeout_ms = 3'600'000;
  EXPECT_EQ(CodeOf(client_->Send(stalled).status()), ErrorCode::kTimeout);
  // The receiver's pause is not the server's.
  HttpRequest slow = Get("/");
  slow.stall_timeout_ms = 1000;
  bool first = true;
  int64_t bytes = 0;
  slow.on_head = nullptr;
  slow.on_body = [&](std::string_view piece) {
    if (std::exchange(first, false)) std::this_thread::sleep_for(milliseconds(2'000));
    bytes += static_cast<int64_t>(piece.size());
    return Status::OK();
  };
  const auto response = client_->Send(slow);
  EXPECT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(bytes, 4 << 20);
}

TEST_F(CurlStream, StopEndsAStream) {
  Start(
      [](const ServerRequest&) {
        return ServerResponse{.body = std::string(1000, 'x'),
                              .drip = ServerResponse::Drip{10, std::chrono::minutes(10)}};
      },
      {.stop_timeout_ms = 10});
  std::stop_source stop;
  HttpRequest request = Get("/");
  request.on_body = [&](std::string_view) {
    stop.request_stop();
    return Status::OK();
  };
  EXPECT_EQ(CodeOf(client_->Send(request, stop.get_token()).status()), ErrorCode::kCancelled);
}

TEST_F(CurlStream, ManyStreamsAtOnceHinderNoOther) {
  Start([](const ServerRequest&) { return ServerResponse{.body = std::string(3 << 20, 'x')}; },
        {.threads = 4});
  std::atomic<int64_t> bytes{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      HttpRequest request{.url = server_->origin()};
      request.on_body = [&](std::string_view piece) {
        bytes += static_cast<int64_t>(piece.size());
        std::this_thread::yield();
        return Status::OK();
      };
      for (int i = 0; i < 4; ++i) EXPECT_TRUE(client_->Send(request).ok());
    });
  }
  threads.clear();
  EXPECT_EQ(bytes, int64_t{32} * (3 << 20));
}

TEST(BodyPipe, RefusesWhenFullAndSaysWhenThereIsRoom) {
  BodyPipe pipe(10);
  EXPECT_TRUE(pipe.Put("12345"));
  EXPECT_TRUE(pipe.Put("1234567890"));
  EXPECT_FALSE(pipe.Put("x"));
  std::string piece;
  bool made_room = false;
  EXPECT_TRUE(pipe.Take(&piece, &made_room));
  EXPECT_EQ(piece, "123451234567890");
  EXPECT_TRUE(made_room);
  EXPECT_TRUE(pipe.Put("y"));
  pipe.Close();
  EXPECT_TRUE(pipe.Take(&piece, &made_room));
  EXPECT_EQ(piece, "y");
  EXPECT_FALSE(made_room);
  EXPECT_FALSE(pipe.Take(&piece, &made_room));
}

TEST(ContentDecoderPieces, ByteByByteIsTheSame) {
  std::string out;
  const ContentDecoder::Sink sink = [&](std::string_view piece) {
    out += piece;
    return Status::OK();
  };
  auto decoder = ContentDecoder::Make("gzip", 100).ValueOrDie();
  for (const unsigned char& byte : kGzipOfAbc) {
    const char c = static_cast<char>(byte);
    if (&byte != kGzipOfAbc) {
      EXPECT_FALSE(decoder->Finish().ok());
    }
    ASSERT_TRUE(decoder->Write(std::string_view(&c, 1), sink).ok());
  }
  EXPECT_TRUE(decoder->Finish().ok());
  EXPECT_EQ(out, "abc\n");
  out.clear();
  const std::string_view bare(reinterpret_cast<const char*>(kGzipOfAbc) + 10, sizeof kGzipOfAbc - 18);
  auto deflate = ContentDecoder::Make("deflate", 100).ValueOrDie();
  for (const char& c : bare) ASSERT_TRUE(deflate->Write(std::string_view(&c, 1), sink).ok());
  EXPECT_TRUE(deflate->Finish().ok());
  EXPECT_EQ(out, "abc\n");
}

}  // namespace
}  // namespace penstock::net
