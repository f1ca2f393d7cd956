#include "serve/function_calls.h"

#include <fmt/format.h>

#include "base/json_text.h"
#include "base/spelling.h"
#include "base/utf8.h"

namespace penstock::serve {
namespace {

constexpr std::string_view kStatusCode = "statusCode";

net::ServerResponse Proxy(int status, json::value body) {
  const json::object answer{{kStatusCode, status},
                            {"headers", json::object{{"Content-Type", "application/json"}}},
                            {"isBase64Encoded", false},
                            {"body", JsonText(body)}};
  net::ServerResponse response;
  response.status = status;
  response.headers.Add("Content-Type", "application/json");
  response.body = JsonText(json::value(answer)) + "\n";
  return response;
}

net::ServerResponse Refusal(int status, const std::string& message, const std::string& advice = "") {
  json::object body{{"message", message}};
  if (!advice.empty()) body["advice"] = advice;
  return Proxy(status, std::move(body));
}

Result<json::object> ParametersOf(const net::ServerRequest& request) {
  json::object parameters;
  for (const auto& [key, value] : request.query) {
    if (!IsUtf8(key) || !IsUtf8(value)) return MakeError(ErrorCode::kUsage, "a parameter is not UTF-8");
    if (parameters.contains(key))
      return MakeError(ErrorCode::kUsage, fmt::format("the parameter {} stands twice", key));
    parameters[key] = value;
  }
  return parameters;
}

net::ServerResponse AnswerOf(const Result<json::object>& result) {
  if (!result.ok()) {
    return Refusal(InfoOf(CodeOf(result.status())).http_status, result.status().message(),
                   AdviceOf(result.status()));
  }
  json::object body = *result;
  int status = 200;
  if (const auto* own = body.if_contains(kStatusCode); own != nullptr && own->is_int64()) {
    status = static_cast<int>(own->get_int64());
    body.erase(kStatusCode);
  }
  return Proxy(status, std::move(body));
}

}  // namespace

FunctionCalls::FunctionCalls(std::map<std::string, Function> functions, Logger log, FunctionOptions options)
    : functions_(std::move(functions)),
      log_(std::move(log)),
      options_(options),
      threads_(options.most_running) {}

FunctionCalls::~FunctionCalls() { Stop(); }

bool FunctionCalls::IsCall(const net::ServerRequest& request) {
  return request.segments.size() == 2 && request.segments[0] == "functions";
}

void FunctionCalls::Answer(std::shared_ptr<net::ServerRequest> request, net::ServerReply reply) {
  const std::string name = request->segments.size() == 2 ? request->segments[1] : "";
  if (!functions_.contains(name)) {
    std::vector<std::string> known;
    for (const auto& [one, function] : functions_) known.push_back(one);
    return reply(Refusal(404, fmt::format("no function of this name: {}{}", name, DidYouMean(name, known)),
                         "functions are those of the pipelines that `penstock serve` was started with"));
  }
  if (request->method != "GET" && request->method != "POST") {
    auto refused =
        Refusal(405, fmt::format("a function is called by GET or POST, not by {}", request->method));
    refused.headers.Add("Allow", "GET, POST");
    return reply(std::move(refused));
  }
  // A page elsewhere that makes a browser of this machine call: Fetch Metadata, "The Sec-Fetch-Site header".
  const std::string site = request->headers.Find("Sec-Fetch-Site").value_or("none");
  if (site != "none" && site != "same-origin") {
    return reply(Refusal(403, "called by a page of another site"));
  }
  switch (threads_.Run([this, name, request, reply] { Run(name, *request, reply); })) {
    case CallThreads::Taken::kYes: return;
    case CallThreads::Taken::kClosed: return reply(Refusal(503, "the server is about to stop"));
    case CallThreads::Taken::kBusy: break;
  }
  auto busy = Refusal(429, fmt::format("{} calls are under way", options_.most_running),
                      "call again when one has ended");
  busy.headers.Add("Retry-After", "5");
  reply(std::move(busy));
}

void FunctionCalls::Run(const std::string& name, const net::ServerRequest& request,
                        const net::ServerReply& reply) {
  const auto parameters = ParametersOf(request);
  const auto result =
      parameters.ok() ? functions_.at(name)(*parameters, stop_.get_token()) : parameters.status();
  if (!result.ok()) {
    log_.Warning("function_failed", {{"function", name},
                                     {"error", NameOf(CodeOf(result.status()))},
                                     {"cause", result.status().message()}});
  }
  reply(AnswerOf(result));
}

void FunctionCalls::Stop() {
  stop_.request_stop();
  threads_.Close();
}

}  // namespace penstock::serve
