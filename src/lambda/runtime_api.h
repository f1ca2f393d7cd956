// The Lambda Runtime API, for one child process. Source: AWS Lambda developer guide, "Using the Lambda
// runtime API" (2018-06-01); error types and answers as AWS's Runtime Interface Emulator has them.
//
//   GET  /2018-06-01/runtime/invocation/next          waits for an event
//   POST /2018-06-01/runtime/invocation/ID/response   the answer
//   POST /2018-06-01/runtime/invocation/ID/error      or the handler's error
//   POST /2018-06-01/runtime/init/error               instead of the first `next`
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/thread_annotations.h"
#include "lambda/function_failure.h"
#include "net/http_server.h"

namespace penstock::lambda {

// Lambda's own: 6 MiB and 100 bytes, of an event and of an answer.
inline constexpr size_t kMostPayload = (size_t{6} << 20) + 100;

struct Invocation {
  std::string request_id;   // a UUID
  std::string trace_id;     // Root=…;Parent=…;Sampled=0
  std::string arn;          // of the function
  int64_t deadline_ms = 0;  // epoch, by the machine's clock: the child compares it with its own
  std::string payload;      // JSON
};

// What the child has done. Called on the server's threads, never two at once, with no lock held.
struct RuntimeEvents {
  std::function<void()> on_first_next;
  std::function<void(const std::string& request_id, Result<std::string> answer)> on_answer;
  std::function<void(FunctionFailure)> on_init_error;
};

class RuntimeApi {
 public:
  // Listens on loopback, on a port of its own: the API knows its clients by nothing else.
  static Result<std::unique_ptr<RuntimeApi>> Start(RuntimeEvents events);
  ~RuntimeApi();

  // AWS_LAMBDA_RUNTIME_API.
  std::string address() const;
  // The next event; one at a time, the answer to the last is there.
  void Begin(Invocation invocation);
  // Answers what waits, and stops.
  void Stop();

 private:
  explicit RuntimeApi(RuntimeEvents events) : events_(std::move(events)) {}
  void Handle(net::ServerRequest& request, net::ServerReply reply);
  void Next(net::ServerReply reply);
  net::ServerResponse Answer(const std::string& id, net::ServerRequest& request, bool failed);

  const RuntimeEvents events_;
  std::mutex mutex_;
  net::ServerReply waiting_ GUARDED_BY(mutex_);          // of a child that waits for an event
  std::optional<Invocation> queued_ GUARDED_BY(mutex_);  // not fetched yet
  std::string running_ GUARDED_BY(mutex_);               // the fetched one's id, until it is answered
  bool initialized_ GUARDED_BY(mutex_) = false;
  std::unique_ptr<net::HttpServer> server_;  // last: its threads use the rest
};

}  // namespace penstock::lambda
