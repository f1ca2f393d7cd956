// The client against real sockets: the server of this module, with its faults.
#include "net/curl_client.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <atomic>
#include <latch>
#include <thread>

#include "base/random.h"
#include "net/http_server.h"
#include "net/retry.h"

namespace penstock::net {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

std::unique_ptr<HttpServer> StartServer(ServerHandler handler, ServerOptions options = {}) {
  auto server = HttpServer::Start(std::move(options), std::move(handler));
  EXPECT_TRUE(server.ok()) << server.status();
  return std::move(*server);
}

std::unique_ptr<CurlClient> MakeClient(CurlOptions options = {}) {
  auto client = CurlClient::Make(std::move(options));
  EXPECT_TRUE(client.ok()) << client.status();
  return std::move(*client);
}

ServerHandler Always(ServerResponse response) {
  return [response](const ServerRequest&) { return response; };
}

std::string Gzip(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// Fails with `code`, and says nothing of the URL's secrets (ALL-4).
void ExpectFailure(const Result<HttpResponse>& result, ErrorCode code, std::string_view part = "") {
  ASSERT_FALSE(result.ok()) << result->status;
  EXPECT_EQ(CodeOf(result.status()), code) << result.status();
  EXPECT_EQ(result.status().ToString().find("secret"), std::string::npos) << result.status();
  EXPECT_NE(result.status().message().find(part), std::string::npos) << result.status();
}

TEST(CurlClient, SendsWhatItIsGiven) {
  ServerRequest seen;
  auto server = StartServer([&](const ServerRequest& request) {
    seen = request;
    ServerResponse response{.status = 404, .body = "answer"};
    response.headers.Add("X-Answer", "yes");
    response.headers.Add("X-Empty", "");
    return response;
  });
  auto client = MakeClient({.user_agent = "tester/1"});
  HttpRequest request{
      .method = "PUT", .url = server->origin() + "/a%20b?x=1", .body = std::string("b\0dy", 4)};
  request.headers.Add("X-Request", "1");
  request.headers.Add("X-Nothing", "");
  const auto response = client->Send(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "answer");
  EXPECT_EQ(response->headers.Find("x-answer"), "yes");
  EXPECT_EQ(response->headers.Find("x-empty"), "");
  EXPECT_EQ(response->url, request.url);
  EXPECT_EQ(seen.method, "PUT");
  EXPECT_EQ(seen.target, "/a%20b?x=1");
  EXPECT_EQ(seen.body, request.body);
  EXPECT_EQ(seen.headers.Find("x-request"), "1");
  EXPECT_EQ(seen.headers.Find("x-nothing"), "");
  EXPECT_EQ(seen.headers.Find("user-agent"), "tester/1");
  EXPECT_EQ(seen.headers.Find("expect"), std::nullopt);
  EXPECT_EQ(seen.headers.Find("content-type"), std::nullopt);

  for (const char* method : {"GET", "HEAD", "DELETE", "POST", "PATCH", "OPTIONS"}) {
    const auto other = client->Send({.method = method, .url = server->origin() + "/"});
    ASSERT_TRUE(other.ok()) << method << other.status();
    EXPECT_EQ(seen.method, method);
    EXPECT_EQ(seen.body, "");
    EXPECT_EQ(other->body, std::string_view(method) == "HEAD" ? "" : "answer");
  }
}

// A signature covers the path, and keys of objects may hold anything.
TEST(CurlClient, PathsAreSentAsTheyAre) {
  std::string seen;
  auto server = StartServer([&](const ServerRequest& request) {
    seen = request.target;
    return ServerResponse{};
  });
  auto client = MakeClient();
  const auto response = client->Send({.url = server->origin() + "/a/../b/./c//d"});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(seen, "/a/../b/./c//d");
}

TEST(CurlClient, BadRequestsAreUsage) {
  auto client = MakeClient();
  const auto with_header = [](std::string name, std::string value) {
    HttpRequest request{.url = "http://127.0.0.1:1/?secret"};
    request.headers.Add(std::move(name), std::move(value));
    return request;
  };
  ExpectFailure(client->Send(with_header("X-A", "1\r\nX-B: 2")), ErrorCode::kUsage);
  ExpectFailure(client->Send(with_header("X A", "1")), ErrorCode::kUsage);
  ExpectFailure(client->Send({.method = "GE T", .url = "http://127.0.0.1:1/"}), ErrorCode::kUsage);
  for (const char* url :
       {"", "file:///etc/passwd", "ftp://h/?secret", "http://u:secret@/", "http://h/ x?secret"}) {
    ExpectFailure(client->Send({.url = url}), ErrorCode::kUsage);
  }
}

TEST(CurlClient, ConnectionsAreKeptAndShared) {
  auto server = StartServer(Always({.body = "x"}));
  auto client = MakeClient();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(client->Send({.url = server->origin()}).ok());
  EXPECT_EQ(server->connections_accepted(), 1);
}

TEST(CurlClient, ALongPausedConnectionIsReplaced) {
  // In the pause the server is replaced, so that the kept connection is closed at its end, however long the
  // pause is. Again, when somebody else took the port in between.
  auto client = MakeClient();
  std::unique_ptr<HttpServer> next;
  for (int attempt = 0; attempt < 10 && next == nullptr; ++attempt) {
    auto server = StartServer(Always({.body = "x"}));
    ASSERT_TRUE(client->Send({.url = server->origin()}).ok());
    const uint16_t port = server->port();
    server.reset();
    auto started = HttpServer::Start({.port = port}, Always({.body = "y"}));
    if (started.ok()) next = std::move(*started);
  }
  ASSERT_NE(next, nullptr);
  const auto response = client->Send({.url = next->origin()});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "y");
  EXPECT_EQ(next->connections_accepted(), 1);
}

TEST(CurlClient, SixtyFourThreadsWithAtMostFourInFlight) {
  std::atomic<int> now{0}, most{0};
  auto server = StartServer(
      [&](const ServerRequest& request) {
        int seen = most;
        const int here = ++now;
        while (seen < here && !most.compare_exchange_weak(seen, here)) {
        }
        std::this_thread::yield();
        --now;
        return ServerResponse{.body = request.target};
      },
      {.threads = 8});
  auto client = MakeClient({.max_in_flight = 4});
  std::atomic<int> right{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 64; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string target = fmt::format("/{}/{}", t, i);
        const auto response = client->Send({.url = server->origin() + target});
        if (response.ok() && response->body == target) ++right;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(right, 1280);
  EXPECT_LE(most, 4);
  EXPECT_LE(server->connections_accepted(), 4);
}

TEST(CurlClient, CompressedBodiesAreDecoded) {
  std::string text(200'000, 'a');
  text += "end";
  std::optional<std::string> asked;
  auto server = StartServer([&](const ServerRequest& request) {
    asked = request.headers.Find("accept-encoding");
    ServerResponse response{.body = Gzip(text)};
    if (request.path == "/short") response.body.resize(response.body.size() - 9);
    if (request.path == "/broken") response.body[20] ^= 0x7f;
    if (request.path == "/br")
      response.headers.Add("Content-Encoding", "br");
    else
      response.headers.Add("Content-Encoding", "gzip");
    return response;
  });
  auto client = MakeClient();
  const auto response = client->Send({.url = server->origin() + "/"});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, text);
  EXPECT_EQ(asked, "gzip, deflate");
  ASSERT_TRUE(client->Send({.method = "HEAD", .url = server->origin() + "/"}).ok());
  ExpectFailure(client->Send({.url = server->origin() + "/short?secret"}), ErrorCode::kUnavailable);
  ExpectFailure(client->Send({.url = server->origin() + "/broken?secret"}), ErrorCode::kUnavailable);
  ExpectFailure(client->Send({.url = server->origin() + "/br?secret"}), ErrorCode::kInvalidData);
  ExpectFailure(client->Send({.url = server->origin() + "/?secret", .max_body_bytes = 200'002}),
                ErrorCode::kTooLarge);
  EXPECT_TRUE(client->Send({.url = server->origin() + "/", .max_body_bytes = 200'003}).ok());
}

TEST(CurlClient, BodiesAndHeadsAreBounded) {
  auto server = StartServer([](const ServerRequest& request) {
    ServerResponse response{.body = std::string(100'000, 'x')};
    if (request.path == "/head") {
      for (int i = 0; i < 100; ++i) response.headers.Add("X-Long", std::string(1000, 'x'));
    }
    return response;
  });
  auto client = MakeClient({.max_header_bytes = 50'000});
  EXPECT_TRUE(client->Send({.url = server->origin(), .max_body_bytes = 100'000}).ok());
  ExpectFailure(client->Send({.url = server->origin() + "?secret", .max_body_bytes = 99'999}),
                ErrorCode::kTooLarge);
  ExpectFailure(client->Send({.url = server->origin() + "/head?secret"}), ErrorCode::kTooLarge);
}

TEST(CurlClient, BrokenConnectionsAreUnavailable) {
  auto server = StartServer([](const ServerRequest& request) {
    ServerResponse response{.body = std::string(10'000, 'x')};
    if (request.path == "/truncated") response.truncate_after_bytes = 4'000;
    if (request.path == "/empty") response.truncate_after_bytes = 0;
    if (request.path == "/reset") response.reset_after_bytes = 0;
    if (request.path == "/late-reset") response.reset_after_bytes = 5'000;
    return response;
  });
  auto client = MakeClient();
  ExpectFailure(client->Send({.url = server->origin() + "/truncated?secret"}), ErrorCode::kUnavailable,
                "body cut short: got 4000 of 10000 bytes");
  ExpectFailure(client->Send({.url = server->origin() + "/empty?secret"}), ErrorCode::kUnavailable,
                "body cut short: got 0 of 10000 bytes");
  ExpectFailure(client->Send({.url = server->origin() + "/reset?secret"}), ErrorCode::kUnavailable);
  ExpectFailure(client->Send({.url = server->origin() + "/late-reset?secret"}), ErrorCode::kUnavailable);
  const std::string origin = server->origin();
  server->Stop();
  ExpectFailure(client->Send({.url = origin + "/?secret"}), ErrorCode::kUnavailable);
}

TEST(CurlClient, SlowServersAreTimeouts) {
  auto server = StartServer(
      [](const ServerRequest& request) {
        ServerResponse response{.body = std::string(10'000, 'x')};
        if (request.path == "/drip") response.drip = ServerResponse::Drip{1, milliseconds(50)};
        if (request.path == "/silent") response.delay = std::chrono::minutes(10);
        return response;
      },
      {.stop_timeout_ms = 10});
  auto client = MakeClient({.low_speed_bytes_per_s = 1'000, .low_speed_s = 1});
  ExpectFailure(client->Send({.url = server->origin() + "/silent?secret", .total_timeout_ms = 100}),
                ErrorCode::kTimeout);
  ExpectFailure(client->Send({.url = server->origin() + "/drip?secret", .total_timeout_ms = 200}),
                ErrorCode::kTimeout);
  // Whole after 500 s, and allowed an hour: only its low speed can end it.
  ExpectFailure(client->Send({.url = server->origin() + "/drip?secret", .total_timeout_ms = 3'600'000}),
                ErrorCode::kTimeout);
}

TEST(CurlClient, StopEndsWaitingAndRunningRequests) {
  std::latch inside(1);
  auto server = StartServer(
      [&](const ServerRequest&) {
        inside.count_down();
        return ServerResponse{.delay = std::chrono::minutes(10)};
      },
      {.stop_timeout_ms = 10});
  auto client = MakeClient({.max_in_flight = 1});
  std::stop_source stop;
  Result<HttpResponse> running = HttpResponse{}, waiting = HttpResponse{};
  std::jthread first(
      [&] { running = client->Send({.url = server->origin() + "/?secret"}, stop.get_token()); });
  inside.wait();
  std::jthread second(
      [&] { waiting = client->Send({.url = server->origin() + "/?secret"}, stop.get_token()); });
  stop.request_stop();
  first.join();
  second.join();
  ExpectFailure(running, ErrorCode::kCancelled);
  ExpectFailure(waiting, ErrorCode::kCancelled);
  ExpectFailure(client->Send({.url = server->origin()}, stop.get_token()), ErrorCode::kCancelled);
}

TEST(CurlClient, DestructionEndsWhatRuns) {
  std::latch inside(2);
  auto server = StartServer(
      [&](const ServerRequest&) {
        inside.count_down();
        return ServerResponse{.delay = std::chrono::minutes(10)};
      },
      {.stop_timeout_ms = 10});
  auto client = MakeClient({.max_in_flight = 2});
  std::vector<std::jthread> threads;
  std::atomic<int> cancelled{0};
  for (int i = 0; i < 4; ++i) {  // two of them wait for their turn
    threads.emplace_back([&, raw = client.get()] {
      if (CodeOf(raw->Send({.url = server->origin()}).status()) == ErrorCode::kCancelled) ++cancelled;
    });
  }
  inside.wait();
  while (client->callers() < 4) std::this_thread::yield();
  client.reset();
  threads.clear();
  EXPECT_EQ(cancelled, 4);
}

TEST(CurlClient, RedirectsStayOnTheSite) {
  std::vector<ServerRequest> seen;
  auto server = StartServer([&](const ServerRequest& request) {
    seen.push_back(request);
    ServerResponse response{.status = 302};
    const auto to = [&](std::string url) { response.headers.Add("Location", std::move(url)); };
    const std::string own = "http://" + request.headers.Find("host").value_or("");
    if (request.path == "/same")
      to("/end?x=1");
    else if (request.path == "/absolute")
      to(own + "/end");
    else if (request.path == "/relative/a")
      to("../end");
    else if (request.path == "/https")
      to("https" + own.substr(4) + "/end?secret");
    else if (request.path == "/other")
      to("https://example.com/?secret");
    else if (request.path == "/plain")
      to("http://example.com/?secret");
    else if (request.path == "/port")
      to("http://127.0.0.1:1/?secret");
    else if (request.path == "/file")
      to("file:///etc/passwd?secret");
    else if (request.path == "/user")
      to("https://127.0.0.1@example.com/?secret");
    else if (request.path == "/loop")
      to("/loop?secret");
    else if (request.path == "/garbage")
      to("http://[secret");
    else if (request.path == "/303")
      response.status = 303, to("/end");
    else if (request.path == "/307")
      response.status = 307, to("/end");
    else if (request.path == "/nowhere")
      response.status = 302;
    else
      response.status = 200, response.body = request.method + request.body;
    return response;
  });
  auto client = MakeClient();
  const auto get = [&](std::string path) { return client->Send({.url = server->origin() + path}); };
  for (const char* path : {"/same", "/absolute", "/relative/a"}) {
    const auto response = get(path);
    ASSERT_TRUE(response.ok()) << path << response.status();
    EXPECT_EQ(response->body, "GET") << path;
  }
  EXPECT_EQ(get("/same")->url, server->origin() + "/end?x=1");
  EXPECT_EQ(get("/nowhere")->status, 302);
  for (const char* path : {"/other", "/plain", "/port", "/file", "/user", "/loop", "/garbage"}) {
    ExpectFailure(get(path), ErrorCode::kRejectedByProvider);
  }
  ExpectFailure(get("/https"), ErrorCode::kUnavailable);  // followed: no TLS there
  seen.clear();
  EXPECT_FALSE(get("/loop").ok());
  EXPECT_EQ(seen.size(), 6u);  // five redirects

  EXPECT_EQ(client->Send({.method = "POST", .url = server->origin() + "/303", .body = "x"})->body, "GET");
  EXPECT_EQ(client->Send({.method = "POST", .url = server->origin() + "/same", .body = "x"})->body, "GET");
  EXPECT_EQ(client->Send({.method = "POST", .url = server->origin() + "/307", .body = "x"})->body, "POSTx");
  EXPECT_EQ(client->Send({.method = "PUT", .url = server->origin() + "/same", .body = "x"})->body, "PUTx");
}

// A clock for a limiter that shows how many turns it gave: one a minute.
struct OneAMinute {
  const TimePoint start = *ParseTimestamp("2026-11-20T10:00:00Z");
  ManualClock clock{start};
  MemoryRateLimiter limiter{{.requests = 1, .window = std::chrono::minutes(1), .lease_ms = 600'000}, clock};
  auto turns() const { return 1 + (clock.Now() - start) / std::chrono::minutes(1); }
};

TEST(CurlClient, EveryRequestTakesATurn) {
  std::atomic<int> requests{0}, failures{2};
  auto server = StartServer([&](const ServerRequest& request) {
    ++requests;
    ServerResponse response{.body = "x"};
    if (request.path == "/moved") {
      response.status = 302;
      response.headers.Add("Location", "/here");
    }
    if (request.path == "/failing" && failures-- > 0) response.status = 503;
    return response;
  });
  OneAMinute quota;
  auto client = MakeClient({.limiter = &quota.limiter});
  ASSERT_TRUE(client->Send({.url = server->origin() + "/moved"}).ok());
  EXPECT_EQ(requests, 2);
  EXPECT_EQ(quota.turns(), 2);
  ManualClock clock(quota.start);
  Random random(1);
  RetryingClient retrying(*client, {}, clock, random, Logger());
  EXPECT_EQ(retrying.Send({.url = server->origin() + "/failing"})->status, 200);
  EXPECT_EQ(requests, 5);
  EXPECT_EQ(quota.turns(), 5);
  ExpectFailure(client->Send({.url = "http://127.0.0.1:1/"}), ErrorCode::kUnavailable);
  EXPECT_EQ(quota.turns(), 6);  // nothing arrived, and the turn is settled all the same
  ASSERT_TRUE(client->Send({.url = server->origin()}).ok());
  EXPECT_EQ(quota.turns(), 7);
}

// libcurl sends again by itself when a kept connection is dead: that is a request, too.
TEST(CurlClient, ARequestThatIsRepeatedOnANewConnectionTakesTwoTurns) {
  std::atomic<int> requests{0};
  auto server = StartServer([&](const ServerRequest& request) {
    ServerResponse response{.body = "x"};
    if (++requests == 2 || request.path == "/dead") response.reset_after_bytes = 0;
    return response;
  });
  OneAMinute quota;
  auto client = MakeClient({.limiter = &quota.limiter});
  ASSERT_TRUE(client->Send({.url = server->origin()}).ok());
  const auto again = client->Send({.url = server->origin()});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(requests, 3);
  EXPECT_EQ(quota.turns(), 3);
  ExpectFailure(client->Send({.url = server->origin() + "/dead"}), ErrorCode::kUnavailable);
  EXPECT_EQ(requests, 5);  // on the kept connection, and on a new one
  EXPECT_EQ(quota.turns(), 5);
}

// Its arrival is unknown: the server may read it at any time yet.
TEST(CurlClient, ARequestThatIsGivenUpHoldsItsTurn) {
  std::latch arrived(1);
  auto server = StartServer(
      [&](const ServerRequest&) {
        arrived.count_down();
        return ServerResponse{.delay = std::chrono::seconds(100)};
      },
      {.stop_timeout_ms = 1});
  OneAMinute quota;
  auto client = MakeClient({.limiter = &quota.limiter});
  std::stop_source stop;
  std::jthread caller([&] {
    ExpectFailure(client->Send({.url = server->origin()}, stop.get_token()), ErrorCode::kCancelled);
  });
  arrived.wait();
  stop.request_stop();
  caller.join();
  ASSERT_TRUE(quota.limiter.Acquire().ok());
  EXPECT_EQ(quota.clock.Now() - quota.start, std::chrono::minutes(10 + 1));  // the lease, and the window
}

TEST(CurlClient, CookiesOnlyWhenAskedFor) {
  std::optional<std::string> cookie;
  auto server = StartServer([&](const ServerRequest& request) {
    cookie = request.headers.Find("cookie");
    ServerResponse response;
    response.headers.Add("Set-Cookie", "A3=crumb; Path=/");
    return response;
  });
  auto with = MakeClient({.cookies = true}), without = MakeClient();
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(with->Send({.url = server->origin()}).ok());
  EXPECT_EQ(cookie, "A3=crumb");
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(without->Send({.url = server->origin()}).ok());
  EXPECT_EQ(cookie, std::nullopt);
}

TEST(CurlClient, TlsAgainstAPlainServerFailsCleanly) {
  auto server = StartServer(Always({.body = "x"}));
  auto client = MakeClient();
  ExpectFailure(client->Send({.url = fmt::format("https://me:secret@127.0.0.1:{}/?secret", server->port())}),
                ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf(CurlClient::Make({.ca_file = "/does/not/exist"}).status()), ErrorCode::kConfiguration);
  EXPECT_EQ(CodeOf(CurlClient::Make({.max_in_flight = 0}).status()), ErrorCode::kConfiguration);
}

TEST(CurlClient, Ipv6Loopback) {
  auto server = HttpServer::Start({.address = "::1"}, Always({.body = "six"}));
  if (!server.ok()) GTEST_SKIP() << "no IPv6 on this machine";
  const auto response = MakeClient()->Send({.url = (*server)->origin() + "/"});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "six");
}

// 500 bodies of 90 KB: the main job's fetches. What it took (some 0.1 s) is recorded, not judged.
TEST(CurlClient, FiveHundredBodies) {
  const auto body = std::make_shared<const std::string>(90'000, 'x');
  auto server = StartServer([&](const ServerRequest&) { return ServerResponse{.shared_body = body}; });
  auto client = MakeClient();
  std::atomic<int> next{0};
  std::atomic<int64_t> bytes{0};
  const auto begun = SteadyClock::now();
  std::vector<std::jthread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&] {
      while (next++ < 500) {
        const auto response = client->Send({.url = server->origin() + "/v8/finance/chart/X"});
        if (response.ok()) bytes += static_cast<int64_t>(response->body.size());
      }
    });
  }
  threads.clear();
  const auto took = std::chrono::duration_cast<milliseconds>(SteadyClock::now() - begun);
  RecordProperty("milliseconds", static_cast<int>(took.count()));
  EXPECT_EQ(bytes, 45'000'000);
}

}  // namespace
}  // namespace penstock::net
