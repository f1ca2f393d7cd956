// The functions. Each gets as many arguments as its row allows, and checks their types.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/base64.h"
#include "base/digest.h"
#include "base/json_text.h"
#include "base/uuid.h"
#include "workflow/intrinsic.h"

namespace penstock::workflow {
namespace {

using Arguments = std::vector<json::value>;

constexpr int64_t kMaxElements = 1'000;      // ArrayRange; developer guide, "Intrinsics for arrays"
constexpr size_t kMaxEncodedBytes = 10'000;  // Base64*, Hash; developer guide

Status Invalid(std::string message) { return MakeError(ErrorCode::kInvalidData, std::move(message)); }

// Numbers are rounded half up to whole ones, as Java's Math.round does.
Result<int64_t> Whole(const json::value& value, std::string_view what) {
  if (value.is_int64()) return value.get_int64();
  if (value.is_double()) {
    const double rounded = std::floor(value.get_double() + 0.5);
    if (std::abs(rounded) < 9e18) return static_cast<int64_t>(rounded);
  }
  return Invalid(
      fmt::format("{} must be a number that fits 64 bits, not {}", what, JsonText(value).substr(0, 80)));
}
Result<std::string_view> Text(const json::value& value, std::string_view what) {
  if (value.is_string()) return std::string_view(value.get_string());
  return Invalid(fmt::format("{} must be a string, not {}", what, JsonText(value).substr(0, 80)));
}
Result<const json::array*> Array(const json::value& value, std::string_view what) {
  if (value.is_array()) return &value.get_array();
  return Invalid(fmt::format("{} must be an array, not {}", what, JsonText(value).substr(0, 80)));
}

// Objects and arrays inside a formatted text look as Java prints them: {a=1, b=[]}.
void AppendJavaText(const json::value& value, std::string& out) {
  if (const auto* object = value.if_object()) {
    std::string_view separator = "{";
    for (const auto& member : *object) {
      out += separator, out += member.key(), out += '=';
      AppendJavaText(member.value(), out);
      separator = ", ";
    }
    out += object->empty() ? "{}" : "}";
  } else if (const auto* array = value.if_array()) {
    std::string_view separator = "[";
    for (const auto& element : *array) {
      out += separator;
      AppendJavaText(element, out);
      separator = ", ";
    }
    out += array->empty() ? "[]" : "]";
  } else if (value.is_string()) {
    out += std::string_view(value.get_string());
  } else {
    AppendJson(value, out);
  }
}

Result<json::value> Format(const Arguments& arguments, const Scope&) {
  ASSIGN_OR_RETURN(const std::string_view pattern, Text(arguments[0], "the template"));
  std::string out;
  size_t next = 1;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      const char escaped = pattern[++i];
      if (escaped != '{' && escaped != '}' && escaped != '\\' && escaped != '\'') out += '\\';
      out += escaped;
    } else if (pattern.substr(i, 2) == "{}") {
      if (next >= arguments.size()) return Invalid("there are more {} than arguments");
      AppendJavaText(arguments[next++], out);
      ++i;
    } else {
      out += pattern[i];
    }
  }
  if (next != arguments.size()) return Invalid("there are more arguments than {}");
  return json::value(out);
}

Result<json::value> StringToJson(const Arguments& arguments, const Scope&) {
  ASSIGN_OR_RETURN(const std::string_view text, Text(arguments[0], "the argument"));
  if (text.empty()) return json::value(nullptr);
  return ParseJson(text);
}
Result<json::value> JsonToString(const Arguments& arguments, const Scope&) {
  return json::value(JsonText(arguments[0]));
}

Result<json::value> MakeArray(const Arguments& arguments, const Scope&) {
  return json::value(json::array(arguments.begin(), arguments.end()));
}

Result<json::value> ArrayPartition(const Arguments& arguments, const Scope&) {
  ASSIGN_OR_RETURN(const auto* array, Array(arguments[0], "the first argument"));
  ASSIGN_OR_RETURN(const int64_t size, Whole(arguments[1], "the chunk size"));
  if (size <= 0) return Invalid(fmt::format("the chunk size must be positive: {}", size));
  json::array out;
  for (size_t i = 0; i < array->size(); ++i) {
    if (i % static_cast<size_t>(size) == 0) out.emplace_back(json::array());
    out.back().get_array().push_back((*array)[i]);
  }
  return json::value(std::move(out));
}

Result<json::value> ArrayContains(const Arguments& arguments, const Scope&) {
  ASSIGN_OR_RETURN(const auto* array, Array(arguments[0], "the first argument"));
  return json::value(std::any_of(array->begin(), array->end(), [&](const json::value& element) {
    return JsonEquals(element, arguments[1]);
  }));
}

Result<json::value> ArrayRange(const Arguments& arguments, const Scope&) {
  ASSIGN_OR_RETURN(const int64_t first, Whole(arguments[0], "the first number"));
  ASSIGN_OR_RETURN(const int64_t last, Whole(arguments[1], "the last number"));
  ASSIGN_OR_RETURN(const int64_t step, Whole(arguments[2], "the step"));
  if (step == 0) return Invalid("the step must not be 0");
  json::array out;
  for (__int128 i = first; step > 0 ? i <= last : i >= last; i += step) {
    if (static_cast<int64_t>(out.size()) == kMaxElements)
      return Invalid("a range has at most 1,000 elements");
    out.emplace_back(static_cast<int64_t>(i));
  }
  return json::value(std::move(out));
}

Result<json::value> ArrayGetItem(const Arguments& arguments, const Scope&) {
  ASSIGN_OR_RETURN(const auto* array, Array(arguments[0], "the first argument"));
  ASSIGN_OR_RETURN(const int64_t index, Whole(arguments[1], "the index"));
  if (index < 0 || index >= static_cast<int64_t>(array->size())) {
    return Invalid(fmt::format("the index is outside of the array of {}: {}", array->size(), index));
  }
  return (*array)[static_cast<size_t>(index)];
}

Result<json::value> ArrayLength(const Arguments& arguments, const Scope&) {
  ASSIGN_OR_RETURN(const auto* array, Array(arguments[0], "the argument"));
  return json::value(array->size());
}

Result<json::value> ArrayUnique(const Arguments& arguments, const Scope&) {
  ASSIGN_OR_RETURN(const auto* array, Array(arguments[0], "the argument"));
  json::array out;
  for (const auto& element : *array) {
    if (std::none_of(out.begin(), out.end(),
                     [&](const json::value& known) { return JsonEquals(known, element); })) {
      out.push_back(element);
    }
  }
  return json::value(std::move(out));
}

Result<json::value> Base64Encode(const Arguments& arguments, const Scope&) {
  ASSIGN_OR_RETURN(const std::string_view text, Text(arguments[0], "the argument"));
  if (text.size() > kMaxEncodedBytes) return Invalid("at most 10,000 characters");
  return json::value(penstock::Base64Encode(text));
}

Result<json::value> Base64Decode(const Arguments& arguments, const Scope&) {
  ASSIGN_OR_RETURN(const std::string_view text, Text(arguments[0], "the argument"));
  if (text.size() > kMaxEncodedBytes) return Invalid("at most 10,000 characters");
  const auto out = penstock::Base64Decode(text);
  if (!out.ok()) return Invalid("not Base64");
  if (out->find('\0') != std::string::npos) return Invalid("the decoded bytes are not text");
  return json::value(*out);
}

Result<json::value> Hash(const Arguments& arguments, const Scope&) {
  const std::string text =
      arguments[0].is_string() ? std::string(arguments[0].get_string()) : JsonText(arguments[0]);
  ASSIGN_OR_RETURN(const std::string_view algorithm, Text(arguments[1], "the algorithm"));
  if (text.size() > kMaxEncodedBytes) return Invalid("at most 10,000 characters");
  if (const auto digest = HexDigest(algorithm, text)) return json::value(*digest);
  return Invalid(
      fmt::format("the algorithm must be MD5, SHA-1, SHA-256, SHA-384 or SHA-512, not {}", algorithm));
}

Result<json::value> JsonMerge(const Arguments& arguments, const Scope&) {
  if (!arguments[0].is_object() || !arguments[1].is_object())
    return Invalid("the first two arguments must be objects");
  if (!arguments[2].is_bool() || arguments[2].get_bool()) {
    return Invalid("the third argument must be false: deep merging is not supported");
  }
  json::object out = arguments[0].get_object();
  for (const auto& member : arguments[1].get_object()) out.insert_or_assign(member.key(), member.value());
  return json::value(std::move(out));
}

Result<json::value> MathRandom(const Arguments& arguments, const Scope& scope) {
  ASSIGN_OR_RETURN(const int64_t low, Whole(arguments[0], "the lowest number"));
  ASSIGN_OR_RETURN(const int64_t high, Whole(arguments[1], "the highest number"));
  if (low >= high)
    return Invalid(fmt::format("the first number must be below the second: {}, {}", low, high));
  if (arguments.size() > 2) {
    ASSIGN_OR_RETURN(const int64_t seed, Whole(arguments[2], "the seed"));
    return json::value(Random(static_cast<uint64_t>(seed)).Uniform(low, high - 1));
  }
  return json::value(scope.random->Uniform(low, high - 1));
}

Result<json::value> MathAdd(const Arguments& arguments, const Scope&) {
  ASSIGN_OR_RETURN(const int64_t a, Whole(arguments[0], "the first number"));
  ASSIGN_OR_RETURN(const int64_t b, Whole(arguments[1], "the second number"));
  int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return Invalid("the sum does not fit 64 bits");
  return json::value(sum);
}

Result<json::value> StringSplit(const Arguments& arguments, const Scope&) {
  ASSIGN_OR_RETURN(const std::string_view text, Text(arguments[0], "the first argument"));
  ASSIGN_OR_RETURN(const std::string_view separators, Text(arguments[1], "the separators"));
  json::array out;  // every character of `separators` separates; empty parts are left out
  size_t begin = 0;
  while (begin <= text.size()) {
    const size_t end = std::min(text.find_first_of(separators, begin), text.size());
    if (end > begin) out.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return json::value(std::move(out));
}

Result<json::value> Uuid(const Arguments&, const Scope& scope) {
  return json::value(RandomUuid(*scope.random));
}

constexpr std::array kFunctions{
    IntrinsicFunction{"States.Format", 1, -1, Format},
    IntrinsicFunction{"States.StringToJson", 1, 1, StringToJson},
    IntrinsicFunction{"States.JsonToString", 1, 1, JsonToString},
    IntrinsicFunction{"States.Array", 0, -1, MakeArray},
    IntrinsicFunction{"States.ArrayPartition", 2, 2, ArrayPartition},
    IntrinsicFunction{"States.ArrayContains", 2, 2, ArrayContains},
    IntrinsicFunction{"States.ArrayRange", 3, 3, ArrayRange},
    IntrinsicFunction{"States.ArrayGetItem", 2, 2, ArrayGetItem},
    IntrinsicFunction{"States.ArrayLength", 1, 1, ArrayLength},
    IntrinsicFunction{"States.ArrayUnique", 1, 1, ArrayUnique},
    IntrinsicFunction{"States.Base64Encode", 1, 1, Base64Encode},
    IntrinsicFunction{"States.Base64Decode", 1, 1, Base64Decode},
    IntrinsicFunction{"States.Hash", 2, 2, Hash},
    IntrinsicFunction{"States.JsonMerge", 3, 3, JsonMerge},
    IntrinsicFunction{"States.MathRandom", 2, 3, MathRandom},
    IntrinsicFunction{"States.MathAdd", 2, 2, MathAdd},
    IntrinsicFunction{"States.StringSplit", 2, 2, StringSplit},
    IntrinsicFunction{"States.UUID", 0, 0, Uuid},
};

}  // namespace

const IntrinsicFunction* FindIntrinsic(std::string_view name) {
  const auto* found = std::find_if(kFunctions.begin(), kFunctions.end(),
                                   [&](const IntrinsicFunction& function) { return function.name == name; });
  return found == kFunctions.end() ? nullptr : found;
}

}  // namespace penstock::workflow
