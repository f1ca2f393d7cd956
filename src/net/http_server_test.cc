#include "net/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <latch>
#include <mutex>
#include <thread>

namespace penstock::net {
namespace {

using std::chrono::milliseconds;

// A client that writes what it likes.
class RawClient {
 public:
  explicit RawClient(uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    EXPECT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const timeval patience{100, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~RawClient() { close(socket_); }
  bool Write(std::string_view text) {
    return send(socket_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  // Until the server ends the connection; `reset` says how.
  std::string ReadAll(bool* reset = nullptr) {
    std::string all;
    char part[4096];
    ssize_t got = 0;
    while ((got = recv(socket_, part, sizeof part, 0)) > 0) all.append(part, static_cast<size_t>(got));
    if (reset != nullptr) *reset = got < 0 && errno == ECONNRESET;
    EXPECT_FALSE(got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) << "the server kept the connection";
    return all;
  }

 private:
  int socket_;
};

std::unique_ptr<HttpServer> StartServer(ServerHandler handler, ServerOptions options = {}) {
  auto server = HttpServer::Start(std::move(options), std::move(handler));
  EXPECT_TRUE(server.ok()) << server.status();
  return std::move(*server);
}

int StatusOf(const std::string& answer) {
  return answer.starts_with("HTTP/1.1 ") ? std::stoi(answer.substr(9, 3)) : 0;
}

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

TEST(HttpServer, AnAnswerMayComeLaterFromAnotherThread) {
  std::mutex mutex;
  std::vector<ServerReply> replies;
  std::latch both(2);
  auto server =
      HttpServer::StartAsync({.threads = 1}, [&](std::shared_ptr<ServerRequest>, ServerReply reply) {
        const std::lock_guard lock(mutex);
        replies.push_back(std::move(reply));
        both.count_down();
      }).ValueOrDie();
  RawClient first(server->port());
  RawClient second(server->port());
  first.Write(kGet);
  second.Write(kGet);
  both.wait();  // one thread, and both are with the handler
  std::thread([&] {
    for (auto& reply : replies) {
      reply(ServerResponse{.status = 202});
      reply(ServerResponse{.status = 400});  // nobody hears a second one
    }
  }).join();
  EXPECT_EQ(StatusOf(first.ReadAll()), 202);
  EXPECT_EQ(StatusOf(second.ReadAll()), 202);
}

TEST(HttpServer, AReplyThatIsDroppedIsAnError) {
  auto server = HttpServer::StartAsync({}, [](std::shared_ptr<ServerRequest>, ServerReply) {}).ValueOrDie();
  RawClient client(server->port());
  client.Write(kGet);
  EXPECT_EQ(StatusOf(client.ReadAll()), 500);
}

TEST(HttpServer, AReplyMayOutliveTheServer) {
  ServerReply kept;
  std::latch asked(1);
  auto server =
      HttpServer::StartAsync({.stop_timeout_ms = 0}, [&](std::shared_ptr<ServerRequest>, ServerReply reply) {
        kept = std::move(reply);
        asked.count_down();
      }).ValueOrDie();
  RawClient client(server->port());
  client.Write(kGet);
  asked.wait();
  server.reset();
  EXPECT_EQ(client.ReadAll(), "");
  kept(ServerResponse{});
}

TEST(HttpServer, BodiesTogetherHaveABound) {
  ServerReply kept;
  std::latch asked(1);
  auto server = HttpServer::StartAsync({.max_bodies_bytes = 100}, [&](std::shared_ptr<ServerRequest> request,
                                                                      ServerReply reply) {
                  if (request->body.size() < 60) return reply(ServerResponse{});
                  kept = std::move(reply);
                  asked.count_down();
                }).ValueOrDie();
  const auto post = [](size_t bytes) {
    return "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: " + std::to_string(bytes) +
           "\r\n\r\n" + std::string(bytes, 'x');
  };
  RawClient first(server->port());
  first.Write(post(60));
  asked.wait();
  RawClient second(server->port());
  second.Write(post(50));
  const std::string refused = second.ReadAll();
  EXPECT_EQ(StatusOf(refused), 503);
  EXPECT_NE(refused.find("Retry-After: 1\r\n"), std::string::npos) << refused;
  RawClient third(server->port());
  third.Write(post(40));
  EXPECT_EQ(StatusOf(third.ReadAll()), 200);
  kept(ServerResponse{});
  EXPECT_EQ(StatusOf(first.ReadAll()), 200);
  RawClient fourth(server->port());
  fourth.Write(post(50));
  EXPECT_EQ(StatusOf(fourth.ReadAll()), 200) << "what the first one held is free again";
}

TEST(HttpServer, ABodyThatIsOnlyAnnouncedTakesNothingFromOthers) {
  auto server = StartServer([](const ServerRequest&) { return ServerResponse{}; }, {.max_bodies_bytes = 100});
  std::vector<std::unique_ptr<RawClient>> announcers;
  for (int i = 0; i < 10; ++i) {
    announcers.push_back(std::make_unique<RawClient>(server->port()));
    announcers.back()->Write(i % 2 == 0
                                 ? "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 90\r\n\r\nx"
                                 : "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5a\r\nx");
  }
  RawClient client(server->port());
  client.Write("POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 80\r\n\r\n" +
               std::string(80, 'x'));
  EXPECT_EQ(StatusOf(client.ReadAll()), 200);
  // What has come counts, announced or not.
  RawClient chunked(server->port());
  chunked.Write("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n96\r\n" +
                std::string(150, 'x') + "\r\n0\r\n\r\n");
  EXPECT_EQ(StatusOf(chunked.ReadAll()), 503);
}

TEST(HttpServer, TheHandlerSeesTheRequestDecoded) {
  ServerRequest seen;
  auto server = StartServer([&](const ServerRequest& request) {
    seen = request;
    return ServerResponse{.status = 201, .body = "made"};
  });
  RawClient client(server->port());
  client.Write(
      "POST /v8/chart/%5EFTSE/?range=5y&events=div%7Csplit+x HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n"
      "Content-Length: 4\r\nConnection: close\r\n\r\nbody");
  const std::string answer = client.ReadAll();
  EXPECT_EQ(StatusOf(answer), 201);
  EXPECT_TRUE(answer.ends_with("\r\n\r\nmade")) << answer;
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.path, "/v8/chart/%5EFTSE/");
  EXPECT_EQ(seen.segments, (std::vector<std::string>{"v8", "chart", "^FTSE", ""}));
  EXPECT_EQ(seen.query, (QueryParams{{"range", "5y"}, {"events", "div|split x"}}));
  EXPECT_EQ(seen.headers.Find("x-a"), "1");
  EXPECT_EQ(seen.body, "body");
  EXPECT_EQ(seen.peer, "127.0.0.1");
}

TEST(HttpServer, KeepsTheConnectionAndAnswersInOrder) {
  int number = 0;
  auto server =
      StartServer([&](const ServerRequest&) { return ServerResponse{.body = std::to_string(++number)}; });
  RawClient client(server->port());
  client.Write("GET /a HTTP/1.1\r\nHost: h\r\n\r\nHEAD /b HTTP/1.1\r\nHost: h\r\n\r\n" + std::string(kGet));
  const std::string answers = client.ReadAll();
  EXPECT_NE(answers.find("\r\n\r\n1HTTP/1.1 200"), std::string::npos) << answers;
  EXPECT_NE(answers.find("\r\n\r\nHTTP/1.1 200"), std::string::npos)
      << "no body behind HEAD's head: " << answers;
  EXPECT_TRUE(answers.ends_with("\r\n\r\n3"));
  EXPECT_EQ(server->connections_accepted(), 1);
}

TEST(HttpServer, BadRequestsAreRefused) {
  auto server = StartServer([](const ServerRequest&) { return ServerResponse{}; },
                            {.max_header_bytes = 2000, .max_body_bytes = 1000});
  const std::vector<std::pair<std::string, int>> cases{
      {"nonsense\r\n\r\n", 400},
      {"GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(4000, 'x') + "\r\n\r\n", 431},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'x'), 413},
      {"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n600\r\n" + std::string(0x600, 'x') +
           "\r\n0\r\n\r\n",
       413},
  };
  for (const auto& [request, status] : cases) {
    RawClient client(server->port());
    client.Write(request);
    EXPECT_EQ(StatusOf(client.ReadAll()), status) << request.substr(0, 60);
  }
  RawClient client(server->port());
  client.Write(
      "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: "
      "close\r\n\r\nbody");
  const std::string answer = client.ReadAll();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")) << answer;
}

TEST(HttpServer, SlowSendersAreCutOff) {
  auto server = StartServer([](const ServerRequest&) { return ServerResponse{}; }, {.idle_timeout_ms = 200});
  for (const std::string_view begin :
       {"", "GET / HTTP/1.1\r\nHo", "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx"}) {
    RawClient client(server->port());
    client.Write(begin);
    EXPECT_EQ(client.ReadAll(), "");
  }
  // A head in drops does not last longer for its drops.
  RawClient client(server->port());
  int drops = 0;  // a minute of them, if they are taken; otherwise some ten
  for (; drops < 3000 && client.Write("X"); ++drops) std::this_thread::sleep_for(milliseconds(20));
  EXPECT_LT(drops, 3000);
}

TEST(HttpServer, AHandlerThatThrowsAnswers500) {
  auto server = StartServer([](const ServerRequest&) -> ServerResponse { throw std::runtime_error("x"); });
  RawClient client(server->port());
  client.Write(kGet);
  EXPECT_EQ(StatusOf(client.ReadAll()), 500);
}

TEST(HttpServer, ValuesCannotWriteFurtherFields) {
  auto server = StartServer([](const ServerRequest&) {
    ServerResponse response;
    response.headers.Add("X-A", "1\r\nX-Evil: 2");
    return response;
  });
  RawClient client(server->port());
  client.Write(kGet);
  EXPECT_EQ(client.ReadAll().find("\r\nX-Evil"), std::string::npos);
}

TEST(HttpServer, OrderedFaults) {
  auto server = StartServer([](const ServerRequest& request) {
    ServerResponse response{.body = std::string(1000, 'x')};
    if (request.path == "/truncate") response.truncate_after_bytes = 300;
    if (request.path == "/reset") response.reset_after_bytes = 0;
    if (request.path == "/late-reset") response.reset_after_bytes = 500;
    if (request.path == "/drip") response.drip = ServerResponse::Drip{100, milliseconds(10)};
    if (request.path == "/delay") response.delay = milliseconds(100);
    return response;
  });
  const auto get = [&](std::string path, bool* reset) {
    RawClient client(server->port());
    client.Write("GET " + path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    return client.ReadAll(reset);
  };
  bool reset = false;
  const std::string truncated = get("/truncate", &reset);
  EXPECT_NE(truncated.find("Content-Length: 1000\r\n"), std::string::npos);
  EXPECT_EQ(truncated.size() - truncated.find("\r\n\r\n") - 4, 300u);
  EXPECT_FALSE(reset);
  EXPECT_EQ(get("/reset", &reset), "");
  EXPECT_TRUE(reset);
  EXPECT_LE(get("/late-reset", &reset).size(), 500u);
  EXPECT_TRUE(reset);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(get("/drip", &reset).ends_with(std::string(1000, 'x')));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(90));
  const auto delayed = std::chrono::steady_clock::now();
  EXPECT_EQ(StatusOf(get("/delay", &reset)), 200);
  EXPECT_GE(std::chrono::steady_clock::now() - delayed, milliseconds(100));
}

TEST(HttpServer, StopLetsRunningAnswersFinishAndEndsIdleConnections) {
  std::latch inside(1), go(1);
  auto server = StartServer([&](const ServerRequest&) {
    inside.count_down();
    go.wait();
    return ServerResponse{.body = "finished"};
  });
  RawClient idle(server->port()), busy(server->port());
  busy.Write("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  inside.wait();
  std::jthread stopper([&] { server->Stop(); });
  EXPECT_EQ(idle.ReadAll(), "");  // ended, so the stop is under way
  go.count_down();
  EXPECT_TRUE(busy.ReadAll().ends_with("finished"));
  stopper.join();
}

TEST(HttpServer, StopDoesNotWaitForLongAnswers) {
  std::latch inside(1);
  auto server = StartServer(
      [&](const ServerRequest&) {
        inside.count_down();
        return ServerResponse{.delay = std::chrono::hours(1)};
      },
      {.stop_timeout_ms = 50});
  RawClient client(server->port());
  client.Write(kGet);
  inside.wait();
  const auto begun = std::chrono::steady_clock::now();
  server->Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::minutes(30));  // not the hour
}

TEST(HttpServer, FurtherConnectionsWaitForTheirTurn) {
  auto server =
      StartServer([](const ServerRequest&) { return ServerResponse{.body = "x"}; }, {.max_connections = 2});
  std::atomic<int> answered{0};
  std::vector<std::jthread> clients;
  for (int i = 0; i < 10; ++i) {
    clients.emplace_back([&] {
      RawClient client(server->port());
      client.Write(kGet);
      if (StatusOf(client.ReadAll()) == 200) ++answered;
    });
  }
  clients.clear();
  EXPECT_EQ(answered, 10);
}

TEST(HttpServer, WhatCannotBeListenedOn) {
  const auto handler = [](const ServerRequest&) { return ServerResponse{}; };
  auto first = StartServer(handler);
  EXPECT_EQ(CodeOf(HttpServer::Start({.port = first->port()}, handler).status()), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf(HttpServer::Start({.address = "localhost:80"}, handler).status()), ErrorCode::kUsage);
}

}  // namespace
}  // namespace penstock::net
