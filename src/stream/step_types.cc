// cast: of which types a record's fields are. What would lose something is refused, never rounded.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/json_text.h"
#include "base/spelling.h"
#include "stream/record_field.h"
#include "stream/record_step.h"
#include "stream/transform_settings.h"

namespace penstock::stream {
namespace {

enum class Type { kString, kInt, kDouble, kBoolean };
constexpr std::pair<std::string_view, Type> kTypes[] = {
    {"string", Type::kString}, {"int", Type::kInt}, {"double", Type::kDouble}, {"boolean", Type::kBoolean}};

template <typename Number>
std::optional<Number> Parse(std::string_view text) {
  Number number{};
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<json::value> ToInt(const json::value& value) {
  if (value.is_int64()) return value;
  if (value.is_double()) {
    const double number = value.get_double();
    // Every whole number below 2^53 is a double of its own.
    if (std::trunc(number) == number && std::abs(number) <= 9007199254740992.0) {
      return json::value(static_cast<int64_t>(number));
    }
    return std::nullopt;
  }
  if (!value.is_string()) return std::nullopt;
  const auto number = Parse<int64_t>(TrimAscii(std::string_view(value.get_string()), " "));
  return number ? std::optional<json::value>(*number) : std::nullopt;
}

std::optional<json::value> ToDouble(const json::value& value) {
  if (value.is_double()) return value;
  if (value.is_int64()) return json::value(static_cast<double>(value.get_int64()));
  if (value.is_uint64()) return json::value(static_cast<double>(value.get_uint64()));
  if (!value.is_string()) return std::nullopt;
  const auto number = Parse<double>(TrimAscii(std::string_view(value.get_string()), " "));
  return number && std::isfinite(*number) ? std::optional<json::value>(*number) : std::nullopt;
}

std::optional<json::value> ToBoolean(const json::value& value) {
  if (value.is_bool()) return value;
  const std::string text = value.is_string() ? std::string(value.get_string()) : JsonText(value);
  if (text == "true" || text == "True" || text == "TRUE" || text == "1") return json::value(true);
  if (text == "false" || text == "False" || text == "FALSE" || text == "0") return json::value(false);
  return std::nullopt;
}

std::optional<json::value> Convert(const json::value& value, Type type) {
  switch (type) {
    case Type::kInt: return ToInt(value);
    case Type::kDouble: return ToDouble(value);
    case Type::kBoolean: return ToBoolean(value);
    case Type::kString: break;
  }
  return value.is_string() ? value : json::value(JsonText(value));
}

class Cast : public RecordStep {
 public:
  struct Field {
    RecordField field;
    Type type;
    std::string_view type_name;
  };
  explicit Cast(std::vector<Field> fields) : fields_(std::move(fields)) {}

  Result<bool> Apply(json::value& record) const override {
    for (const auto& [field, type, type_name] : fields_) {
      json::value* value = field.Find(record);
      if (value == nullptr || value->is_null()) continue;
      auto converted = Convert(*value, type);
      if (!converted) {
        return MakeError(ErrorCode::kInvalidData, fmt::format("field {}: not of type {}: {}", field.text(),
                                                              type_name, JsonText(*value).substr(0, 100)));
      }
      *value = *std::move(converted);
    }
    return true;
  }

 private:
  const std::vector<Field> fields_;
};

}  // namespace

Result<std::unique_ptr<RecordStep>> MakeCast(const json::value& settings, const std::string& where,
                                             const StepContext&) {
  std::vector<std::string> names;
  for (const auto& each : kTypes) names.emplace_back(each.first);
  const auto* object = settings.if_object();
  if (object == nullptr || object->empty()) {
    return MakeError(ErrorCode::kConfiguration,
                     fmt::format("{}: expected {{FIELD: TYPE, …}}, got {}", where, DescribeValue(&settings)));
  }
  Settings reader(*object, where);
  std::vector<Cast::Field> fields;
  for (const auto& [path, unused] : *object) {
    ASSIGN_OR_RETURN(const std::string name, reader.Choice(path, names, ""));
    const auto* type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                    [&](const auto& each) { return each.first == name; });
    auto field = RecordField::Parse(path);
    if (!field.ok()) return reader.Fault(path, field.status().message());
    fields.push_back({*std::move(field), type->second, type->first});
  }
  return std::make_unique<Cast>(std::move(fields));
}

}  // namespace penstock::stream
