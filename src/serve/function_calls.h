// Functions that a plain URL call starts: GET /functions/NAME?key=value, answered in the shape of a Lambda
// behind a proxy. Source: Amazon API Gateway developer guide, "Output format of a Lambda function for proxy
// integration".
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/log.h"
#include "base/status.h"
#include "net/http_server.h"
#include "serve/call_threads.h"

namespace penstock::serve {

// `parameters` are texts. What it answers is the body; a failure becomes {"message", "advice"} with the HTTP
// status of its code.
using Function = std::function<Result<json::object>(const json::object& parameters, std::stop_token stop)>;

struct FunctionOptions {
  int most_running = 4;  // at once, of all functions; further calls: 429 with Retry-After
};

// Thread-safe. Answers {"statusCode", "headers", "isBase64Encoded", "body"}, the body a text of JSON, with
// statusCode as its HTTP status: 200 for what the function answers, or the number under "statusCode" there.
// 403: a page of another site called (Sec-Fetch-Site); 404: no such function; 405.
class FunctionCalls {
 public:
  FunctionCalls(std::map<std::string, Function> functions, Logger log, FunctionOptions options = {});
  // Stops.
  ~FunctionCalls();

  // Whether the path is one of functions.
  static bool IsCall(const net::ServerRequest& request);
  // Replies when the function has ended, on a thread of its own.
  void Answer(std::shared_ptr<net::ServerRequest> request, net::ServerReply reply);
  // Asks the running ones to stop, and waits for their replies. Further calls: 503.
  void Stop();

 private:
  void Run(const std::string& name, const net::ServerRequest& request, const net::ServerReply& reply);

  const std::map<std::string, Function> functions_;
  const Logger log_;
  const FunctionOptions options_;
  std::stop_source stop_;
  CallThreads threads_;  // last: its calls use the rest
};

}  // namespace penstock::serve
