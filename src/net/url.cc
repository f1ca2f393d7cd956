#include "net/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "net/http.h"

namespace penstock::net {
namespace {

bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsUnreserved(char c) { return IsAlpha(c) || IsDigit(c) || c == '-' || c == '.' || c == '_' || c == '~'; }
// A control character or a space in a URL splits a request line or a log line.
bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 0x20 && c != 0x7f; });
}

bool IsAddress(std::string_view host) {
  return host.find(':') != std::string_view::npos ||
         std::all_of(host.begin(), host.end(), [](char c) { return IsDigit(c) || c == '.'; });
}

// "host", "host:80", "[::1]:80" into its two parts; false when it is neither.
bool SplitAuthority(std::string_view authority, std::string* host, std::string* port) {
  size_t end = 0;
  if (!authority.empty() && authority.front() == '[') {
    end = authority.find(']');
    if (end == std::string_view::npos) return false;
    *host = AsciiLower(authority.substr(1, end - 1));
    const auto is_part = [](char c) { return HexValue(c) >= 0 || c == ':' || c == '.'; };
    if (!std::all_of(host->begin(), host->end(), is_part) || host->find(':') == std::string::npos)
      return false;
    ++end;
  } else {
    end = std::min(authority.find(':'), authority.size());
    *host = AsciiLower(authority.substr(0, end));
    // Letters of other scripts come as UTF-8; what would end or split the authority elsewhere does not
    // belong.
    const auto is_part = [](char c) {
      return IsUnreserved(c) || static_cast<unsigned char>(c) >= 0x80 || c == '%';
    };
    if (!std::all_of(host->begin(), host->end(), is_part)) return false;
  }
  if (host->empty()) return false;
  if (end == authority.size()) return true;
  if (authority[end] != ':') return false;
  *port = authority.substr(end + 1);
  return port->size() <= 5 && std::all_of(port->begin(), port->end(), IsDigit);
}

struct Raw {
  std::string scheme, user, host, port, path, query;
};

bool Split(std::string_view text, Raw* raw) {
  const size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) return false;
  raw->scheme = AsciiLower(text.substr(0, colon));
  const auto is_scheme = [](char c) { return IsAlpha(c) || IsDigit(c) || c == '+' || c == '-' || c == '.'; };
  if (!std::all_of(raw->scheme.begin(), raw->scheme.end(), is_scheme)) return false;
  text.remove_prefix(colon + 3);
  const size_t end = std::min(text.find_first_of("/?#"), text.size());
  std::string_view authority = text.substr(0, end);
  std::string_view rest = text.substr(end);
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    raw->user = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  if (!SplitAuthority(authority, &raw->host, &raw->port)) return false;
  rest = rest.substr(0, rest.find('#'));
  const size_t mark = std::min(rest.find('?'), rest.size());
  raw->path = rest.substr(0, mark);
  if (mark < rest.size()) raw->query = rest.substr(mark + 1);
  if (raw->path.empty()) raw->path = "/";
  return true;
}

std::string ShowHost(std::string_view host) {
  return host.find(':') == std::string_view::npos ? std::string(host) : fmt::format("[{}]", host);
}

}  // namespace

std::string PercentEncode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (IsUnreserved(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

Result<std::string> PercentDecode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const int high = i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexValue(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return MakeError(ErrorCode::kInvalidData,
                         fmt::format("a '%' without two hex digits in an encoded text, at byte {}", i));
      }
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string FormatQuery(const QueryParams& params) {
  std::string out;
  for (const auto& [name, value] : params) {
    if (!out.empty()) out += '&';
    out += PercentEncode(name) + "=" + PercentEncode(value);
  }
  return out;
}

Result<QueryParams> ParseQuery(std::string_view query) {
  QueryParams params;
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    ASSIGN_OR_RETURN(std::string name, PercentDecode(pair.substr(0, equals), true));
    std::string value;
    if (equals < pair.size()) {
      ASSIGN_OR_RETURN(value, PercentDecode(pair.substr(equals + 1), true));
    }
    params.emplace_back(std::move(name), std::move(value));
  }
  return params;
}

std::string WithQuery(std::string_view url, const QueryParams& params) {
  std::string out(url.substr(0, url.find('#')));
  if (params.empty()) return out;
  const bool has_query = out.find('?') != std::string::npos;
  if (!has_query) {
    out += '?';
  } else if (out.back() != '?' && out.back() != '&') {
    out += '&';
  }
  return out + FormatQuery(params);
}

std::string Url::Origin() const {
  const uint16_t own = scheme == "https" ? 443 : 80;
  return port == own ? fmt::format("{}://{}", scheme, ShowHost(host))
                     : fmt::format("{}://{}:{}", scheme, ShowHost(host), port);
}

Result<Url> ParseUrl(std::string_view text) {
  const auto fail = [&](std::string_view why) {
    return MakeError(ErrorCode::kUsage, fmt::format("{}: {}", why, MaskUrl(text)),
                     "give an http:// or https:// URL");
  };
  Raw raw;
  if (!IsPrintable(text)) return fail("a URL with a space or a control character");
  if (!Split(text, &raw)) return fail("not an absolute URL");
  if (raw.scheme != "http" && raw.scheme != "https") return fail("not an http or https URL");
  Url url{raw.scheme, raw.user, raw.host, static_cast<uint16_t>(raw.scheme == "https" ? 443 : 80),
          raw.path,   raw.query};
  if (!raw.port.empty()) {
    int port = 0;
    std::from_chars(raw.port.data(), raw.port.data() + raw.port.size(), port);
    if (port < 1 || port > 65535) return fail("a port that does not exist");
    url.port = static_cast<uint16_t>(port);
  }
  return url;
}

bool IsLoopback(std::string_view host) {
  const std::string name = AsciiLower(host);
  if (name == "localhost" || name == "::1" || name.ends_with(".localhost")) return true;
  return name.starts_with("127.") && IsAddress(name) && std::count(name.begin(), name.end(), '.') == 3;
}

bool IsSameSite(std::string_view host, std::string_view other) {
  const std::string left = AsciiLower(host), right = AsciiLower(other);
  if (left == right) return true;
  if (IsAddress(left) || IsAddress(right)) return false;
  const auto site = [](const std::string& name) -> std::string {
    std::vector<size_t> dots;
    for (size_t i = name.size(); i-- > 0;) {
      if (name[i] == '.') dots.push_back(i);
    }
    if (dots.empty()) return name;
    const size_t top = name.size() - dots[0] - 1;
    const size_t second = dots[0] - (dots.size() > 1 ? dots[1] + 1 : 0);
    // co.uk, com.au, or.jp: anybody's names stand below such two labels.
    const size_t labels = top == 2 && second <= 3 ? 3 : 2;
    return dots.size() < labels ? name : name.substr(dots[labels - 1] + 1);
  };
  return site(left) == site(right);
}

std::string MaskUrl(std::string_view url) {
  Raw raw;
  if (!Split(url, &raw)) return "(not a URL)";
  std::string path = raw.path;
  for (char& c : path) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) c = '?';
  }
  const std::string port = raw.port.empty() ? "" : ":" + raw.port;
  return fmt::format("{}://{}{}{}", raw.scheme, ShowHost(raw.host), port, path);
}

}  // namespace penstock::net
