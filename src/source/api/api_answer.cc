#include "source/api/api_answer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/utf8.h"
#include "source/page_guard.h"

namespace penstock::source {
namespace {

constexpr size_t kMaxErrorBytes = 16 << 10;
constexpr size_t kMaxWords = 300;
constexpr int kMaxNesting = 4;

constexpr std::string_view kSpaces = " \t\r\n";

std::string_view Trimmed(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  text.remove_prefix(std::min(text.find_first_not_of(kSpaces), text.size()));
  return text.substr(0, text.find_last_not_of(kSpaces) + 1);
}

// One line, printable, not too long.
std::string Shown(std::string_view text) {
  std::string out;
  for (const char c : ReplaceInvalidUtf8(Trimmed(text).substr(0, kMaxWords))) {
    const bool control = static_cast<unsigned char>(c) < ' ' || c == 127;
    if (!control) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

bool SaysSomething(const json::value& value) {
  if (const auto* text = value.if_string()) return !text->empty();
  if (const auto* array = value.if_array()) return !array->empty();
  if (const auto* object = value.if_object()) return !object->empty();
  return !value.is_null() && value != json::value(false) && value != json::value(0);
}

std::string WordsOf(const json::value& value, int depth) {
  if (depth > kMaxNesting) return "";
  if (const auto* text = value.if_string()) return std::string(*text);
  if (const auto* array = value.if_array()) return array->empty() ? "" : WordsOf(array->front(), depth + 1);
  const auto* object = value.if_object();
  if (object == nullptr) return depth == 0 || !SaysSomething(value) ? "" : ToJson(value);
  // RFC 9457 has title and detail; the others are what APIs have made up.
  for (const char* key : {"error", "errors", "Error Message", "Error", "detail", "message", "Message", "msg",
                          "description", "error_description", "title", "reason"}) {
    const json::value* member = object->if_contains(key);
    if (member == nullptr || !SaysSomething(*member)) continue;
    std::string words = WordsOf(*member, depth + 1);
    // {"error": true, "message": "…"}, {"error": 17, "message": "…"}
    if (member->is_bool() || member->is_number()) {
      json::object rest = *object;
      rest.erase(key);
      const std::string more = WordsOf(rest, depth);
      if (!more.empty()) words = more;
    }
    if (!words.empty()) return words;
  }
  return "";
}

std::string TitleOf(std::string_view page) {
  for (const char* tag : {"<title>", "<TITLE>", "<h1>", "<H1>"}) {
    const size_t begin = page.find(tag);
    if (begin == std::string_view::npos) continue;
    const std::string_view rest = page.substr(begin + std::string_view(tag).size());
    const size_t end = rest.find('<');
    if (end != std::string_view::npos && end > 0) return std::string(rest.substr(0, end));
  }
  return "";
}

}  // namespace

std::string ErrorWords(std::string_view body) {
  body = Trimmed(body.substr(0, kMaxErrorBytes));
  if (body.empty()) return "";
  if (body.front() == '<') return Shown(TitleOf(body));
  if (body.front() == '{' || body.front() == '[' || body.front() == '"') {
    const auto value = ParseJson(body);
    if (value.ok()) {
      return Shown(value->is_string() ? std::string_view(value->get_string())
                                      : std::string_view(WordsOf(*value, 0)));
    }
    if (body.front() != '"') return "";
  }
  return Shown(body.substr(0, body.find_first_of("\r\n")));
}

bool IsErrorObject(std::string_view body) {
  body = Trimmed(body);
  if (body.size() > kMaxErrorBytes || !body.starts_with('{')) return false;
  const auto value = ParseJson(body);
  if (!value.ok()) return false;
  const json::object& object = value->get_object();
  for (const char* key : {"error", "errors", "Error Message"}) {
    const json::value* member = object.if_contains(key);
    if (member != nullptr && SaysSomething(*member)) return true;
  }
  const auto is_code = [](std::string_view key) {
    return key == "code" || key == "status" || key == "statusCode";
  };
  return object.contains("message") && std::all_of(object.begin(), object.end(), [&](const auto& member) {
           return member.key() == "message" || is_code(member.key());
         });
}

std::string ExtensionOf(const net::HttpResponse& response, std::string_view format) {
  if (format != "auto") return std::string(format);
  const std::string type = response.headers.Find("Content-Type").value_or("");
  if (type.find("csv") != std::string::npos) return "csv";
  if (type.find("json") != std::string::npos) return "json";
  const std::string_view body = Trimmed(response.body);
  return body.empty() || body.front() == '[' || body.front() == '{' ? "json" : "csv";
}

Status WithWords(const Status& status, std::string_view words) {
  if (status.ok() || words.empty()) return status;
  const ErrorDetail* detail = DetailOf(status);
  const std::string message = fmt::format("{}: \"{}\"", status.message(), words);
  return detail == nullptr ? MakeError(CodeOf(status), message)
                           : MakeError(std::make_shared<ErrorDetail>(*detail), message);
}

Status JudgeAnswer(const net::HttpResponse& response, std::string_view extension, std::string_view masked_url,
                   TimePoint now) {
  const Status by_status = net::ToStatus(response, masked_url, now);
  if (!by_status.ok()) return WithWords(by_status, ErrorWords(response.body));
  RETURN_IF_ERROR(WithWords(CheckIsNoPage(response, masked_url), ErrorWords(response.body)));
  const auto refused = [&] {
    return WithWords(
        MakeError(ErrorCode::kRejectedByProvider,
                  fmt::format("{} answered an error with status {}", masked_url, response.status),
                  "read the provider's answer; the same request will be refused again"),
        ErrorWords(response.body));
  };
  if (IsErrorObject(response.body)) return refused();
  const std::string_view body = Trimmed(response.body);
  const std::string_view line = body.substr(0, body.find_first_of("\r\n"));
  // Errors are sentences. In JSON no word begins with a letter but true, false and null.
  const bool sentence =
      line.find(' ') != std::string_view::npos && line.find_first_of(",;\t") == std::string_view::npos;
  if (extension == "csv" && sentence && line.size() == body.size()) return refused();
  const bool letter =
      !body.empty() && ((body[0] >= 'a' && body[0] <= 'z') || (body[0] >= 'A' && body[0] <= 'Z'));
  if (extension == "json" && letter && body != "true" && body != "false" && body != "null") return refused();
  return Status::OK();
}

}  // namespace penstock::source
