#include "workflow/json_path_function.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/json_text.h"

namespace penstock::workflow {
namespace {

using Arguments = std::vector<json::value>;

Status Unfit(std::string message) { return MakeError(ErrorCode::kNotFound, std::move(message)); }

// The numbers of the subject, where it is an array, and of the arguments.
Result<std::vector<double>> Numbers(const json::value& subject, const Arguments& arguments) {
  std::vector<double> out;
  const auto add = [&](const json::value& value) {
    if (value.is_number()) out.push_back(value.to_number<double>());
  };
  if (const auto* array = subject.if_array()) std::for_each(array->begin(), array->end(), add);
  for (const auto& argument : arguments) {
    if (const auto* array = argument.if_array())
      std::for_each(array->begin(), array->end(), add);
    else
      add(argument);
  }
  if (out.empty()) return Unfit("Aggregation function attempted to calculate value using empty array");
  return out;
}

double SumOf(const std::vector<double>& numbers) {
  double sum = 0;
  for (const double number : numbers) sum += number;
  return sum;
}

Result<json::value> Min(const json::value& subject, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const auto numbers, Numbers(subject, arguments));
  return json::value(*std::min_element(numbers.begin(), numbers.end()));
}
Result<json::value> Max(const json::value& subject, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const auto numbers, Numbers(subject, arguments));
  return json::value(*std::max_element(numbers.begin(), numbers.end()));
}
Result<json::value> Sum(const json::value& subject, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const auto numbers, Numbers(subject, arguments));
  return json::value(SumOf(numbers));
}
Result<json::value> Average(const json::value& subject, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const auto numbers, Numbers(subject, arguments));
  return json::value(SumOf(numbers) / static_cast<double>(numbers.size()));
}
Result<json::value> StandardDeviation(const json::value& subject, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const auto numbers, Numbers(subject, arguments));
  const double mean = SumOf(numbers) / static_cast<double>(numbers.size());
  double squares = 0;
  for (const double number : numbers) squares += (number - mean) * (number - mean);
  return json::value(std::sqrt(squares / static_cast<double>(numbers.size())));
}

Result<json::value> Length(const json::value& subject, const Arguments&) {
  if (const auto* array = subject.if_array()) return json::value(array->size());
  if (const auto* object = subject.if_object()) return json::value(object->size());
  if (const auto* text = subject.if_string()) {
    return json::value(std::count_if(text->begin(), text->end(),
                                     [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
  }
  return json::value(nullptr);
}

Result<json::value> Keys(const json::value& subject, const Arguments&) {
  const auto* object = subject.if_object();
  if (object == nullptr) return json::value(nullptr);
  json::array out;
  for (const auto& member : *object) out.emplace_back(member.key());
  return json::value(std::move(out));
}

Result<json::value> Concat(const json::value& subject, const Arguments& arguments) {
  std::string out;
  const auto add = [&](const json::value& value) {
    if (value.is_string())
      out += std::string_view(value.get_string());
    else if (value.is_number() || value.is_bool())
      AppendJson(value, out);
  };
  if (const auto* array = subject.if_array()) {
    for (const auto& one : *array) {
      if (one.is_string()) add(one);
    }
  }
  for (const auto& argument : arguments) {
    if (const auto* array = argument.if_array())
      std::for_each(array->begin(), array->end(), add);
    else
      add(argument);
  }
  return json::value(out);
}

Result<json::value> Append(const json::value& subject, const Arguments& arguments) {
  if (!subject.is_array()) return subject;
  json::array out = subject.get_array();
  for (const auto& argument : arguments) out.push_back(argument);
  return json::value(std::move(out));
}

Result<json::value> At(const json::value& subject, int64_t index) {
  const auto* array = subject.if_array();
  if (array == nullptr || array->empty())
    return Unfit("Aggregation function attempted to calculate value using empty array");
  if (index < 0) index += static_cast<int64_t>(array->size());
  if (index < 0 || index >= static_cast<int64_t>(array->size()))
    return Unfit(fmt::format("no element at index {}", index));
  return (*array)[static_cast<size_t>(index)];
}
Result<json::value> First(const json::value& subject, const Arguments&) { return At(subject, 0); }
Result<json::value> Last(const json::value& subject, const Arguments&) { return At(subject, -1); }
Result<json::value> Index(const json::value& subject, const Arguments& arguments) {
  if (arguments.size() != 1 || !arguments[0].is_int64()) return Unfit("index() takes one whole number");
  return At(subject, arguments[0].get_int64());
}

using Function = Result<json::value> (*)(const json::value&, const Arguments&);
constexpr std::array<std::pair<std::string_view, Function>, 13> kFunctions{{{"min", Min},
                                                                            {"max", Max},
                                                                            {"sum", Sum},
                                                                            {"avg", Average},
                                                                            {"stddev", StandardDeviation},
                                                                            {"length", Length},
                                                                            {"size", Length},
                                                                            {"keys", Keys},
                                                                            {"concat", Concat},
                                                                            {"append", Append},
                                                                            {"first", First},
                                                                            {"last", Last},
                                                                            {"index", Index}}};

// Behind the argument that begins at `begin`: the next ',' outside of quotes and brackets.
size_t EndOfArgument(std::string_view text, size_t begin) {
  int depth = 0;
  bool quoted = false;
  for (size_t i = begin; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\')
      ++i;
    else if (c == '"')
      quoted = !quoted;
    else if (!quoted && (c == '[' || c == '{' || c == '('))
      ++depth;
    else if (!quoted && (c == ']' || c == '}' || c == ')'))
      --depth;
    else if (!quoted && c == ',' && depth == 0)
      return i;
  }
  return text.size();
}

}  // namespace

Result<std::shared_ptr<const PathFunctionCall>> ParsePathFunction(std::string_view name,
                                                                  std::string_view arguments) {
  const auto* found =
      std::find_if(kFunctions.begin(), kFunctions.end(), [&](const auto& one) { return one.first == name; });
  if (found == kFunctions.end())
    return MakeError(ErrorCode::kInvalidData, fmt::format("no function of this name: {}", name));
  auto call = std::make_shared<PathFunctionCall>();
  call->function = found->second;
  for (size_t begin = arguments.find_first_not_of(' '); begin < arguments.size();) {
    const size_t end = EndOfArgument(arguments, begin);
    std::string_view text = arguments.substr(begin, end - begin);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    PathFunctionArgument argument;
    if (!text.empty() && text.front() == '$') {
      ASSIGN_OR_RETURN(JsonPath path, JsonPath::Parse(text));
      argument.path = std::make_shared<const JsonPath>(std::move(path));
    } else {
      ASSIGN_OR_RETURN(argument.literal, ParseJson(text));
    }
    call->arguments.push_back(std::move(argument));
    begin = end + 1;
  }
  return std::shared_ptr<const PathFunctionCall>(std::move(call));
}

Result<json::value> CallPathFunction(const PathFunctionCall& call, const json::value& subject,
                                     const json::value& root) {
  Arguments values;
  for (const auto& argument : call.arguments) {
    if (argument.path == nullptr) {
      values.push_back(argument.literal);
    } else {
      ASSIGN_OR_RETURN(json::value value, argument.path->Evaluate(root));
      values.push_back(std::move(value));
    }
  }
  return call.function(subject, values);
}

}  // namespace penstock::workflow
