#include "stream/json_cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/ascii.h"
#include "base/json_text.h"
#include "stream/text_values.h"

namespace penstock::stream {
namespace {

using Kind = lake::HiveType::Kind;
using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::string_view kMismatch = "Data does not match the schema.";

std::string ForInput(std::string_view text) {
  return fmt::format("{} For input string: \"{}\"", kMismatch, text.substr(0, 200));
}

struct Bounds {
  int64_t least, most;
};
Bounds BoundsOf(Kind kind) {
  switch (kind) {
    case Kind::kTinyint: return {INT8_MIN, INT8_MAX};
    case Kind::kSmallint: return {INT16_MIN, INT16_MAX};
    case Kind::kInt: return {INT32_MIN, INT32_MAX};
    default: return {INT64_MIN, INT64_MAX};
  }
}

bool IsNumberKind(Kind kind) { return kind >= Kind::kTinyint && kind <= Kind::kDouble; }
bool IsTextKind(Kind kind) {
  return kind == Kind::kString || kind == Kind::kVoid || kind == Kind::kBinary || kind == Kind::kChar ||
         kind == Kind::kVarchar;
}

size_t Characters(std::string_view utf8) {
  return static_cast<size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

// Java's name of what Firehose's reader made of a value, for its words.
std::string_view JavaNameOf(element_type type) {
  switch (type) {
    case element_type::INT64:
    case element_type::UINT64: return "java.lang.Long";
    case element_type::DOUBLE: return "java.lang.Double";
    case element_type::BOOL: return "java.lang.Boolean";
    default: return "java.lang.String";
  }
}

// As JSON, with keys in lower case.
void AppendLowered(const element& value, std::string* out) {
  simdjson::dom::object object;
  simdjson::dom::array list;
  const char* comma = "";
  if (value.get_object().get(object) == simdjson::SUCCESS) {
    *out += '{';
    for (const auto field : object) {
      *out += comma;
      penstock::AppendJson(json::value(AsciiLower(field.key)), *out);
      *out += ':';
      AppendLowered(field.value, out);
      comma = ",";
    }
    *out += '}';
  } else if (value.get_array().get(list) == simdjson::SUCCESS) {
    *out += '[';
    for (const element item : list) {
      *out += comma;
      AppendLowered(item, out);
      comma = ",";
    }
    *out += ']';
  } else {
    *out += simdjson::minify(value);
  }
}

}  // namespace

JsonCell::JsonCell(const lake::HiveType& type, const JsonRules& rules) : type_(type), rules_(rules) {
  for (const auto& part : type_.parts) parts_.emplace_back(part, rules);
  if (type_.kind == Kind::kStruct) fields_ = std::make_unique<JsonFields>(type_.names, rules);
}

std::string JsonCell::Add(const element& value, lake::RowColumn* to) {
  switch (type_.kind) {
    case Kind::kArray: return AddList(value, to);
    case Kind::kMap: return AddMap(value, to);
    case Kind::kStruct: return AddStruct(value, to);
    default: break;
  }
  const bool is_text = IsTextKind(type_.kind);
  switch (value.type()) {
    case element_type::STRING: {
      const std::string_view text = value.get_string().value_unsafe();
      if (rules_.hive && IsNumberKind(type_.kind) && !IsLongNumber(text)) {
        return fmt::format("{} Current token (VALUE_STRING) not numeric, can not use numeric value accessors",
                           kMismatch);
      }
      return AddText(text, to);
    }
    case element_type::INT64:
      if (!is_text && type_.kind != Kind::kDecimal) return AddWhole(value.get_int64().value_unsafe(), {}, to);
      break;
    case element_type::DOUBLE:
      if (!is_text && type_.kind != Kind::kDecimal) return AddReal(value.get_double().value_unsafe(), {}, to);
      break;
    case element_type::BOOL:
      if (type_.kind != Kind::kBoolean) break;
      to->AddBool(value.get_bool().value_unsafe());
      return "";
    case element_type::ARRAY:
    case element_type::OBJECT:
      if (rules_.hive && is_text) {
        return "One or more fields have incorrect format. Exception when validating field (root)";
      }
      break;
    default: break;
  }
  const std::string text = TextOf(value, rules_.lower_keys);
  // Whole numbers beyond 63 bits are texts to all others.
  const bool number =
      value.is_number() && (type_.kind == Kind::kDecimal || value.type() == element_type::UINT64);
  return is_text || number ? AddText(text, to) : ForInput(text);
}

std::string JsonCell::AddPart(const element& value, lake::RowColumn* to) {
  if (!value.is_null()) return Add(value, to);
  to->AddNull();
  return "";
}

std::string JsonCell::AddWhole(int64_t number, std::string_view text, lake::RowColumn* to) {
  const auto as_text = [&] { return text.empty() ? fmt::format("{}", number) : std::string(text); };
  switch (type_.kind) {
    case Kind::kFloat:
    case Kind::kDouble: return AddReal(static_cast<double>(number), text, to);
    case Kind::kTimestamp: return AddEpoch(FromEpoch(number), as_text, to);
    case Kind::kTinyint:
    case Kind::kSmallint:
    case Kind::kInt:
    case Kind::kBigint: break;
    default: return ForInput(as_text());
  }
  const Bounds bounds = BoundsOf(type_.kind);
  if (number < bounds.least || number > bounds.most) return ForInput(as_text());
  to->AddInteger(number);
  return "";
}

std::string JsonCell::AddReal(double number, std::string_view text, lake::RowColumn* to) {
  const auto as_text = [&] { return text.empty() ? JsonText(json::value(number)) : std::string(text); };
  switch (type_.kind) {
    case Kind::kDouble: to->AddFixed(&number); return "";
    case Kind::kFloat: {
      const auto single = static_cast<float>(number);
      if (!std::isfinite(single)) return ForInput(as_text());
      to->AddFixed(&single);
      return "";
    }
    case Kind::kTimestamp: return AddEpoch(FromEpoch(number), as_text, to);
    default: return ForInput(as_text());
  }
}

template <typename AsText>
std::string JsonCell::AddEpoch(std::optional<int64_t> moment, const AsText& as_text, lake::RowColumn* to) {
  if (rules_.hive) return AddTime(as_text(), to);
  if (!moment) return ForInput(as_text());
  to->AddInteger(*moment);
  return "";
}

std::string JsonCell::AddText(std::string_view text, lake::RowColumn* to) {
  const std::string_view trimmed = TrimAscii(text, " ");
  switch (type_.kind) {
    case Kind::kBoolean: {
      const std::string word = AsciiLower(text.substr(0, 6));
      if (word != "true" && word != "false") return ForInput(text);
      to->AddBool(word == "true");
      return "";
    }
    case Kind::kTinyint:
    case Kind::kSmallint:
    case Kind::kInt:
    case Kind::kBigint: {
      const auto number = ParseInteger(trimmed);
      return number ? AddWhole(*number, text, to) : ForInput(text);
    }
    case Kind::kFloat:
    case Kind::kDouble: {
      const auto number = ParseReal(trimmed);
      return number ? AddReal(*number, text, to) : ForInput(text);
    }
    case Kind::kDate: {
      const auto day = ParseDay(trimmed);
      if (!day) return ForInput(text);
      to->AddInteger(*day);
      return "";
    }
    case Kind::kTimestamp: return AddTime(trimmed, to);
    case Kind::kDecimal: return AddDecimal(trimmed, to);
    case Kind::kChar:
    case Kind::kVarchar: return AddSized(text, to);
    default: to->AddBytes(text); return "";
  }
}

std::string JsonCell::AddTime(std::string_view text, lake::RowColumn* to) {
  std::optional<int64_t> moment;
  for (size_t i = 0; !moment && i < rules_.times.size(); ++i) moment = rules_.times[i].Read(text);
  // java.sql.Timestamp.valueOf, which Hive falls back to, knows a space and no offset.
  const bool plain = text.find_first_not_of("0123456789-: .") == text.npos && text.find(' ') != text.npos;
  if (!moment && (!rules_.hive || plain)) moment = ParseMoment(text);
  if (!moment && !rules_.hive) {
    if (const auto whole = ParseInteger(text))
      moment = FromEpoch(*whole);
    else if (const auto real = ParseReal(text))
      moment = FromEpoch(*real);
  }
  if (!moment) return ForInput(text);
  to->AddInteger(*moment);
  return "";
}

std::string JsonCell::AddDecimal(std::string_view text, lake::RowColumn* to) {
  const auto number = ParseDecimal(text, type_.precision, type_.scale);
  if (!number) return ForInput(text);
  to->AddFixed(&*number);  // little-endian, two's complement: as Arrow keeps it
  return "";
}

std::string JsonCell::AddSized(std::string_view text, lake::RowColumn* to) {
  if (Characters(text) > static_cast<size_t>(type_.length)) {
    return fmt::format("{} More than {} characters: \"{}\"", kMismatch, type_.length, text.substr(0, 200));
  }
  to->AddBytes(text);
  return "";
}

std::string JsonCell::AddList(const element& value, lake::RowColumn* to) {
  simdjson::dom::array items;
  lake::RowColumn* const part = &to->part(0);
  if (value.get_array().get(items) == simdjson::SUCCESS) {
    for (const element item : items) {
      if (auto why = parts_[0].AddPart(item, part); !why.empty()) return why;
    }
  } else if (rules_.hive) {
    return fmt::format("{} java.io.IOException: Start of Array expected", kMismatch);
  } else if (auto why = parts_[0].Add(value, part); !why.empty()) {
    return why;
  }
  to->EndCell();
  return "";
}

std::string JsonCell::AddMap(const element& value, lake::RowColumn* to) {
  simdjson::dom::object members;
  if (value.get_object().get(members) != simdjson::SUCCESS) {
    return rules_.hive ? fmt::format("{} java.io.IOException: Start of Object expected", kMismatch)
                       : fmt::format("{} A map is a JSON object. {}", kMismatch, ForInput(TextOf(value)));
  }
  // A key is there once: of several that are alike in lower case the last.
  std::vector<std::pair<std::string, element>> entries;
  std::unordered_map<std::string, size_t> places;
  for (const auto field : members) {
    std::string key = rules_.lower_keys ? AsciiLower(field.key) : std::string(field.key);
    const auto [place, is_new] = places.try_emplace(key, entries.size());
    if (is_new)
      entries.emplace_back(std::move(key), field.value);
    else
      entries[place->second].second = field.value;
  }
  for (const auto& [key, item] : entries) {
    if (auto why = parts_[0].AddText(key, &to->part(0)); !why.empty()) return why;
    if (auto why = parts_[1].AddPart(item, &to->part(1)); !why.empty()) return why;
  }
  to->EndCell();
  return "";
}

std::string JsonCell::AddStruct(const element& value, lake::RowColumn* to) {
  simdjson::dom::object members;
  simdjson::dom::array list;
  if (value.get_object().get(members) == simdjson::SUCCESS) {
    const auto found = fields_->Find(members);
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (!found[i].there) {
        to->part(i).AddNull();
      } else if (auto why = parts_[i].AddPart(found[i].value, &to->part(i)); !why.empty()) {
        return why;
      }
    }
  } else if (rules_.hive) {
    return fmt::format("{} java.io.IOException: Start of Object expected", kMismatch);
  } else if (value.get_array().get(list) == simdjson::SUCCESS) {
    // By place; what is missing is null, what is too many is passed over.
    size_t at = 0;
    for (const element item : list) {
      if (at == parts_.size()) break;
      if (auto why = parts_[at].AddPart(item, &to->part(at)); !why.empty()) return why;
      ++at;
    }
    for (; at < parts_.size(); ++at) to->part(at).AddNull();
  } else {
    return fmt::format("{} Data is not JSONObject  but {} with value {}", kMismatch, JavaNameOf(value.type()),
                       TextOf(value).substr(0, 200));
  }
  to->EndCell();
  return "";
}

std::string TextOf(const element& value, bool lower_keys) {
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) return std::string(text);
  std::string out;
  if (lower_keys && (value.is_object() || value.is_array()))
    AppendLowered(value, &out);
  else
    out = simdjson::minify(value);
  return out;
}

}  // namespace penstock::stream
