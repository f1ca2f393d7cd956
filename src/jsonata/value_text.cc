#include "jsonata/value_text.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/utf8.h"
#include "jsonata/fault_text.h"
#include "jsonata/number_text.h"

namespace penstock::jsonata {
namespace {

Status TooMuch(std::string_view what) { return Failure("U1001", {.value = std::string(what)}); }

// Half a surrogate pair, which a text of JSONata may hold, is not UTF-8.
std::string TextOf(std::string_view text) {
  return IsUtf8(text) ? std::string(text) : ReplaceInvalidUtf8(std::string(text));
}

Result<json::value> Convert(const Value& value, size_t& nodes, int depth) {
  if (depth > kMaxValueDepth) return TooMuch("The result is nested too deeply");
  if (nodes == 0) return TooMuch("The result is too large");
  --nodes;
  switch (value.kind()) {
    case Kind::kUndefined:
    case Kind::kNull: return json::value(nullptr);
    case Kind::kBoolean: return json::value(value.boolean());
    case Kind::kNumber: {
      const double number = value.number();
      if (!std::isfinite(number)) return Failure("D1001", {.value = NumberText(number)});
      if (number == std::floor(number) && std::fabs(number) <= 9007199254740992.0) {
        return json::value(static_cast<int64_t>(number));
      }
      return json::value(number);
    }
    case Kind::kString: return json::value(TextOf(value.text()));
    case Kind::kFunction: return json::value("");
    case Kind::kTuple: return Convert(value.tuple()->item, nodes, depth);
    case Kind::kArray: {
      json::array array;
      array.reserve(value.size());
      for (size_t i = 0; i < value.size(); ++i) {
        ASSIGN_OR_RETURN(json::value item, Convert(value.At(i), nodes, depth + 1));
        array.push_back(std::move(item));
      }
      return json::value(std::move(array));
    }
    case Kind::kObject: {
      json::object object;
      object.reserve(value.size());
      for (size_t i = 0; i < value.size(); ++i) {
        const auto [key, member] = value.Member(i);
        ASSIGN_OR_RETURN(json::value item, Convert(member, nodes, depth + 1));
        object.insert_or_assign(TextOf(key), std::move(item));
      }
      return json::value(std::move(object));
    }
  }
  return json::value(nullptr);
}

class Writer {
 public:
  Writer(bool pretty, size_t max_bytes) : pretty_(pretty), max_bytes_(max_bytes) {}

  Status Write(const Value& value, int depth) {
    if (depth > kMaxValueDepth) return TooMuch("The value is nested too deeply to be written");
    if (out_.size() > max_bytes_) return TooMuch("The text is too long");
    switch (value.kind()) {
      case Kind::kUndefined:
      case Kind::kNull: out_ += "null"; break;
      case Kind::kBoolean: out_ += value.boolean() ? "true" : "false"; break;
      case Kind::kNumber:
        if (!std::isfinite(value.number())) return Failure("D3001", {.value = "null"});
        out_ += NumberText(value.number());
        break;
      case Kind::kString: AppendQuoted(out_, value.text()); break;
      case Kind::kFunction: out_ += "\"\""; break;
      case Kind::kTuple: return Write(value.tuple()->item, depth);
      case Kind::kArray:
        out_ += '[';
        for (size_t i = 0; i < value.size(); ++i) {
          NewLine(i > 0, depth + 1);
          RETURN_IF_ERROR(Write(value.At(i), depth + 1));
        }
        if (value.size() > 0) NewLine(false, depth);
        out_ += ']';
        break;
      case Kind::kObject:
        out_ += '{';
        for (size_t i = 0; i < value.size(); ++i) {
          const auto [key, member] = value.Member(i);
          NewLine(i > 0, depth + 1);
          AppendQuoted(out_, key);
          out_ += pretty_ ? ": " : ":";
          RETURN_IF_ERROR(Write(member, depth + 1));
        }
        if (value.size() > 0) NewLine(false, depth);
        out_ += '}';
        break;
    }
    return Status::OK();
  }

  std::string& out() { return out_; }

 private:
  void NewLine(bool comma, int depth) {
    if (comma) out_ += ',';
    if (!pretty_) return;
    out_ += '\n';
    out_.append(2 * static_cast<size_t>(depth), ' ');
  }

  std::string out_;
  const bool pretty_;
  const size_t max_bytes_;
};

}  // namespace

Result<json::value> ToJsonValue(const Value& value, size_t max_nodes) { return Convert(value, max_nodes, 0); }

Result<std::string> StringOf(const Value& value, bool pretty, size_t max_bytes) {
  if (value.is_string()) return std::string(value.text());
  if (value.is_function()) return std::string();
  Writer writer(pretty, max_bytes);
  RETURN_IF_ERROR(writer.Write(value, 0));
  return std::move(writer.out());
}

std::string ValueText(const Value& value) {
  constexpr size_t kLongest = 200;
  if (value.is_number() && !std::isfinite(value.number())) return "null";
  Writer writer(false, 4 * kLongest);
  IgnoreError(writer.Write(value, 0), "an error's text is cut short anyway");
  std::string text = std::move(writer.out());
  if (text.size() > kLongest) {
    size_t end = kLongest;
    while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end) + "...";
  }
  return text;
}

void AppendQuoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<uint8_t>(c) < 0x20) {
          char escape[8];
          std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
          out += escape;
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

}  // namespace penstock::jsonata
