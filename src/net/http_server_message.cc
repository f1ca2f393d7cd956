// What of the server is text only: request targets and response heads.
#include <fmt/format.h>

#include <algorithm>

#include "base/json_text.h"
#include "net/http_server.h"

namespace penstock::net {

Status ParseTarget(std::string target, ServerRequest* request) {
  std::string_view text = target;
  if (text.starts_with(
          "http://")) {  // the absolute form that clients of a proxy send, RFC 9112 section 3.2.2
    text.remove_prefix(7);
    text.remove_prefix(std::min(text.find('/'), text.size()));
  }
  if (text.empty() || text.front() != '/') {
    return MakeError(ErrorCode::kInvalidData, "a request target that is not a path");
  }
  const size_t mark = std::min(text.find('?'), text.size());
  request->path = text.substr(0, mark);
  request->segments.clear();
  for (size_t begin = 1; begin <= request->path.size();) {
    const size_t end = std::min(request->path.find('/', begin), request->path.size());
    ASSIGN_OR_RETURN(std::string segment,
                     PercentDecode(std::string_view(request->path).substr(begin, end - begin)));
    request->segments.push_back(std::move(segment));
    begin = end + 1;
  }
  request->query.clear();
  if (mark < text.size()) {
    ASSIGN_OR_RETURN(request->query, ParseQuery(text.substr(mark + 1)));
  }
  request->target = std::move(target);
  return Status::OK();
}

ServerResponse JsonResponse(int status, const json::value& document) {
  ServerResponse response;
  response.status = status;
  response.headers.Add("Content-Type", "application/json");
  response.body = JsonText(document) + "\n";
  return response;
}

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 416: return "Range Not Satisfiable";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Status";
  }
}

std::string FormatResponseHead(const ServerResponse& response, int64_t content_length, bool keep_alive,
                               std::string_view date) {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", response.status, ReasonPhrase(response.status));
  if (!response.headers.Find("Date")) head += fmt::format("Date: {}\r\n", date);
  for (const auto& [name, value] : response.headers.fields()) {
    // A line break in a value would let it write further fields.
    std::string line = fmt::format("{}: {}", name, value);
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
    head += line + "\r\n";
  }
  // RFC 9110 section 8.6: not with 1xx and 204.
  if (response.status >= 200 && response.status != 204)
    head += fmt::format("Content-Length: {}\r\n", content_length);
  head += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return head;
}

}  // namespace penstock::net
