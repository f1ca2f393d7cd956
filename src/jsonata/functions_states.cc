// What Step Functions adds, in place of its intrinsic functions.
// Source: AWS Step Functions developer guide, "Transforming data with JSONata", "JSONata functions provided
// by Step Functions".
#include <array>
#include <cmath>

#include "base/digest.h"
#include "base/uuid.h"
#include "jsonata/evaluator.h"
#include "jsonata/fault_text.h"
#include "jsonata/value_text.h"

namespace penstock::jsonata {
namespace {

// They have no codes of their own.
Status Refused(std::string message) { return Failure("D3137", {.value = std::move(message)}); }

Result<int64_t> Whole(const Value& value, std::string_view what) {
  if (IsNumeric(value) && value.number() == std::floor(value.number()) && std::fabs(value.number()) < 9e15) {
    return static_cast<int64_t>(value.number());
  }
  return Refused(std::string(what) + " must be an integer, not " +
                 (value ? ValueText(value) : std::string("undefined")));
}

Result<Value> Partition(const Invocation& call) {
  if (!call[0]) return Value();
  ASSIGN_OR_RETURN(const int64_t wanted, Whole(call[1], "The chunk size of $partition"));
  if (wanted <= 0) return Refused("The chunk size of $partition must be positive: " + std::to_string(wanted));
  const Value array = call[0];
  const auto chunk = static_cast<size_t>(wanted);
  RETURN_IF_ERROR(call.evaluator.Spend(static_cast<int64_t>(array.size())));
  Arena& arena = call.evaluator.arena();
  Array* chunks = NewArray(arena);
  for (size_t i = 0; i < array.size(); ++i) {
    if (i % chunk == 0) chunks->Push(arena, Value(NewArray(arena)));
    chunks->items[chunks->size - 1].array()->Push(arena, array.At(i));
  }
  return Value(chunks);
}

// From `first` to `last`, both of them when the delta hits them.
Result<Value> Range(const Invocation& call) {
  ASSIGN_OR_RETURN(const int64_t first, Whole(call[0], "The first number of $range"));
  ASSIGN_OR_RETURN(const int64_t last, Whole(call[1], "The last number of $range"));
  ASSIGN_OR_RETURN(const int64_t delta, Whole(call[2], "The delta of $range"));
  if (delta == 0) return Refused("The delta of $range must not be 0");
  Arena& arena = call.evaluator.arena();
  if (delta > 0 ? first > last : first < last) return Value(NewArray(arena));
  const auto size = static_cast<size_t>((last - first) / delta) + 1;
  if (size > call.evaluator.environment().limits.array) {
    return Failure("D2014", {.value = std::to_string(size)});
  }
  RETURN_IF_ERROR(call.evaluator.Spend(static_cast<int64_t>(size)));
  RETURN_IF_ERROR(call.evaluator.Reserve(size * sizeof(Value)));
  Array* range = NewSequence(arena);  // one number alone stands for itself, as with the range operator
  range->Reserve(arena, size);
  for (size_t i = 0; i < size; ++i) {
    range->Push(arena, Value(static_cast<double>(first + static_cast<int64_t>(i) * delta)));
  }
  return Value(range);
}

// Of a text, or of what $string makes of another value.
Result<Value> Hash(const Invocation& call) {
  if (!call[0]) return Value();
  const size_t max_bytes = call.evaluator.environment().limits.memory_bytes;
  ASSIGN_OR_RETURN(const std::string text, StringOf(call[0], false, max_bytes));
  const std::string_view algorithm = call[1] ? call[1].text() : std::string_view();
  if (auto digest = HexDigest(algorithm, text)) return call.evaluator.Text(*std::move(digest));
  return Refused("The algorithm of $hash must be MD5, SHA-1, SHA-256, SHA-384 or SHA-512, not \"" +
                 std::string(algorithm) + "\"");
}

// From 0 to below 1; the same for the same seed.
Result<Value> RandomOf(const Invocation& call) {
  if (!call[0]) return Value(Fraction(call.evaluator.environment().random));
  ASSIGN_OR_RETURN(const int64_t seed, Whole(call[0], "The seed of $random"));
  Random random(static_cast<uint64_t>(seed));
  return Value(Fraction(random));
}

Result<Value> Uuid(const Invocation& call) {
  return call.evaluator.Text(RandomUuid(call.evaluator.environment().random));
}

// The JSON as a value of the evaluation's own. ParseJson has bounded its depth.
Value Kept(Arena& arena, const json::value& json) {
  if (json.is_string()) return Value(arena.Copy(json.get_string()));
  if (const auto* items = json.if_array()) {
    Array* array = NewArray(arena, items->size());
    for (const json::value& item : *items) array->Push(arena, Kept(arena, item));
    return Value(array);
  }
  if (const auto* members = json.if_object()) {
    Object* object = NewObject(arena);
    for (const auto& member : *members) {
      object->Set(arena, arena.Copy(member.key()), Kept(arena, member.value()));
    }
    return Value(object);
  }
  return Value::Of(json);
}

Result<Value> Parse(const Invocation& call) {
  if (!call[0]) return Value();
  const std::string_view text = call[0].text();
  RETURN_IF_ERROR(call.evaluator.Spend(static_cast<int64_t>(text.size() / 16)));
  RETURN_IF_ERROR(call.evaluator.Reserve(16 * text.size()));
  const Result<json::value> json = ParseJson(text);
  if (!json.ok()) return Refused("$parse takes JSON: " + json.status().message());
  return Kept(call.evaluator.arena(), *json);
}

constexpr std::array kRows{
    BuiltinRow{"partition", "<an:a<a>>", Partition},
    BuiltinRow{"range", "<nnn:a<n>>", Range},
    BuiltinRow{"hash", "<xs:s>", Hash},
    BuiltinRow{"random", "<n?:n>", RandomOf},
    BuiltinRow{"uuid", "<:s>", Uuid},
    BuiltinRow{"parse", "<s-:x>", Parse},
};

}  // namespace

std::span<const BuiltinRow> StepFunctions() { return kRows; }

}  // namespace penstock::jsonata
