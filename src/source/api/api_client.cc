#include "source/api/api_client.h"

#include <fmt/format.h>
#include <nettle/base64.h>

#include <algorithm>
#include <cstdlib>

#include "base/clock.h"
#include "net/answer_detail.h"
#include "source/api/api_answer.h"
#include "source/opened_body.h"

namespace penstock::source {
namespace {

constexpr size_t kMaxSecretBytes = 8192;
constexpr size_t kMinScrubbed = 4;  // shorter ones are words

std::string Base64(std::string_view text) {
  std::string out(BASE64_ENCODE_RAW_LENGTH(text.size()), '\0');
  base64_encode_raw(out.data(), text.size(), reinterpret_cast<const uint8_t*>(text.data()));
  return out;
}

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

}  // namespace

std::string ValueOf(const SourceParts& parts, const std::string& variable) {
  if (parts.environment) return parts.environment(variable.c_str());
  const char* value = std::getenv(variable.c_str());
  return value == nullptr ? "" : value;
}

Result<ApiClient> ApiClient::Make(const ApiAuth& auth, const Pairs& headers, const Pairs& query,
                                  std::string_view url, const SourceParts& parts) {
  ASSIGN_OR_RETURN(const net::Url target, net::ParseUrl(url));
  ApiClient client(parts);
  client.loopback_ = net::IsLoopback(target.host);
  std::vector<std::string> faults;
  for (const auto& [name, value] : headers) {
    bool complete = true;
    std::string filled = client.Fill(value, &faults, &complete);
    if (complete) client.headers_.Add(name, std::move(filled));
  }
  for (const auto& [name, value] : query) {
    if (value.find("${") == std::string::npos) continue;
    bool complete = true;
    std::string filled = client.Fill(value, &faults, &complete);
    if (complete) client.secret_query_.emplace_back(name, std::move(filled));
  }
  client.AddAuth(auth, &faults);
  if (faults.empty() && !client.secrets_.empty() && target.scheme == "http" && !client.loopback_) {
    faults.push_back(
        fmt::format("{}: expected https, for the secret would travel in the open", target.Origin()));
  }
  if (faults.empty()) return client;
  return MakeError(ErrorCode::kConfiguration, fmt::format("{}", fmt::join(faults, "\n")),
                   "export these variables where Penstock runs; they stand in no file");
}

std::string ApiClient::Secret(const std::string& variable, std::vector<std::string>* faults, bool* complete) {
  std::string value = ValueOf(parts_, variable);
  if (value.empty()) {
    *complete = false;
    if (!loopback_) faults->push_back(fmt::format("the environment variable {} is not set", variable));
    return "";
  }
  if (value.size() > kMaxSecretBytes || !IsPrintable(value)) {
    *complete = false;
    faults->push_back(fmt::format(
        "the environment variable {} holds something else than a key (a space, a line break, an odd byte)",
        variable));
    return "";
  }
  for (const std::string& form : {value, net::PercentEncode(value)}) {
    if (form.size() >= kMinScrubbed) secrets_.push_back(form);
  }
  return value;
}

std::string ApiClient::Fill(std::string_view text, std::vector<std::string>* faults, bool* complete) {
  std::string out;
  while (true) {
    const size_t begin = text.find("${");
    const size_t end = begin == std::string_view::npos ? begin : text.find('}', begin);
    out += text.substr(0, end == std::string_view::npos ? end : begin);
    if (end == std::string_view::npos) return out;
    out += Secret(std::string(text.substr(begin + 2, end - begin - 2)), faults, complete);
    text.remove_prefix(end + 1);
  }
}

void ApiClient::AddAuth(const ApiAuth& auth, std::vector<std::string>* faults) {
  if (auth.kind == ApiAuth::Kind::kNone) return;
  bool complete = true;
  const std::string secret = Secret(auth.variable, faults, &complete);
  if (!complete) return;
  switch (auth.kind) {
    case ApiAuth::Kind::kBearer: headers_.Add("Authorization", "Bearer " + secret); break;
    case ApiAuth::Kind::kBasic: {
      const std::string pair = Base64(auth.user + ":" + secret);
      secrets_.push_back(pair);
      headers_.Add("Authorization", "Basic " + pair);
      break;
    }
    case ApiAuth::Kind::kHeader: headers_.Add(auth.name, secret); break;
    case ApiAuth::Kind::kQuery: secret_query_.emplace_back(auth.name, secret); break;
    case ApiAuth::Kind::kNone: break;
  }
}

std::string ApiClient::Scrub(std::string text) const {
  for (const std::string& secret : secrets_) {
    for (size_t at = text.find(secret); at != std::string::npos; at = text.find(secret)) {
      text.replace(at, secret.size(), "…");
    }
  }
  return text;
}

Result<ApiReply> ApiClient::Send(std::string_view method, std::string_view url, std::string body,
                                 std::string_view format, std::stop_token stop) const {
  if (parts_.client == nullptr)
    return MakeError(ErrorCode::kUsage, "this source was made without an HTTP client");
  ApiReply reply;
  net::HttpRequest request;
  request.method = method;
  request.max_body_bytes = kMaxBodyBytes;
  request.headers = headers_;
  if (!headers_.Find("Accept")) {
    request.headers.Add("Accept", format == "csv" ? "text/csv" : "application/json, text/csv;q=0.9");
  }
  if (!body.empty() && !headers_.Find("Content-Type"))
    request.headers.Add("Content-Type", "application/json");
  request.body = std::move(body);
  // A link of the provider's may have brought them along.
  request.url = url;
  if (!secret_query_.empty()) {
    const size_t mark = std::min(url.find('?'), url.size());
    net::QueryParams query;
    if (mark < url.size()) {
      ASSIGN_OR_RETURN(query, net::ParseQuery(url.substr(mark + 1)));
    }
    for (const auto& [name, value] : secret_query_) {
      std::erase_if(query, [&](const auto& pair) { return pair.first == name; });
    }
    query.insert(query.end(), secret_query_.begin(), secret_query_.end());
    request.url = net::WithQuery(url.substr(0, mark), query);
  }
  RecordAnswer& answer = reply.answer;
  answer.masked_url = Scrub(net::MaskUrl(request.url));
  answer.requested_at = parts_.clock->Now();

  auto sent = parts_.client->Send(request, stop);
  const auto scrubbed = [&](const Status& failed) {
    auto detail = std::make_shared<ErrorDetail>(CodeOf(failed));
    if (const ErrorDetail* known = DetailOf(failed)) *detail = *known;
    return MakeError(std::move(detail), Scrub(failed.message()));
  };
  if (!sent.ok()) {
    const auto* answered = dynamic_cast<const net::AnswerDetail*>(DetailOf(sent.status()));
    const std::string words = answered == nullptr ? "" : ErrorWords(Scrub(answered->said));
    return scrubbed(WithWords(sent.status(), words));
  }
  net::HttpResponse response = *std::move(sent);
  answer.http_status = response.status;
  answer.content_type = response.headers.Find("Content-Type").value_or("");
  answer.extension = ExtensionOf(response, format);
  const auto judge = [&] {
    return JudgeAnswer(response, answer.extension, answer.masked_url, parts_.clock->Now());
  };
  if (!judge().ok()) {
    response.body =
        Scrub(std::move(response.body));  // before the words are shortened, in the middle of a secret
    return scrubbed(judge());
  }
  answer.body = std::move(response.body);
  reply.headers = std::move(response.headers);
  return reply;
}

}  // namespace penstock::source
