#include "source/iex/definitions.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/date.h"
#include "base/spelling.h"
#include "source/json_reader_internal.h"

namespace penstock::source::iex {
namespace {

constexpr size_t kMaxSymbols = 100, kMaxTypes = 10;  // of one batch, by the API reference
constexpr size_t kMaxText = 200;
const std::vector<std::string> kRanges = {"1d",  "5d", "5dm", "1m", "3m", "6m",
                                          "ytd", "1y", "2y",  "5y", "max"};

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// What IEX's own symbols are made of: BRK.B, AAPL, BTCUSDT, ^SPX, NTRSO-, PSB=.
bool IsSymbol(std::string_view text) {
  return !text.empty() && text.size() <= 32 && text.find_first_not_of('.') != std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return IsAlphanumeric(c) || std::string_view(".-+^=*#$@_").find(c) != std::string_view::npos;
         });
}

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= 64 && !(text.front() >= '0' && text.front() <= '9') &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return IsAlphanumeric(c) || c == '_' || c == '-'; });
}

bool IsRange(std::string_view text) {
  if (std::find(kRanges.begin(), kRanges.end(), text) != kRanges.end()) return true;
  constexpr std::string_view kDay = "date/";
  const std::string_view day = text.substr(std::min(kDay.size(), text.size()));
  return text.starts_with(kDay) && day.size() == 8 &&
         ParseDate(fmt::format("{}-{}-{}", day.substr(0, 4), day.substr(4, 2), day.substr(6))).ok();
}

std::string Got(const json::value& value) { return ToJson(value).substr(0, 60); }

class Checker {
 public:
  explicit Checker(const json::object& definition) : definition_(definition) {}
  std::vector<std::string> Check();

 private:
  void Fault(std::string_view pointer, std::string_view text) {
    faults_.push_back(fmt::format("{}: {}", pointer, text));
  }
  void CheckSymbol();
  void CheckList(const char* member, size_t most, bool (*good)(std::string_view), std::string_view expected);
  void CheckRange();
  void CheckParams(bool batch);

  const json::object& definition_;
  std::vector<std::string> faults_;
};

void Checker::CheckSymbol() {
  const json::value* symbol = definition_.if_contains("symbol");
  if (symbol == nullptr) return Fault("/symbol", "is required, such as \"AAPL\"");
  if (!symbol->is_string() || !IsSymbol(std::string_view(symbol->get_string()))) {
    Fault("/symbol", fmt::format("expected a symbol such as \"AAPL\" or \"BRK.B\", got {}", Got(*symbol)));
  }
}

void Checker::CheckList(const char* member, size_t most, bool (*good)(std::string_view),
                        std::string_view expected) {
  const std::string pointer = fmt::format("/{}", member);
  const json::value* list = definition_.if_contains(member);
  if (list == nullptr) return Fault(pointer, fmt::format("is required: a list such as {}", expected));
  const json::array* array = list->if_array();
  if (array == nullptr || array->empty() || array->size() > most) {
    return Fault(pointer,
                 fmt::format("expected a list of 1 to {} such as {}, got {}", most, expected, Got(*list)));
  }
  for (size_t i = 0; i < array->size(); ++i) {
    const json::value& item = (*array)[i];
    if (item.is_string() && good(std::string_view(item.get_string()))) continue;
    Fault(fmt::format("{}/{}", pointer, i),
          fmt::format("expected one such as in {}, got {}", expected, Got(item)));
  }
}

void Checker::CheckRange() {
  const json::value* range = definition_.if_contains("range");
  if (range == nullptr) return;
  if (range->is_string() && IsRange(std::string_view(range->get_string()))) return;
  std::string hint;
  if (const auto* text = range->if_string()) hint = DidYouMean(std::string_view(*text), kRanges);
  Fault("/range", fmt::format("expected {} or date/YYYYMMDD of an existing day, got {}{}",
                              fmt::join(kRanges, ", "), Got(*range), hint));
}

void Checker::CheckParams(bool batch) {
  const json::value* params = definition_.if_contains("params");
  if (params == nullptr) return;
  const json::object* object = params->if_object();
  if (object == nullptr) return Fault("/params", fmt::format("expected an object, got {}", Got(*params)));
  for (const auto& param : *object) {
    const std::string_view name = param.key();
    const std::string pointer = fmt::format("/params/{}", name.substr(0, 64));
    const json::value& value = param.value();
    if (name == "token") {
      Fault(pointer, "a token stands in no file: export IEX_TOKEN");
    } else if (batch && (name == "symbols" || name == "types" || name == "range")) {
      Fault(pointer, fmt::format("is a member of its own: \"{}\"", name));
    } else if (!IsName(name)) {
      Fault(pointer, "expected the name of a query parameter");
    } else if (value.is_structured() || value.is_null() ||
               (value.is_string() && value.get_string().size() > kMaxText)) {
      Fault(pointer, fmt::format("expected text, a number, true or false, got {}", Got(value)));
    } else if (name == "format" && value != json::value("csv")) {
      Fault(pointer, fmt::format("expected \"csv\" (JSON comes without it), got {}", Got(value)));
    }
  }
}

std::vector<std::string> Checker::Check() {
  const json::value* endpoint = definition_.if_contains("endpoint");
  const bool batch = endpoint != nullptr && *endpoint == json::value("batch");
  if (endpoint != nullptr && !batch && *endpoint != json::value("chart")) {
    std::string hint;
    if (const auto* text = endpoint->if_string())
      hint = DidYouMean(std::string_view(*text), {"chart", "batch"});
    Fault("/endpoint", fmt::format("expected \"chart\" or \"batch\", got {}{}", Got(*endpoint), hint));
    return std::move(faults_);
  }
  std::vector<std::string> known = {"endpoint", "range", "params", "description"};
  if (batch) {
    known.insert(known.end(), {"symbols", "types"});
    CheckList("symbols", kMaxSymbols, &IsSymbol, R"(["AAPL", "MSFT"])");
    CheckList("types", kMaxTypes, &IsName, R"(["quote", "chart"])");
  } else {
    known.emplace_back("symbol");
    CheckSymbol();
  }
  CheckRange();
  CheckParams(batch);
  for (const auto& member : definition_) {
    if (std::find(known.begin(), known.end(), std::string_view(member.key())) != known.end()) continue;
    Fault(
        fmt::format("/{}", std::string_view(member.key()).substr(0, 64)),
        fmt::format("no such member{}; known: {}", DidYouMean(member.key(), known), fmt::join(known, ", ")));
  }
  return std::move(faults_);
}

// The keys of the document with their lines; a parser of values forgets those that stand twice.
class KeyLines : private JsonReader {
 public:
  explicit KeyLines(std::string_view text) : text_(text) {}
  std::vector<std::pair<std::string, int>> Read() {
    std::vector<std::pair<std::string, int>> keys;
    Document document;
    simdjson::ondemand::object root;
    if (!Open(text_, &document) || !Json(document.get_object().get(root))) return keys;
    const char* begin = nullptr;
    for (auto member : root) {
      simdjson::ondemand::field field;
      if (!Json(std::move(member).get(field))) return keys;
      const std::string_view token = field.key_raw_json_token();
      // The document is a copy of the text: its first key tells where that begins.
      if (begin == nullptr) begin = token.data() - FirstKey();
      while (at_ < static_cast<size_t>(token.data() - begin) && at_ < text_.size())
        line_ += text_[at_++] == '\n';
      std::string_view key;
      if (!Json(field.unescaped_key(true).get(key))) return keys;
      keys.emplace_back(key, line_);
    }
    return keys;
  }

 private:
  size_t FirstKey() const { return std::min(text_.find('"'), text_.size()); }
  std::string_view text_;
  size_t at_ = 0;
  int line_ = 1;
};

RecordSeries Complete(std::string_view key, const json::object& definition) {
  RecordSeries series;
  series.key = key;
  series.query = definition;
  series.query.erase("description");
  if (!series.query.contains("endpoint")) series.query["endpoint"] = "chart";
  if (series.query["endpoint"] == json::value("chart") && !series.query.contains("range"))
    series.query["range"] = "1m";
  return series;
}

}  // namespace

std::vector<std::string> FaultsOf(const json::object& definition) { return Checker(definition).Check(); }

Result<Definitions> ParseDefinitions(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const auto parsed = ParseJson(text);
  constexpr std::string_view kAdvice =
      R"(expected an object of definitions: {"AAPL_month": {"endpoint": "chart", "symbol": "AAPL", "range": "1m"}})";
  if (!parsed.ok()) {
    return MakeError(ErrorCode::kInvalidData, "definitions.json: " + parsed.status().message(),
                     std::string(kAdvice));
  }
  const json::object* root = parsed->if_object();
  if (root == nullptr) {
    return MakeError(ErrorCode::kInvalidData, "definitions.json: it is no object", std::string(kAdvice));
  }
  const auto keys = KeyLines(text).Read();
  std::map<std::string, int> times;
  for (const auto& [key, line] : keys) ++times[key];
  Definitions definitions;
  std::map<std::string, std::string> tables;  // which key has it
  for (const auto& [key, line] : keys) {
    if (key == "$schema") continue;  // for editors
    const auto wrong = [&, line = line, &key = key](std::string why) {
      definitions.wrong.push_back({key, line, std::move(why)});
    };
    const json::value* value = root->if_contains(key);
    const Status named = CheckSeriesKey(key);
    const std::string pointer = "/" + key;
    if (!named.ok()) {
      wrong(fmt::format("{}: {}", pointer, Describe(named)));
    } else if (times[key] > 1) {
      wrong(fmt::format("{}: stands {} times in the file", pointer, times[key]));
    } else if (value == nullptr || !value->is_object()) {
      wrong(fmt::format("{}: expected an object with endpoint, symbol and range", pointer));
    } else if (auto faults = FaultsOf(value->get_object()); !faults.empty()) {
      for (std::string& fault : faults) fault.insert(0, pointer);
      wrong(fmt::format("{}", fmt::join(faults, "; ")));
    } else if (const auto [at, added] = tables.try_emplace(TableNameOf(key), key); !added) {
      wrong(fmt::format("{}: its table {} is that of the key {} already", pointer, at->first, at->second));
    } else {
      definitions.series.push_back(Complete(key, value->get_object()));
    }
  }
  return definitions;
}

IexRequest RequestOf(const json::object& definition) {
  IexRequest request;
  const auto text = [&](const char* member) {
    const json::value* value = definition.if_contains(member);
    return value == nullptr ? std::string() : std::string(value->get_string());
  };
  const auto joined = [&](const char* member) {
    std::string list;
    for (const json::value& item : definition.at(member).get_array()) {
      list += (list.empty() ? "" : ",") + std::string(item.get_string());
    }
    return list;
  };
  if (text("endpoint") == "batch") {
    request.path = "/stock/market/batch";
    request.query = {{"symbols", joined("symbols")}, {"types", joined("types")}};
    if (const std::string range = text("range"); !range.empty()) request.query.emplace_back("range", range);
  } else {
    const std::string range = text("range");
    // A range is made of letters, digits and the '/' of date/YYYYMMDD.
    request.path =
        fmt::format("/stock/{}/chart/{}", net::PercentEncode(text("symbol")), range.empty() ? "1m" : range);
  }
  if (const json::value* params = definition.if_contains("params")) {
    for (const auto& param : params->get_object()) {
      const json::value& value = param.value();
      request.query.emplace_back(param.key(),
                                 value.is_string() ? std::string(value.get_string()) : ToJson(value));
      request.csv = request.csv || (param.key() == "format" && value == json::value("csv"));
    }
  }
  return request;
}

}  // namespace penstock::source::iex
