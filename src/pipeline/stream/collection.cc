#include "pipeline/stream/collection.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/spelling.h"

namespace penstock::pipeline {
namespace {

constexpr size_t kMostTickers = 200;

Status Usage(const std::string& what, const std::string& advice = "") {
  return MakeError(ErrorCode::kUsage, what, advice);
}

// AAPL, BRK-B, OCDO.L, EURUSD=X, ^GSPC.
bool IsTicker(std::string_view text) {
  return !text.empty() && text.size() <= 16 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '.' || c == '-' || c == '=' || c == '^';
  });
}

Status AddTicker(std::string_view text, std::vector<std::string>& tickers) {
  std::string ticker(TrimAscii(text));
  for (char& c : ticker) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  if (!IsTicker(ticker)) {
    return Usage(fmt::format("tickers: not a ticker: \"{}\"", ticker.substr(0, 32)),
                 "write them as FB,SHOP,BRK-B");
  }
  if (std::find(tickers.begin(), tickers.end(), ticker) == tickers.end())
    tickers.push_back(std::move(ticker));
  if (tickers.size() > kMostTickers) return Usage(fmt::format("tickers: at most {} at once", kMostTickers));
  return Status::OK();
}

Result<std::vector<std::string>> ReadTickers(const json::value& value) {
  std::vector<std::string> tickers;
  if (value.is_string()) {
    std::string_view rest = value.get_string();
    for (bool more = true; more;) {
      const size_t comma = rest.find(',');
      more = comma != std::string_view::npos;
      RETURN_IF_ERROR(AddTicker(rest.substr(0, comma), tickers));
      if (more) rest.remove_prefix(comma + 1);
    }
    return tickers;
  }
  if (!value.is_array() || value.get_array().empty())
    return Usage("tickers: expected a text such as FB,SHOP or a list of texts, not empty");
  for (const auto& one : value.get_array()) {
    if (!one.is_string()) return Usage("tickers: expected texts in the list");
    RETURN_IF_ERROR(AddTicker(one.get_string(), tickers));
  }
  return tickers;
}

}  // namespace

Result<Collection> PlanCollection(const Pipeline& pipeline, const json::value& input, TimePoint now) {
  static const json::object kNothing;
  const json::object& asked = input.is_object() ? input.get_object() : kNothing;
  for (const auto& member : asked) {
    const std::string key(member.key());
    if (key == "date" || key == "tickers" || key == "pipeline") continue;
    return Usage(fmt::format("no such parameter: {}{}", key, DidYouMean(key, {"date", "tickers"})),
                 "it takes date=YYYY-MM-DD and tickers=FB,SHOP");
  }
  const calendar::ExchangeCalendar& calendar = *pipeline.calendar;
  Collection out;
  Date day;
  if (const auto* date = asked.if_contains("date")) {
    const auto parsed = date->is_string() ? ParseDate(std::string_view(date->get_string()))
                                          : Result<Date>(Usage("not a text"));
    if (!parsed.ok()) return Usage("date: expected a day as 2020-05-14");
    day = *parsed;
  } else {
    ASSIGN_OR_RETURN(day, calendar.LastClosedSession(now));
  }
  ASSIGN_OR_RETURN(out.session, calendar.RequireSession(day));
  if (out.session.open > now) {
    return Usage(
        fmt::format("the session of {} opens at {}", FormatDate(day), FormatTimestamp(out.session.open)),
        "ask for a day whose session has begun");
  }
  const auto* tickers = asked.if_contains("tickers");
  if (tickers == nullptr) {
    out.tickers = pipeline.config.collect.tickers;
    if (out.tickers.empty()) return Usage("tickers: expected FB,SHOP: the pipeline names none itself");
  } else {
    ASSIGN_OR_RETURN(out.tickers, ReadTickers(*tickers));
  }
  return out;
}

}  // namespace penstock::pipeline
