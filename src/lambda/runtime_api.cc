#include "lambda/runtime_api.h"

#include <fmt/format.h>

#include <utility>

#include "base/json_text.h"

namespace penstock::lambda {
namespace {

// A body that is longer than an answer may be is still read up to here, so that its sender hears why not.
constexpr int64_t kMostRead = 16 << 20;
// Clients keep their connection while a handler works.
constexpr int64_t kIdleMs = 3'600'000;

net::ServerResponse Json(int status, const json::object& body) {
  net::ServerResponse response{.status = status};
  response.headers.Add("Content-Type", "application/json");
  response.body = JsonText(body);
  return response;
}

net::ServerResponse Refusal(int status, std::string_view type, std::string_view message) {
  return Json(status, {{"errorMessage", message}, {"errorType", type}});
}

net::ServerResponse Accepted() { return Json(202, {{"status", "OK"}}); }

net::ServerResponse EventResponse(Invocation invocation) {
  net::ServerResponse response;
  response.headers.Add("Content-Type", "application/json");
  response.headers.Add("Lambda-Runtime-Aws-Request-Id", invocation.request_id);
  response.headers.Add("Lambda-Runtime-Deadline-Ms", std::to_string(invocation.deadline_ms));
  response.headers.Add("Lambda-Runtime-Invoked-Function-Arn", invocation.arn);
  response.headers.Add("Lambda-Runtime-Trace-Id", invocation.trace_id);
  response.body = std::move(invocation.payload);
  return response;
}

std::string HeaderOf(const net::ServerRequest& request, std::string_view name) {
  const auto value = request.headers.Find(name);
  return value ? std::string(*value) : std::string();
}

}  // namespace

Result<std::unique_ptr<RuntimeApi>> RuntimeApi::Start(RuntimeEvents events) {
  std::unique_ptr<RuntimeApi> api(new RuntimeApi(std::move(events)));
  net::ServerOptions options;
  options.threads = 1;  // events come one after the other
  options.max_connections = 64;
  options.max_header_bytes = 2 << 20;  // an error's cause for X-Ray stands in a header, up to 1 MiB
  options.max_body_bytes = kMostRead;
  options.max_bodies_bytes = 4 * kMostRead;
  options.idle_timeout_ms = kIdleMs;
  options.stop_timeout_ms = 50;
  ASSIGN_OR_RETURN(
      api->server_,
      net::HttpServer::StartAsync(
          options, [raw = api.get()](const std::shared_ptr<net::ServerRequest>& request,
                                     net::ServerReply reply) { raw->Handle(*request, std::move(reply)); }));
  return api;
}

RuntimeApi::~RuntimeApi() { Stop(); }

std::string RuntimeApi::address() const { return fmt::format("127.0.0.1:{}", server_->port()); }

void RuntimeApi::Stop() {
  net::ServerReply waiting;
  {
    const std::lock_guard lock(mutex_);
    waiting = std::exchange(waiting_, nullptr);
  }
  if (waiting) waiting(Refusal(403, "InvalidStateTransition", "the function has been closed"));
  server_->Stop();
}

void RuntimeApi::Begin(Invocation invocation) {
  net::ServerReply waiting;
  {
    const std::lock_guard lock(mutex_);
    waiting = std::exchange(waiting_, nullptr);
    if (!waiting) {
      queued_ = std::move(invocation);
      return;
    }
    running_ = invocation.request_id;
  }
  waiting(EventResponse(std::move(invocation)));
}

void RuntimeApi::Next(net::ServerReply reply) {
  net::ServerReply older;
  std::optional<Invocation> event;
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    if (running_.empty()) {
      first = !std::exchange(initialized_, true);
      event = std::exchange(queued_, std::nullopt);
      if (event) {
        running_ = event->request_id;
      } else {
        // A client that gave up its connection and asks anew: the event must not go to the old one.
        older = std::exchange(waiting_, reply);
      }
    } else {
      older = std::move(reply);
    }
  }
  // Before the child can have answered anything.
  if (first) events_.on_first_next();
  if (event) reply(EventResponse(*std::move(event)));
  if (older) older(Refusal(403, "InvalidStateTransition", "another client of this function asked meanwhile"));
}

net::ServerResponse RuntimeApi::Answer(const std::string& id, net::ServerRequest& request, bool failed) {
  {
    const std::lock_guard lock(mutex_);
    if (running_.empty() || running_ != id) return Refusal(400, "InvalidRequestID", "Invalid request ID");
    running_.clear();
  }
  const std::string type = HeaderOf(request, "Lambda-Runtime-Function-Error-Type");
  // A streamed answer that broke off says so behind its body.
  if (failed || !type.empty()) {
    FunctionFailure failure = ReadErrorDocument(request.body, type);
    std::string text = fmt::format("{}: {}", failure.type, failure.message);
    events_.on_answer(id, MakeFunctionFailure(std::move(failure), std::move(text)));
    return Accepted();
  }
  if (request.body.size() > kMostPayload) {
    const std::string text =
        fmt::format("Response payload size ({} bytes) exceeded maximum allowed payload size ({} bytes).",
                    request.body.size(), kMostPayload);
    events_.on_answer(id,
                      MakeFunctionFailure({.kind = FunctionFailure::Kind::kTooLarge,
                                           .type = "Function.ResponseSizeTooLarge",
                                           .message = text},
                                          text, "let the handler answer less, or give it smaller events"));
    return Refusal(413, "RequestEntityTooLarge", text);
  }
  events_.on_answer(id, std::move(request.body));
  return Accepted();
}

void RuntimeApi::Handle(net::ServerRequest& request, net::ServerReply reply) {
  const auto& path = request.segments;
  const bool known = path.size() >= 4 && path[0] == "2018-06-01" && path[1] == "runtime";
  const bool get = request.method == "GET", post = request.method == "POST";
  if (known && path.size() == 4 && path[2] == "invocation" && path[3] == "next" && get) {
    return Next(std::move(reply));
  }
  if (known && path.size() == 5 && path[2] == "invocation" && post &&
      (path[4] == "response" || path[4] == "error")) {
    return reply(Answer(std::string(path[3]), request, path[4] == "error"));
  }
  if (known && path.size() == 4 && path[2] == "init" && path[3] == "error" && post) {
    bool late = false;
    {
      const std::lock_guard lock(mutex_);
      late = initialized_;
    }
    if (late) return reply(Refusal(403, "InvalidStateTransition", "the function has been initialized"));
    FunctionFailure failure =
        ReadErrorDocument(request.body, HeaderOf(request, "Lambda-Runtime-Function-Error-Type"));
    failure.kind = FunctionFailure::Kind::kInit;
    events_.on_init_error(std::move(failure));
    return reply(Accepted());
  }
  reply(Refusal(404, "ResourceNotFound", "not a part of the Lambda Runtime API 2018-06-01"));
}

}  // namespace penstock::lambda
