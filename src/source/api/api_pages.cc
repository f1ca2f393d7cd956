#include "source/api/api_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/ascii.h"
#include "base/json.h"

namespace penstock::source {
namespace {

// Whether a parameter of a link is rel with `next` among its words.
bool IsRelNext(std::string_view parameter) {
  const size_t equals = parameter.find('=');
  std::string name(TrimAscii(parameter.substr(0, equals), " \t"));
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (equals == std::string_view::npos || name != "rel") return false;
  std::string_view words = TrimAscii(parameter.substr(equals + 1), " \t");
  if (words.size() >= 2 && words.front() == '"' && words.back() == '"')
    words = words.substr(1, words.size() - 2);
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(' '));
    if (word == "next" || word == "Next" || word == "NEXT") return true;
    words.remove_prefix(std::min(word.size() + 1, words.size()));
  }
  return false;
}

// Up to the next ',' or ';' that does not stand in quotes.
std::string_view TakeParameter(std::string_view* rest) {
  bool quoted = false;
  size_t end = 0;
  for (; end < rest->size(); ++end) {
    const char c = (*rest)[end];
    if (c == '"') quoted = !quoted;
    if (c == '\\' && quoted) ++end;
    if (!quoted && (c == ',' || c == ';')) break;
  }
  end = std::min(end, rest->size());
  const std::string_view parameter = rest->substr(0, end);
  rest->remove_prefix(end);
  return parameter;
}

Status ComesAgain(std::string_view what, std::string_view key) {
  return MakeError(ErrorCode::kInvalidData, fmt::format("{} comes again and again", what),
                   fmt::format("does the API know the parameter that source.{} names?", key));
}

// What a path leads to as text: a cursor or a link. Empty: null, false, "" or nothing.
Result<std::string> TextAt(std::string_view body, std::string_view extension, const RecordPath& path) {
  if (extension != "json") {
    return MakeError(ErrorCode::kInvalidData, "an answer in CSV has no place for the next page",
                     "use pagination.kind page, offset or next_link (link: header)");
  }
  ASSIGN_OR_RETURN(const json::value document, ParseJson(body));
  const json::value* found = FindAt(document, path);
  if (found == nullptr || found->is_null() || *found == json::value(false)) return std::string();
  if (found->is_structured()) {
    return MakeError(ErrorCode::kInvalidData, "the next page's cursor or link is no single value");
  }
  return found->is_string() ? std::string(found->get_string()) : ToJson(*found);
}

}  // namespace

std::optional<std::string> NextOfLinkHeader(std::string_view value) {
  while (!value.empty()) {
    const size_t open = value.find('<');
    const size_t close = open == std::string_view::npos ? open : value.find('>', open);
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view target = value.substr(open + 1, close - open - 1);
    value.remove_prefix(close + 1);
    bool next = false;
    while (!value.empty() && value.front() != ',') {
      next = IsRelNext(TakeParameter(&value)) || next;
      if (value.starts_with(';')) value.remove_prefix(1);
    }
    if (next) return std::string(target);
    if (!value.empty()) value.remove_prefix(1);
  }
  return std::nullopt;
}

Result<std::string> ResolveLink(std::string_view base, std::string_view link) {
  ASSIGN_OR_RETURN(const net::Url from, net::ParseUrl(base));
  std::string target(link.substr(0, link.find('#')));
  if (target.starts_with("//")) {
    target = from.scheme + ":" + target;
  } else if (target.starts_with('/')) {
    target = from.Origin() + target;
  } else if (target.starts_with('?') || target.empty()) {
    target = from.Origin() + from.path + target;
  } else if (target.find("://") == std::string::npos) {
    target = from.Origin() + from.path.substr(0, from.path.rfind('/') + 1) + target;
  }
  RETURN_IF_ERROR(net::ParseUrl(target).status());
  return target;
}

std::string ApiPages::Url() const {
  if (!link_.empty()) return link_;
  net::QueryParams query = query_;
  const auto add = [&](const std::string& name, std::string value) {
    if (!name.empty()) query.emplace_back(name, std::move(value));
  };
  switch (pagination_.kind) {
    case ApiPagination::Kind::kPage:
      add(pagination_.parameter, std::to_string(pagination_.first + page_ - 1));
      break;
    case ApiPagination::Kind::kOffset:
      add(pagination_.parameter, std::to_string((page_ - 1) * pagination_.size));
      break;
    case ApiPagination::Kind::kCursor:
      if (!cursor_.empty()) add(pagination_.parameter, cursor_);
      break;
    default: break;
  }
  if (pagination_.size > 0) add(pagination_.size_parameter, std::to_string(pagination_.size));
  return net::WithQuery(url_, query);
}

Result<bool> ApiPages::Advance(std::string_view body, std::string_view extension, const net::Headers& headers,
                               int64_t records) {
  Result<bool> more = false;
  switch (pagination_.kind) {
    case ApiPagination::Kind::kNone: break;
    case ApiPagination::Kind::kPage:
    case ApiPagination::Kind::kOffset: more = NextNumber(body, records); break;
    case ApiPagination::Kind::kCursor: more = NextCursor(body, extension); break;
    case ApiPagination::Kind::kNextLink: more = NextLink(body, extension, headers); break;
  }
  if (!more.ok() || !*more) return more;
  if (page_ >= pagination_.max_pages) {
    return MakeError(ErrorCode::kResourceExhausted,
                     fmt::format("there are more than {} pages; those were kept", pagination_.max_pages),
                     "raise source.pagination.max_pages, or ask for less at once");
  }
  ++page_;
  return true;
}

Result<bool> ApiPages::NextNumber(std::string_view body, int64_t records) {
  if (records == 0 || records < pagination_.size) return false;
  const size_t hash = std::hash<std::string_view>()(body);
  if (page_ > 1 && hash == last_body_) return ComesAgain("the same page", "pagination.parameter");
  last_body_ = hash;
  return true;
}

Result<bool> ApiPages::NextCursor(std::string_view body, std::string_view extension) {
  ASSIGN_OR_RETURN(std::string cursor, TextAt(body, extension, pagination_.cursor));
  if (cursor.empty()) return false;
  if (cursor == cursor_) return ComesAgain("the same cursor", "pagination.parameter");
  cursor_ = std::move(cursor);
  return true;
}

Result<bool> ApiPages::NextLink(std::string_view body, std::string_view extension,
                                const net::Headers& headers) {
  std::string link;
  if (pagination_.link) {
    ASSIGN_OR_RETURN(link, TextAt(body, extension, *pagination_.link));
  } else {
    for (const auto& [name, value] : headers.fields()) {
      // A header may come more than once; names compare without case.
      net::Headers one;
      one.Add(name, value);
      if (!one.Find("Link")) continue;
      if (const auto next = NextOfLinkHeader(value)) link = *next;
    }
  }
  if (link.empty()) return false;
  const std::string here = Url();
  ASSIGN_OR_RETURN(std::string target, ResolveLink(here, link));
  ASSIGN_OR_RETURN(const net::Url from, net::ParseUrl(here));
  ASSIGN_OR_RETURN(const net::Url to, net::ParseUrl(target));
  if (from.Origin() != to.Origin()) {
    return MakeError(ErrorCode::kRejectedByProvider,
                     fmt::format("the link to the next page leaves {} for {}", from.Origin(), to.Origin()),
                     "it is not followed, for the other site would get the secret");
  }
  if (target == here) return ComesAgain("the same link", "pagination.link");
  link_ = std::move(target);
  return true;
}

}  // namespace penstock::source
