#include "source/yahoo/body.h"

#include <fmt/format.h>

#include <algorithm>

#include "source/opened_body.h"

namespace penstock::source::yahoo {
namespace {

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// "404 Not Found: No data found, symbol may be delisted"
bool IsErrorText(std::string_view bytes) {
  const auto digit = [&](size_t at) { return bytes[at] >= '0' && bytes[at] <= '9'; };
  return bytes.size() > 6 && bytes[0] >= '4' && bytes[0] <= '5' && digit(1) && digit(2) && bytes[3] == ' ' &&
         bytes.substr(0, bytes.find_first_of("\r\n")).find(": ", 4) != std::string_view::npos;
}

}  // namespace

bool IsEmptyRange(std::string_view description) {
  return Contains(description, "Data doesn't exist for startDate");
}

Status ProviderError(std::string_view code, std::string_view description, std::string_view raw_key) {
  const std::string said = fmt::format("Yahoo Finance says \"{}: {}\" in {}", code, description, raw_key);
  if (code == "Not Found" || Contains(description, "No data found")) {
    return MakeError(ErrorCode::kNotFound, said, "check the symbol: it may be delisted or renamed");
  }
  if (code == "Unauthorized" || Contains(description, "Invalid Crumb") ||
      Contains(description, "Invalid Cookie")) {
    return MakeError(ErrorCode::kUnauthenticated, said,
                     "fetch it again: cookie and crumb are asked for anew");
  }
  if (code == "Too Many Requests" || Contains(description, "Too Many Requests")) {
    return MakeError(ErrorCode::kThrottled, said, "lower the quota of the source");
  }
  if (Contains(code, "Internal") || Contains(code, "internal")) {
    return MakeError(ErrorCode::kUnavailable, said, "fetch it again later");
  }
  if (Contains(description, "must be within the last")) {
    return MakeError(ErrorCode::kRejectedByProvider, said,
                     "Yahoo Finance keeps minute bars for some 30 days only: ask for a later day");
  }
  return MakeError(ErrorCode::kRejectedByProvider, said, "check the symbol and the dates asked for");
}

Result<ParsedAnswer> ParseBody(std::string_view bytes, const ParseContext& context) {
  const auto invalid = [&](std::string_view what) {
    return MakeError(ErrorCode::kInvalidData, fmt::format("{} in {}", what, context.raw_key),
                     "fetch this symbol and day again");
  };
  std::string inflated;
  ASSIGN_OR_RETURN(bytes, OpenBody(bytes, context.raw_key, &inflated));

  thread_local Series series;
  series.Clear();
  if (bytes.front() == '{' || bytes.front() == '[') {
    RETURN_IF_ERROR(ReadChart(bytes, context, &series));
  } else if (bytes.substr(0, 5) == "Edge:" || bytes.substr(0, 17) == "Too Many Requests") {
    return ProviderError("Too Many Requests", BeginningOf(bytes), context.raw_key);
  } else if (IsErrorText(bytes)) {
    const std::string_view text = bytes.substr(4, bytes.find_first_of("\r\n") - 4);
    const size_t colon = text.find(": ");
    if (!IsEmptyRange(text))
      return ProviderError(text.substr(0, colon), text.substr(colon + 2), context.raw_key);
  } else if (bytes.substr(0, 4) == "Date" || bytes.front() == '#') {
    RETURN_IF_ERROR(ReadCsv(bytes, context, &series));
  } else {
    return invalid(fmt::format("neither chart JSON nor CSV (it begins with \"{}\")", BeginningOf(bytes)));
  }
  return ToBatches(series, context, "yahoo");
}

}  // namespace penstock::source::yahoo
