#include "source/fmp/fmp_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "net/http.h"
#include "source/fmp/body.h"
#include "source/opened_body.h"
#include "source/page_guard.h"

namespace penstock::source::fmp {
namespace {

constexpr char kKeyName[] = "FMP_API_KEY";
constexpr size_t kMaxKeyBytes = 128;

Result<bool> ReadSwitch(std::string_view key, std::string_view value) {
  if (value == "true") return true;
  if (value == "false") return false;
  return MakeError(ErrorCode::kConfiguration,
                   fmt::format("source.{}: expected true or false, got: {}", key, value));
}

bool TakesCsv(std::string_view body) { return !body.empty() && body[0] != '[' && body[0] != '{'; }

}  // namespace

const std::string_view kSampleConfiguration =
    "kind: fmp\n"
    "# The key of your account comes from the environment: FMP_API_KEY.\n"
    "# Who answers: the provider itself, or a replay server (http://127.0.0.1:PORT).\n"
    "endpoint: https://financialmodelingprep.com\n"
    "# full (open to close and volume), light (close and volume) or legacy (v3: with adjusted closes; only "
    "for\n"
    "# accounts from before September 2025).\n"
    "shape: full\n"
    "# Where the key goes: header, or query.\n"
    "key_in: header\n"
    "# Whether one request for the list of all symbols tells an unknown symbol from days without bars.\n"
    "symbol_list: true\n"
    "# Fundamentals from the bulk files (a few requests for the whole market), or symbol by symbol.\n"
    "bulk: true\n"
    "# Symbols in one request for quotes.\n"
    "quote_batch: 500\n";

Result<FmpOptions> ReadOptions(const SourceSettings& settings) {
  FmpOptions options;
  for (const auto& [key, value] : settings) {
    const auto fail = [&key = key, &value = value](std::string_view expected) {
      return MakeError(ErrorCode::kConfiguration,
                       fmt::format("source.{}: expected {}, got: {}", key, expected, value));
    };
    if (key == "endpoint") {
      const auto url = net::ParseUrl(value);
      if (!url.ok() || !url->query.empty() || !url->user.empty())
        return fail("an http or https URL without query");
      if (url->scheme == "http" && !net::IsLoopback(url->host)) {
        return fail("https, for the key of the account would travel in the open");
      }
      options.endpoint = value;
      while (options.endpoint.ends_with('/')) options.endpoint.pop_back();
    } else if (key == "shape") {
      if (value == "full") {
        options.shape = Shape::kFull;
      } else if (value == "light") {
        options.shape = Shape::kLight;
      } else if (value == "legacy") {
        options.shape = Shape::kLegacy;
      } else {
        return fail("full, light or legacy");
      }
    } else if (key == "key_in") {
      if (value != "header" && value != "query") return fail("header or query");
      options.key_in_query = value == "query";
    } else if (key == "symbol_list") {
      ASSIGN_OR_RETURN(options.symbol_list, ReadSwitch(key, value));
    } else if (key == "bulk") {
      ASSIGN_OR_RETURN(options.bulk, ReadSwitch(key, value));
    } else if (key == "quote_batch") {
      const auto [end, error] =
          std::from_chars(value.data(), value.data() + value.size(), options.quote_batch);
      const bool whole = error == std::errc() && end == value.data() + value.size();
      if (!whole || options.quote_batch < 1 || options.quote_batch > 2000) return fail("1 to 2000");
    } else {
      return MakeError(
          ErrorCode::kConfiguration, "unknown setting of the source fmp: " + key,
          "it knows endpoint, shape, key_in, symbol_list, bulk and quote_batch; the key stands in "
          "the environment, FMP_API_KEY");
    }
  }
  return options;
}

Result<std::string> ReadKey(const SourceParts& parts) {
  std::string key;
  if (parts.environment) {
    key = parts.environment(kKeyName);
  } else if (const char* text = std::getenv(kKeyName)) {
    key = text;
  }
  const bool printable = std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 127; });
  if (!printable || key.size() > kMaxKeyBytes) {
    return MakeError(
        ErrorCode::kConfiguration, "FMP_API_KEY is set to something that is no key",
        "copy it from your account at financialmodelingprep.com, without spaces and line breaks");
  }
  return key;
}

Status FmpApi::CheckAccess() const {
  ASSIGN_OR_RETURN(const net::Url url, net::ParseUrl(options_.endpoint));
  if (!key_.empty() || net::IsLoopback(url.host)) return Status::OK();
  return MakeError(ErrorCode::kUnauthenticated, "no key for " + options_.endpoint,
                   "set FMP_API_KEY to the key of your account at financialmodelingprep.com");
}

Result<RawAnswer> FmpApi::Get(const std::string& path, const net::QueryParams& query,
                              std::stop_token stop) const {
  if (parts_.client == nullptr)
    return MakeError(ErrorCode::kUsage, "this source was made without an HTTP client");
  RETURN_IF_ERROR(CheckAccess());
  net::HttpRequest request;
  request.max_body_bytes = kMaxBodyBytes;
  request.url = net::WithQuery(options_.endpoint + path, query);
  request.headers.Add("Accept", "application/json, text/csv");
  if (!key_.empty() && options_.key_in_query) {
    request.url = net::WithQuery(request.url, {{"apikey", key_}});
  } else if (!key_.empty()) {
    request.headers.Add("apikey", key_);
  }
  auto sent = parts_.client->Send(request, stop);
  // The clients below mask URLs; a key in a text would be the end of it, so nothing is left to trust.
  if (!sent.ok() && !key_.empty() && sent.status().message().find(key_) != std::string::npos) {
    return MakeError(CodeOf(sent.status()), Scrub(sent.status().message()));
  }
  RETURN_IF_ERROR(sent.status());
  net::HttpResponse response = *std::move(sent);
  RawAnswer answer;
  answer.masked_url = net::MaskUrl(request.url);
  RETURN_IF_ERROR(Judge(response, answer.masked_url));
  answer.fetched_at = parts_.clock->Now();
  if (const auto date = response.headers.Find("Date")) {
    const auto parsed = ParseHttpDate(*date);
    if (parsed.ok()) answer.fetched_at = *parsed;
  }
  answer.extension = TakesCsv(response.body) ? "csv" : "json";
  answer.http_status = response.status;
  answer.generated = SaysGenerated(response.body);
  answer.body = std::move(response.body);
  return answer;
}

Status FmpApi::Judge(const net::HttpResponse& response, std::string_view masked_url) const {
  const bool good = response.status >= 200 && response.status < 300;
  const std::string said = Scrub(ErrorTextOf(response.body));
  if (good && said.empty()) return CheckIsNoPage(response, masked_url);
  const Status by_status = net::ToStatus(response, masked_url, parts_.clock->Now());
  // The pause that a 429 asks for stands in the status's own detail.
  if (said.empty() || response.status == 429 || response.status >= 500) return by_status;
  return ProviderError(said, masked_url);
}

std::string FmpApi::Scrub(std::string text) const {
  if (key_.empty()) return text;
  for (size_t at = text.find(key_); at != std::string::npos; at = text.find(key_))
    text.replace(at, key_.size(), "…");
  return text;
}

}  // namespace penstock::source::fmp
