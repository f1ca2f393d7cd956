#include "source/fmp/body.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "source/fmp/price_reader.h"
#include "source/json_reader_internal.h"
#include "source/opened_body.h"

namespace penstock::source::fmp {
namespace {

constexpr size_t kMaxErrorBytes = 4096;

// `part` is lower case.
bool Contains(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) { return AsciiLower(a) == b; }) != text.end();
}

bool IsPlanText(std::string_view text) {
  return Contains(text, "exclusive endpoint") || Contains(text, "special endpoint") ||
         Contains(text, "premium") || Contains(text, "restricted endpoint") || Contains(text, "subscription");
}

class ErrorReader : private JsonReader {
 public:
  std::string Read(std::string_view body) {
    Document document;
    simdjson::ondemand::object root;
    std::string said;
    // Whatever is wrong with it: then it is no error text.
    if (!Open(body, &document) || !Json(document.get_object().get(root))) return "";
    EachMember(root, [&](std::string_view key, Value value) {
      const bool named = key == "Error Message" || key == "error" || key == "message" || key == "Error";
      return !named || ReadText(value, &said);
    });
    return said;
  }
};

// Fit for a message: printable, and not too long.
std::string Printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 200)) out += (c >= ' ' && c < 127) ? c : '.';
  while (!out.empty() && (out.back() == '.' || out.back() == ' ')) out.pop_back();
  return out;
}

}  // namespace

Status ProviderError(std::string_view said, std::string_view raw_key) {
  const std::string text = fmt::format("FMP says \"{}\" in {}", Printable(said), raw_key);
  if (Contains(said, "limit reach") || Contains(said, "too many requests")) {
    return MakeError(ErrorCode::kThrottled, text, "lower the quota of the source, or wait for the day's end");
  }
  if (Contains(said, "api key") || Contains(said, "apikey")) {
    return MakeError(ErrorCode::kUnauthenticated, text,
                     "set FMP_API_KEY to the key of your account at financialmodelingprep.com");
  }
  if (Contains(said, "legacy endpoint")) {
    return MakeError(ErrorCode::kRejectedByProvider, text, "set source.shape to full or light");
  }
  if (IsPlanText(said)) {
    return MakeError(ErrorCode::kRejectedByProvider, text, "your FMP plan does not include this data");
  }
  return MakeError(ErrorCode::kRejectedByProvider, text, "check the symbol and the dates asked for");
}

std::string ErrorTextOf(std::string_view body) {
  body.remove_prefix(std::min(body.find_first_not_of(" \t\r\n"), body.size()));
  if (body.empty() || body.size() > kMaxErrorBytes) return "";
  if (body.front() == '{') return ErrorReader().Read(body);
  if (body.front() == '[' || body.front() == '<') return "";
  // Errors are sentences; the header of a CSV file has no space.
  body = body.substr(0, body.find_first_of("\r\n"));
  if (body.find(' ') == std::string_view::npos) return "";
  const bool known = Contains(body, "limit reach") || Contains(body, "api key") || IsPlanText(body) ||
                     Contains(body, "legacy endpoint") || Contains(body, "error message");
  return known ? std::string(body) : "";
}

bool SaysNothing(std::string_view body) {
  char found[3] = {};
  size_t count = 0;
  for (const char c : body) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    if (count == 2) return false;
    found[count++] = c;
  }
  const std::string_view text(found, count);
  return text == "[]" || text == "{}";
}

Result<ParsedAnswer> ParseBody(std::string_view bytes, const ParseContext& context) {
  std::string inflated;
  ASSIGN_OR_RETURN(bytes, OpenBody(bytes, context.raw_key, &inflated));
  if (bytes.front() != '{' && bytes.front() != '[') {
    const std::string said = ErrorTextOf(bytes);
    if (!said.empty()) return ProviderError(said, context.raw_key);
    return MakeError(
        ErrorCode::kInvalidData,
        fmt::format("no JSON (it begins with \"{}\") in {}", BeginningOf(bytes), context.raw_key),
        "fetch this symbol and day again");
  }
  thread_local Series series;
  series.Clear();
  RETURN_IF_ERROR(ReadPrices(bytes, context, &series));
  return ToBatches(series, context, "fmp");
}

}  // namespace penstock::source::fmp
