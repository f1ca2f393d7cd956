#include "source/api/api_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <set>

#include "base/spelling.h"
#include "net/http.h"
#include "net/url.h"
#include "source/api/field_template.h"

namespace penstock::source {
namespace {

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool IsVariable(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  return !text.empty() && letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// RFC 9110 section 5.6.2.
bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           Contains("!#$%&'*+-.^_`|~", {&c, 1});
  });
}

// Whether what stands under this name is what nobody should read in a file.
bool SoundsSecret(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c == '-' ? '_' : c;
  for (const char* part :
       {"token", "secret", "password", "apikey", "api_key", "access_key", "authorization", "cookie"}) {
    if (Contains(lower, part) && !Contains(lower, "page") && !Contains(lower, "next")) return true;
  }
  return false;
}

class SpecReader {
 public:
  explicit SpecReader(const SourceSettings& settings) : settings_(settings) {}
  Result<ApiSpec> Read();

 private:
  void Fault(std::string_view key, std::string_view text) {
    faults_.push_back(fmt::format("source.{}: {}", key, text));
  }
  const std::string* Find(const std::string& key) {
    known_.insert(key);
    const auto found = settings_.find(key);
    return found == settings_.end() || found->second.empty() ? nullptr : &found->second;
  }
  std::string Text(const std::string& key, std::string fallback = "") {
    const std::string* text = Find(key);
    return text == nullptr ? fallback : *text;
  }
  std::string Required(const std::string& key, std::string_view what) {
    const std::string* text = Find(key);
    if (text == nullptr) Fault(key, fmt::format("is required: {}", what));
    return text == nullptr ? "" : *text;
  }
  size_t Choice(const std::string& key, const std::vector<std::string>& choices);
  int64_t Number(const std::string& key, int64_t fallback, int64_t low, int64_t high);
  RecordPath Path(const std::string& key, bool may_go_through_all);
  // The members of an open mapping.
  std::vector<std::pair<std::string, std::string>> Open(const std::string& name);
  // A {name} within.
  void CheckNames(const std::string& key, std::string_view text);

  void ReadRequest(ApiSpec& spec);
  void ReadAuth(ApiAuth& auth);
  void ReadPagination(ApiPagination& pagination);
  void ReadIncremental(ApiIncremental& incremental);
  void ReadFormat(ApiSpec& spec);
  void CheckParameters(const ApiSpec& spec);

  const SourceSettings& settings_;
  std::set<std::string> known_;
  std::vector<std::string> faults_;
};

size_t SpecReader::Choice(const std::string& key, const std::vector<std::string>& choices) {
  const std::string* text = Find(key);
  if (text == nullptr) return 0;
  const auto at = std::find(choices.begin(), choices.end(), *text);
  if (at != choices.end()) return static_cast<size_t>(at - choices.begin());
  Fault(key, fmt::format("expected one of {}, got {}{}", fmt::join(choices, ", "), *text,
                         DidYouMean(*text, choices)));
  return 0;
}

int64_t SpecReader::Number(const std::string& key, int64_t fallback, int64_t low, int64_t high) {
  const std::string* text = Find(key);
  if (text == nullptr) return fallback;
  int64_t value = 0;
  const char* end = text->data() + text->size();
  const auto [at, error] = std::from_chars(text->data(), end, value);
  if (error == std::errc() && at == end && value >= low && value <= high) return value;
  Fault(key, fmt::format("expected a whole number from {} to {}, got {}", low, high, *text));
  return fallback;
}

RecordPath SpecReader::Path(const std::string& key, bool may_go_through_all) {
  const std::string* text = Find(key);
  if (text == nullptr) return {};
  auto path = RecordPath::Parse(*text);
  if (path.ok() && (may_go_through_all || !path->goes_through_all())) return *path;
  Fault(key, path.ok() ? "expected a path to one value, without * and {name}" : path.status().message());
  return {};
}

std::vector<std::pair<std::string, std::string>> SpecReader::Open(const std::string& name) {
  std::vector<std::pair<std::string, std::string>> members;
  for (auto at = settings_.lower_bound(name + ".");
       at != settings_.end() && at->first.starts_with(name + "."); ++at) {
    known_.insert(at->first);
    members.emplace_back(at->first.substr(name.size() + 1), at->second);
  }
  return members;
}

void SpecReader::CheckNames(const std::string& key, std::string_view text) {
  const auto names = NamesIn(text);
  if (!names.ok()) Fault(key, names.status().message());
}

void SpecReader::ReadRequest(ApiSpec& spec) {
  constexpr std::string_view kWhat = "https://HOST/PATH, with {names} that each series has values for";
  spec.url = Required("url", kWhat);
  // A name may be anything in a path; for the check it is a letter.
  std::string probe;
  bool inside = false;
  for (const char c : spec.url) {
    if (c == '{') probe += 'x';
    inside = c == '{' || (inside && c != '}');
    if (!inside && c != '}') probe += c;
  }
  const auto url = net::ParseUrl(probe);
  if (!spec.url.empty() && (!url.ok() || !url->user.empty())) {
    Fault("url", fmt::format("expected {}, got {}", kWhat, net::MaskUrl(spec.url)));
  } else if (url.ok() && Contains(spec.url, "?")) {
    Fault("url", "the part behind '?' goes under query:, a key or token under auth:");
  } else {
    CheckNames("url", spec.url);
    const size_t path = spec.url.find('/', spec.url.find("://") + 3);
    if (Contains(spec.url.substr(0, path), "{"))
      Fault("url", "expected {names} in the path only, not in the host");
  }
  spec.endpoint = Text("endpoint");
  while (spec.endpoint.ends_with('/')) spec.endpoint.pop_back();
  if (!spec.endpoint.empty()) {
    const auto endpoint = net::ParseUrl(spec.endpoint);
    if (!endpoint.ok() || endpoint->path != "/" || !endpoint->query.empty() || !endpoint->user.empty()) {
      Fault("endpoint", "expected scheme and host of another server, such as http://127.0.0.1:8000");
    }
  }
  spec.method = Choice("method", {"GET", "POST"}) == 0 ? "GET" : "POST";
  spec.body = Text("body");
  if (!spec.body.empty() && spec.method == "GET") Fault("body", "goes with method: POST");
  spec.query = Open("query");
  spec.headers = Open("headers");
  for (const auto& [name, value] : spec.query) {
    if (!Contains(value, "${")) CheckNames("query." + name, value);
  }
  for (const auto& [name, value] : spec.headers) {
    if (!IsToken(name)) Fault("headers." + name, "expected a header's name (RFC 9110 section 5.1)");
    if (value.find_first_of("\r\n") != std::string::npos) Fault("headers." + name, "expected one line");
  }
  for (const auto* pairs : {&spec.query, &spec.headers}) {
    for (const auto& [name, value] : *pairs) {
      if (!SoundsSecret(name) || Contains(value, "${")) continue;
      Fault(fmt::format("{}.{}", pairs == &spec.query ? "query" : "headers", name),
            "a secret does not stand in a file: write ${NAME} and export NAME, or use auth:");
    }
  }
}

void SpecReader::ReadAuth(ApiAuth& auth) {
  using Kind = ApiAuth::Kind;
  const size_t before = faults_.size();
  auth.kind = static_cast<Kind>(Choice("auth.kind", {"none", "bearer", "basic", "header", "query"}));
  auth.variable = Text("auth.env");
  auth.name = Text("auth.name");
  auth.user = Text("auth.user");
  if (faults_.size() > before) return;  // the rest hangs on it
  const bool named = auth.kind == Kind::kHeader || auth.kind == Kind::kQuery;
  if (auth.kind == Kind::kNone) {
    if (!auth.variable.empty()) Fault("auth.kind", "is required: one of bearer, basic, header, query");
  } else if (!IsVariable(auth.variable)) {
    Fault("auth.env", auth.variable.empty() ? "is required: the environment variable that holds the secret"
                                            : "expected the name of an environment variable (not its value)");
  }
  if (named && !IsToken(auth.name)) Fault("auth.name", "is required: of the header or query parameter");
  if (!named && !auth.name.empty()) Fault("auth.name", "goes with kind: header or query");
  if (auth.kind == Kind::kBasic && auth.user.find(':') != std::string::npos)
    Fault("auth.user", "expected no ':'");
  if (auth.kind != Kind::kBasic && !auth.user.empty()) Fault("auth.user", "goes with kind: basic");
}

void SpecReader::ReadPagination(ApiPagination& pagination) {
  using Kind = ApiPagination::Kind;
  const size_t before = faults_.size();
  pagination.kind =
      static_cast<Kind>(Choice("pagination.kind", {"none", "page", "offset", "cursor", "next_link"}));
  if (faults_.size() > before) {  // the rest hangs on it
    for (const auto& [key, value] : settings_) {
      if (key.starts_with("pagination.")) known_.insert(key);
    }
    return;
  }
  const auto goes_with = [&](const std::string& key, std::initializer_list<Kind> kinds,
                             std::string_view names) {
    if (Find(key) == nullptr || std::find(kinds.begin(), kinds.end(), pagination.kind) != kinds.end()) return;
    Fault(key, fmt::format("goes with pagination.kind: {}", names));
  };
  goes_with("pagination.parameter", {Kind::kPage, Kind::kOffset, Kind::kCursor}, "page, offset or cursor");
  goes_with("pagination.first", {Kind::kPage}, "page");
  goes_with("pagination.size", {Kind::kPage, Kind::kOffset, Kind::kCursor}, "page, offset or cursor");
  goes_with("pagination.size_parameter", {Kind::kPage, Kind::kOffset, Kind::kCursor},
            "page, offset or cursor");
  goes_with("pagination.cursor", {Kind::kCursor}, "cursor");
  goes_with("pagination.link", {Kind::kNextLink}, "next_link");
  if (pagination.kind == Kind::kPage || pagination.kind == Kind::kOffset ||
      pagination.kind == Kind::kCursor) {
    pagination.parameter = Required("pagination.parameter", "of the query, that names the page");
  }
  pagination.first = Number("pagination.first", 1, 0, 1'000'000);
  pagination.size = Number("pagination.size", 0, 1, 1'000'000);
  pagination.size_parameter = Text("pagination.size_parameter");
  const bool counts = pagination.kind == Kind::kOffset || !pagination.size_parameter.empty();
  if (counts && pagination.size == 0) Required("pagination.size", "records a page");
  if (pagination.kind == Kind::kCursor) {
    Required("pagination.cursor", "where the answer has the cursor of the next page, such as /meta/next");
    pagination.cursor = Path("pagination.cursor", false);
  }
  if (pagination.kind == Kind::kNextLink && Text("pagination.link", "header") != "header") {
    pagination.link = Path("pagination.link", false);
  }
  pagination.max_pages = Number("pagination.max_pages", pagination.max_pages, 1, 1'000'000);
}

void SpecReader::ReadIncremental(ApiIncremental& incremental) {
  incremental.field = Text("incremental.field");
  incremental.parameter = Text("incremental.parameter");
  incremental.start = Text("incremental.start");
  const bool any = !incremental.field.empty() || !incremental.parameter.empty() || !incremental.start.empty();
  if (!any) return;
  Required("incremental.field", "the column whose greatest value is remembered");
  Required("incremental.parameter", "of the query, that is sent with that value next time");
}

void SpecReader::ReadFormat(ApiSpec& spec) {
  const std::vector<std::string> formats = {"auto", "json", "csv"};
  spec.format = formats[Choice("format", formats)];
  spec.read.records = Path("records", true);
  const std::string delimiter = Text("delimiter", ",");
  if (delimiter == "tab") {
    spec.read.delimiter = '\t';
  } else if (delimiter.size() == 1 && !Contains("\"\r\n", delimiter)) {
    spec.read.delimiter = delimiter.front();
  } else {
    Fault("delimiter", fmt::format("expected one character, or tab, got {}", delimiter));
  }
  if (const std::string* null = Find("null_text")) spec.read.nulls.push_back(*null);
  for (const auto& [name, type] : Open("columns")) {
    const auto parsed = ParseColumnType(type);
    if (parsed.ok()) {
      spec.read.columns[name] = *parsed;
    } else {
      Fault("columns." + name, parsed.status().message());
    }
  }
}

// One parameter from two places would be sent twice.
void SpecReader::CheckParameters(const ApiSpec& spec) {
  std::set<std::string> names;
  for (const auto& [name, value] : spec.query) names.insert(name);
  const auto add = [&](std::string_view key, const std::string& name) {
    if (!name.empty() && !names.insert(name).second) Fault(key, fmt::format("{} is sent already", name));
  };
  add("pagination.parameter", spec.pagination.parameter);
  add("pagination.size_parameter", spec.pagination.size_parameter);
  add("incremental.parameter", spec.incremental.parameter);
  if (spec.auth.kind == ApiAuth::Kind::kQuery) add("auth.name", spec.auth.name);
}

Result<ApiSpec> SpecReader::Read() {
  ApiSpec spec;
  ReadRequest(spec);
  ReadAuth(spec.auth);
  ReadPagination(spec.pagination);
  ReadIncremental(spec.incremental);
  ReadFormat(spec);
  CheckParameters(spec);
  for (const auto& [key, value] : settings_) {
    const std::vector<std::string> known(known_.begin(), known_.end());
    if (!known_.contains(key)) Fault(key, fmt::format("no such key{}", DidYouMean(key, known)));
  }
  if (faults_.empty()) return spec;
  return MakeError(ErrorCode::kConfiguration, fmt::format("{}", fmt::join(faults_, "\n")),
                   "see docs/http-source.md");
}

}  // namespace

Result<ApiSpec> ReadApiSpec(const SourceSettings& settings) { return SpecReader(settings).Read(); }

const std::string_view kHttpSample = R"(kind: http
# What is asked for; {names} are values of a series.
url: https://api.example.com/v1/items/{name}
# Another server that answers instead of the URL's.
endpoint: ""
method: GET
# Of a POST: JSON, with {names}.
body: ""
query:
  lang: en
headers:
  Accept: application/json
# none, bearer, basic (user), header or query (name); the secret is the environment variable `env`.
auth:
  kind: none
  env: ""
  name: ""
  user: ""
# none, page (parameter, first, size), offset (parameter, size), cursor (parameter, cursor: a path in the answer)
# or next_link (link: header, or a path in the answer).
pagination:
  kind: none
  parameter: ""
  first: ""
  size: ""
  size_parameter: ""
  cursor: ""
  link: ""
  max_pages: 1000
# The greatest value of a field is remembered and sent next time.
incremental:
  field: ""
  parameter: ""
  start: ""
# auto, json or csv.
format: auto
# Where the records are: /data/items, /{symbol}/chart. Empty: the whole answer.
records: ""
# Of CSV: the character between cells (or tab), and the text of a cell that is nothing.
delimiter: ","
null_text: ""
# Types that are not as they look: string, int, double, bool, date, timestamp, seconds, milliseconds.
columns:
  date: date
)";

}  // namespace penstock::source
