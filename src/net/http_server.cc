#include "net/http_server.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "base/clock.h"

namespace penstock::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using std::chrono::milliseconds;

// A body that takes memory as it comes, not as its sender announces it.
struct ComingBody {
  using value_type = std::string;
  class reader {
   public:
    template <bool isRequest, class Fields>
    reader(http::header<isRequest, Fields>&, value_type& body) : body_(body) {}
    void init(const boost::optional<std::uint64_t>& length, error_code& error) {
      constexpr std::uint64_t kAtOnce = 256 << 10;
      if (length) body_.reserve(static_cast<size_t>(std::min(*length, kAtOnce)));
      error = {};
    }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, error_code& error) {
      const std::size_t before = body_.size();
      for (const auto buffer : beast::buffers_range_ref(buffers)) {
        body_.append(static_cast<const char*>(buffer.data()), buffer.size());
      }
      error = {};
      return body_.size() - before;
    }
    void finish(error_code& error) { error = {}; }

   private:
    value_type& body_;
  };
};

// What the connections need of the server. Everything but `pool` and `handler` is used on the one I/O thread.
struct Shared {
  ServerOptions options;
  AsyncServerHandler handler;
  bool stopping = false;
  std::unordered_set<class Session*> sessions;
  // Whose request is with the handler, by the number of the request.
  std::unordered_map<uint64_t, std::shared_ptr<class Session>> waiting;
  uint64_t requests = 0;
  int64_t bodies_bytes = 0;
  std::function<ServerReply(uint64_t request)> make_reply;
  std::function<void()> on_session_end;
  // Last, so that they end first: sessions live in what these two have queued.
  asio::io_context io{1};
  asio::thread_pool pool;

  explicit Shared(int threads) : pool(static_cast<size_t>(threads)) {}
};

// One connection. Keeps itself alive by the operation that is under way; all of it runs on the I/O thread but
// for the handler.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, Shared& shared)
      : shared_(shared), stream_(std::move(socket)), timer_(shared.io), buffer_(kMostBuffered) {
    error_code error;
    stream_.socket().set_option(tcp::no_delay(true), error);
    const auto peer = stream_.socket().remote_endpoint(error);
    if (!error) peer_ = peer.address().to_string();
    shared_.sessions.insert(this);
  }
  ~Session() {
    ReleaseBody();
    shared_.sessions.erase(this);
    if (shared_.on_session_end) shared_.on_session_end();
  }

  void ReadHead() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(shared_.options.max_header_bytes));
    parser_->body_limit(static_cast<std::uint64_t>(shared_.options.max_body_bytes));
    idle_ = true;
    if (shared_.stopping) return Close();
    // Beast reads as much at once as the buffer has room for, and half a KiB where it has none.
    if (buffer_.size() == 0 && buffer_.capacity() > kHeadRoom) buffer_.shrink_to_fit();
    buffer_.reserve(kHeadRoom);
    ExpectWithin(shared_.options.idle_timeout_ms);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](error_code error, size_t) { self->OnHead(error); });
  }

  // The server stops: at once when nothing is being answered, otherwise behind the answer.
  void OnStop() {
    if (idle_) Close();
  }
  void Close() {
    error_code error;
    timer_.cancel();
    stream_.socket().close(error);
  }
  // The handler's.
  void OnReply(ServerResponse response) {
    response_ = std::move(response);
    Answer();
  }

 private:
  static constexpr size_t kMostBuffered = 1 << 20;
  static constexpr size_t kChunk = 256 << 10;
  static constexpr size_t kHeadRoom = 2 << 10;  // also of a connection that is idle
  static constexpr size_t kBodyRoom = 64 << 10;

  void ExpectWithin(int64_t ms) { stream_.expires_after(milliseconds(ms)); }

  void OnHead(error_code error) {
    idle_ = false;
    if (error) return OnReadError(error);
    if (IsTooMuch()) return Refuse(503);
    if (beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
      out_ = "HTTP/1.1 100 Continue\r\n\r\n";
      asio::async_write(stream_, asio::buffer(out_), [self = shared_from_this()](error_code failed, size_t) {
        failed ? self->Close() : self->ReadBody();
      });
    } else {
      ReadBody();
    }
  }

  // Whether the body cannot come in whole beside those that are there. Only what has come counts: who
  // announces much and sends nothing takes nothing from others.
  bool IsTooMuch() const {
    const auto announced = parser_->is_done() ? 0 : parser_->content_length().value_or(0);
    return static_cast<uint64_t>(shared_.bodies_bytes) + announced >
           static_cast<uint64_t>(shared_.options.max_bodies_bytes);
  }
  bool CountBody() {
    const auto bytes = static_cast<int64_t>(parser_->get().body().size());
    shared_.bodies_bytes += bytes - std::exchange(body_bytes_, bytes);
    return shared_.bodies_bytes <= shared_.options.max_bodies_bytes;
  }
  void ReleaseBody() { shared_.bodies_bytes -= std::exchange(body_bytes_, 0); }

  void ReadBody() {
    if (parser_->is_done()) return OnBody();
    ExpectWithin(shared_.options.idle_timeout_ms);
    // A client that sends head and body apart may wait for the head's acknowledgement (Nagle's algorithm),
    // which the kernel would delay by 40 ms.
    const int now = 1;
    ::setsockopt(stream_.socket().native_handle(), IPPROTO_TCP, TCP_QUICKACK, &now, sizeof now);
    buffer_.reserve(static_cast<size_t>(
        std::min<uint64_t>(parser_->content_length_remaining().value_or(kBodyRoom), kBodyRoom)));
    ReadPiece();
  }

  void ReadPiece() {
    http::async_read_some(stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, size_t) {
      if (error) return self->OnReadError(error);
      if (!self->CountBody()) return self->Refuse(503);
      self->parser_->is_done() ? self->OnBody() : self->ReadPiece();
    });
  }

  void OnReadError(error_code error) {
    int status = 0;
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
      status = 431;
    else if (error == http::error::body_limit)
      status = 413;
    else if (error.category() == http::make_error_code(http::error::bad_method).category() &&
             error != http::error::end_of_stream && error != http::error::partial_message) {
      status = 400;
    }
    if (status == 0) return Close();  // gone, silent for too long, or cut off
    Refuse(status);
  }

  // An answer after which the connection ends, for the rest of the request cannot be trusted.
  void Refuse(int status) {
    keep_alive_ = false;
    head_only_ = false;
    response_ = ServerResponse{.status = status};
    response_.body = status == 413 ? fmt::format("a request's body has at most {} bytes here\n",
                                                 shared_.options.max_body_bytes)
                                   : std::string(ReasonPhrase(status)) + "\n";
    if (status == 503) response_.headers.Add("Retry-After", "1");
    Answer();
  }

  void OnBody() {
    auto message = parser_->release();
    keep_alive_ = message.keep_alive();
    head_only_ = message.method() == http::verb::head;
    auto request = std::make_shared<ServerRequest>();
    request->method = std::string(message.method_string());
    request->peer = peer_;
    request->body = std::move(message.body());
    for (const auto& field : message) {
      request->headers.Add(std::string(field.name_string()), std::string(field.value()));
    }
    if (!ParseTarget(std::string(message.target()), request.get()).ok()) return Refuse(400);
    const uint64_t number = ++shared_.requests;
    shared_.waiting.emplace(number, shared_from_this());
    stream_.expires_never();
    asio::post(shared_.pool, [&shared = shared_, request, number]() mutable {
      const ServerReply reply = shared.make_reply(number);
      try {
        shared.handler(std::move(request), reply);
      } catch (...) {
        reply(ServerResponse{.status = 500});
      }
    });
  }

  const std::string& body() const { return response_.shared_body ? *response_.shared_body : response_.body; }
  size_t body_size() const {
    return response_.pieces ? static_cast<size_t>(response_.pieces->length) : body().size();
  }

  void Answer() {
    ReleaseBody();
    if (!stream_.socket().is_open()) return;  // the server stopped meanwhile
    if (response_.delay.count() > 0) {
      const auto delay = std::exchange(response_.delay, milliseconds(0));
      return After(delay, [](Session& self) { self.Answer(); });
    }
    if (shared_.stopping || response_.truncate_after_bytes || response_.reset_after_bytes)
      keep_alive_ = false;
    out_ = FormatResponseHead(response_, static_cast<int64_t>(body_size()), keep_alive_, Now());
    sent_ = 0;
    last_ = head_only_ || response_.status == 204 || response_.status == 304 ? 0 : body_size();
    if (response_.truncate_after_bytes)
      last_ = std::min(last_, static_cast<size_t>(*response_.truncate_after_bytes));
    if (response_.reset_after_bytes) {
      const auto most = static_cast<size_t>(*response_.reset_after_bytes);
      last_ = std::min(last_, most - std::min(most, out_.size()));
      out_.resize(std::min(out_.size(), most));
    }
    WritePiece();
  }

  // The head with the first piece of the body, then one piece after the other.
  void WritePiece() {
    const size_t most =
        response_.drip ? static_cast<size_t>(std::max<int64_t>(1, response_.drip->bytes_per_chunk)) : kChunk;
    const size_t piece = std::min(most, last_ - sent_);
    if (response_.pieces && piece > 0) {
      read_ = response_.pieces->read(static_cast<int64_t>(sent_), static_cast<int64_t>(piece));
      if (read_.size() != piece) return Close();
    }
    const char* from = response_.pieces ? read_.data() : body().data() + sent_;
    const std::array<asio::const_buffer, 2> buffers{asio::buffer(out_), asio::buffer(from, piece)};
    ExpectWithin(shared_.options.idle_timeout_ms);
    asio::async_write(stream_, buffers, [self = shared_from_this(), piece](error_code error, size_t) {
      if (error) return self->Close();
      self->out_.clear();
      self->sent_ += piece;
      if (self->sent_ >= self->last_) return self->OnAnswered();
      if (!self->response_.drip) return self->WritePiece();
      self->After(self->response_.drip->interval, [](Session& session) { session.WritePiece(); });
    });
  }

  void OnAnswered() {
    error_code error;
    if (response_.reset_after_bytes) {
      stream_.socket().set_option(asio::socket_base::linger(true, 0), error);
      return Close();
    }
    response_ = ServerResponse();
    if (keep_alive_) return ReadHead();
    // What the client still sends is read for a while: closing with unread bytes would reset the connection,
    // and could take the answer from the client's hands (RFC 9112 section 9.6).
    stream_.socket().shutdown(tcp::socket::shutdown_send, error);
    if (shared_.stopping) return Close();
    ExpectWithin(std::min<int64_t>(2'000, shared_.options.idle_timeout_ms));
    Drain(64 << 20);
  }

  void Drain(size_t most) {
    idle_ = true;
    drained_.resize(64 << 10);
    stream_.async_read_some(asio::buffer(drained_),
                            [self = shared_from_this(), most](error_code error, size_t read) {
                              if (error || read >= most) return self->Close();
                              self->Drain(most - read);
                            });
  }

  template <typename Next>
  void After(milliseconds span, Next next) {
    timer_.expires_after(span);
    timer_.async_wait([self = shared_from_this(), next](error_code error) {
      if (!error && self->stream_.socket().is_open()) next(*self);
    });
  }

  static std::string Now() { return FormatHttpDate(SystemClock().Now()); }

  Shared& shared_;
  beast::tcp_stream stream_;
  asio::steady_timer timer_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<ComingBody>> parser_;
  std::string peer_;
  bool idle_ = false;  // waits for a request, or only for the client's end
  bool keep_alive_ = false;
  bool head_only_ = false;
  int64_t body_bytes_ = 0;  // of shared_.bodies_bytes
  ServerResponse response_;
  std::string out_;   // the head, until it is sent
  std::string read_;  // the piece that is being sent, of a body in pieces
  size_t sent_ = 0;   // of the body
  size_t last_ = 0;   // how much of the body is sent at all
  std::string drained_;
};

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<HttpServer::Impl> {
 public:
  Impl(ServerOptions options, AsyncServerHandler handler)
      : shared_(options.threads),
        work_(shared_.io.get_executor()),
        acceptor_(shared_.io),
        stop_timer_(shared_.io) {
    shared_.options = std::move(options);
    shared_.handler = std::move(handler);
    shared_.on_session_end = [this] {
      if (!accepting_ && !shared_.stopping) Accept();
      if (shared_.stopping && shared_.sessions.empty()) stop_timer_.cancel();
    };
    shared_.make_reply = [this](uint64_t number) {
      auto once = std::make_shared<OneReply>(weak_from_this(), number);
      return [once](ServerResponse response) { once->Send(std::move(response)); };
    };
  }

  Status Listen() {
    error_code error;
    const auto address = asio::ip::make_address(shared_.options.address, error);
    if (error) {
      return MakeError(ErrorCode::kUsage, "not an IP address to listen on: " + shared_.options.address,
                       "use 127.0.0.1 or ::1");
    }
    const tcp::endpoint endpoint(address, shared_.options.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return MakeError(ErrorCode::kUnavailable,
                       fmt::format("cannot listen on {} port {}: {}", shared_.options.address,
                                   shared_.options.port, error.message()),
                       "choose another port, or 0 for any free one");
    }
    port_ = acceptor_.local_endpoint(error).port();
    Accept();
    thread_ = std::thread([this] { shared_.io.run(); });
    return Status::OK();
  }

  void Stop() {
    std::call_once(stopped_, [this] {
      if (!thread_.joinable()) return;
      asio::post(shared_.io, [this] { BeginStop(); });
      thread_.join();
      shared_.pool.join();
      // What a late handler posted, and with it the last connections.
      shared_.io.restart();
      shared_.io.poll();
      shared_.on_session_end = nullptr;
    });
  }

  uint16_t port() const { return port_; }
  const std::string& address() const { return shared_.options.address; }
  int64_t accepted() const { return accepted_; }

 private:
  void Accept() {
    accepting_ = true;
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      accepting_ = false;
      if (shared_.stopping || error == asio::error::operation_aborted) return;
      if (!error) {
        ++accepted_;
        std::make_shared<Session>(std::move(socket), shared_)->ReadHead();
      } else {
        // Out of descriptors, most likely: not again at once.
        stop_timer_.expires_after(milliseconds(50));
        return stop_timer_.async_wait([this](error_code) {
          if (!accepting_ && !shared_.stopping) Accept();
        });
      }
      if (!accepting_ && shared_.sessions.size() < static_cast<size_t>(shared_.options.max_connections))
        Accept();
    });
  }

  void BeginStop() {
    shared_.stopping = true;
    work_.reset();
    error_code error;
    acceptor_.close(error);
    const std::vector<Session*> sessions(shared_.sessions.begin(), shared_.sessions.end());
    for (Session* session : sessions) session->OnStop();
    stop_timer_.expires_after(milliseconds(shared_.sessions.empty() ? 0 : shared_.options.stop_timeout_ms));
    stop_timer_.async_wait([this](error_code) {
      const std::vector<Session*> left(shared_.sessions.begin(), shared_.sessions.end());
      for (Session* session : left) session->Close();
      std::exchange(shared_.waiting, {}).clear();
    });
  }

  void Deliver(uint64_t number, ServerResponse response) {
    const auto found = shared_.waiting.find(number);
    if (found == shared_.waiting.end()) return;  // the server stopped meanwhile
    const auto session = std::move(found->second);
    shared_.waiting.erase(found);
    session->OnReply(std::move(response));
  }

  // The reply to one request, wherever it is kept.
  class OneReply {
   public:
    OneReply(std::weak_ptr<Impl> server, uint64_t number) : server_(std::move(server)), number_(number) {}
    OneReply(const OneReply&) = delete;
    ~OneReply() { Send(ServerResponse{.status = 500}); }
    void Send(ServerResponse response) {
      if (sent_.exchange(true)) return;
      const auto server = server_.lock();
      if (server == nullptr) return;
      asio::post(server->shared_.io,
                 [impl = server.get(), number = number_, response = std::move(response)]() mutable {
                   impl->Deliver(number, std::move(response));
                 });
    }

   private:
    const std::weak_ptr<Impl> server_;
    const uint64_t number_;
    std::atomic<bool> sent_{false};
  };

  Shared shared_;
  // Keeps the I/O thread while all connections are in handlers.
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  tcp::acceptor acceptor_;
  asio::steady_timer stop_timer_;
  bool accepting_ = false;
  std::atomic<int64_t> accepted_{0};
  uint16_t port_ = 0;
  std::once_flag stopped_;
  std::thread thread_;
};

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() { Stop(); }

Result<std::unique_ptr<HttpServer>> HttpServer::Start(ServerOptions options, ServerHandler handler) {
  return StartAsync(std::move(options),
                    [handler = std::move(handler)](const std::shared_ptr<ServerRequest>& request,
                                                   const ServerReply& reply) { reply(handler(*request)); });
}

Result<std::unique_ptr<HttpServer>> HttpServer::StartAsync(ServerOptions options,
                                                           AsyncServerHandler handler) {
  if (options.threads < 1 || options.max_connections < 1) {
    return MakeError(ErrorCode::kUsage, "a server needs at least one thread and one connection");
  }
  auto impl = std::make_shared<Impl>(std::move(options), std::move(handler));
  RETURN_IF_ERROR(impl->Listen());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

uint16_t HttpServer::port() const { return impl_->port(); }
std::string HttpServer::origin() const {
  const bool six = impl_->address().find(':') != std::string::npos;
  return fmt::format(fmt::runtime(six ? "http://[{}]:{}" : "http://{}:{}"), impl_->address(), port());
}
int64_t HttpServer::connections_accepted() const { return impl_->accepted(); }
void HttpServer::Stop() { impl_->Stop(); }

}  // namespace penstock::net
