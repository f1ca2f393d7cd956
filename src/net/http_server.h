// A small HTTP/1.1 server for loopback: the providers' stand-in (`replay`) and the console stand on it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "net/http.h"
#include "net/url.h"

namespace penstock::net {

struct ServerRequest {
  std::string method;
  std::string target;                 // as it came: path and query, encoded
  std::string path;                   // of the target, encoded
  std::vector<std::string> segments;  // of the path, decoded: "/a/%5EB/" is {"a", "^B", ""}
  QueryParams query;                  // decoded
  Headers headers;
  std::string body;
  std::string peer;  // the client's address, without port
};

struct ServerResponse {
  int status = 200;
  Headers headers;  // Content-Length and Connection are the server's; so is Date, unless it stands here
  std::string body;
  std::shared_ptr<const std::string> shared_body;  // instead of `body`, where many answers share one
  // Instead of both, a body that is not held in memory: `length` bytes, of which `read` gives exactly those
  // asked for. It is called on the server's I/O thread, in order, and must not block.
  struct Pieces {
    int64_t length = 0;
    std::function<std::string(int64_t offset, int64_t bytes)> read;
  };
  std::optional<Pieces> pieces;

  // Faults to order, for a stand-in.
  std::chrono::milliseconds delay{0};           // before the first byte
  std::optional<int64_t> reset_after_bytes;     // of the whole answer, head included; then a TCP reset
  std::optional<int64_t> truncate_after_bytes;  // of the body, with the whole one announced; then the end
  struct Drip {
    int64_t bytes_per_chunk = 1;
    std::chrono::milliseconds interval{100};
  };
  std::optional<Drip> drip;  // the body in pieces, a pause after each
};

// A JSON document on a line of its own.
ServerResponse JsonResponse(int status, const json::value& document);

// Called on one of `threads` threads; several at once.
using ServerHandler = std::function<ServerResponse(const ServerRequest&)>;

// Answers a request; once, from any thread, now or later, also when the server has gone meanwhile (then
// nobody hears it). The request whose last reply is dropped unused is answered with 500.
using ServerReply = std::function<void(ServerResponse)>;
// For handlers that wait for something: they need no thread meanwhile. Called as ServerHandler is.
using AsyncServerHandler = std::function<void(std::shared_ptr<ServerRequest>, ServerReply)>;

struct ServerOptions {
  std::string address = "127.0.0.1";  // or ::1; anything else is seen from outside this machine
  uint16_t port = 0;                  // 0: any free one
  int threads = 2;             // for the handler; the connections need one more, however many there are
  int max_connections = 1024;  // further ones wait until one ends
  int64_t max_header_bytes = 64 << 10;  // 431 above
  int64_t max_body_bytes = 8 << 20;     // 413 above
  // Of all requests together that are being read or answered, as far as they have come; 503 with Retry-After
  // above, where that can be before a body is read.
  int64_t max_bodies_bytes = 256 << 20;
  // A connection is closed when no whole head, then no whole body, came within this time, or when the client
  // takes nothing of an answer for as long: a slow sender holds no more than its connection.
  int64_t idle_timeout_ms = 30'000;
  int64_t stop_timeout_ms = 2'000;  // how long Stop lets answers finish
};

// Keep-alive, HEAD, Expect: 100-continue. No TLS. A handler that throws answers 500.
class HttpServer {
 public:
  // Usage: an address that is none. Unavailable: it cannot be bound (the port is taken).
  static Result<std::unique_ptr<HttpServer>> Start(ServerOptions options, ServerHandler handler);
  static Result<std::unique_ptr<HttpServer>> StartAsync(ServerOptions options, AsyncServerHandler handler);
  // Stops.
  ~HttpServer();

  uint16_t port() const;
  std::string origin() const;  // http://127.0.0.1:PORT
  // Since the start.
  int64_t connections_accepted() const;
  // Takes no more connections, lets running answers finish for stop_timeout_ms, closes the rest. Returns when
  // no handler runs.
  void Stop();

 private:
  class Impl;
  explicit HttpServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

// `target` of a request line, taken apart into path, segments and query. InvalidData: it does not begin with
// '/' (or http://), or has a broken %XX.
Status ParseTarget(std::string target, ServerRequest* request);

// The reason phrase of RFC 9110 section 15; "Status" for one without.
std::string_view ReasonPhrase(int status);
// The head of an answer up to and with the empty line.
std::string FormatResponseHead(const ServerResponse& response, int64_t content_length, bool keep_alive,
                               std::string_view date);

}  // namespace penstock::net
