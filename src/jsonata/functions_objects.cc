// Objects, and arrays of them.
#include <array>
#include <unordered_set>

#include "jsonata/evaluator.h"
#include "jsonata/fault_text.h"
#include "jsonata/value_text.h"

namespace penstock::jsonata {
namespace {

Status Deeper(const Invocation& call, int depth) {
  if (depth > kMaxValueDepth) return Failure("U1001", {.value = "The value is nested too deeply"});
  return call.evaluator.Spend(1);
}

using Names = std::unordered_set<std::string_view>;

Status AddKeys(const Invocation& call, const Value& value, Names& known, Array* keys, int depth) {
  RETURN_IF_ERROR(Deeper(call, depth));
  for (size_t i = 0; i < value.size(); ++i) {
    if (value.is_array()) {
      RETURN_IF_ERROR(AddKeys(call, value.At(i), known, keys, depth + 1));
      continue;
    }
    const std::string_view key = value.Member(i).first;
    if (known.insert(key).second) keys->Push(call.evaluator.arena(), Value(key));
  }
  return Status::OK();
}

Result<Value> Keys(const Invocation& call) {
  Array* keys = NewSequence(call.evaluator.arena());
  Names known;
  RETURN_IF_ERROR(AddKeys(call, call[0], known, keys, 0));
  return Value(keys);
}

Status AddFound(const Invocation& call, const Value& value, Array* found, int depth) {
  RETURN_IF_ERROR(Deeper(call, depth));
  for (size_t i = 0; i < value.size(); ++i) {
    const Value item = value.At(i);
    if (item.is_array()) {
      RETURN_IF_ERROR(AddFound(call, item, found, depth + 1));
    } else if (const Value member = item.Find(call[1].text())) {
      found->Append(call.evaluator.arena(), member);
    }
  }
  return Status::OK();
}

Result<Value> Lookup(const Invocation& call) {
  if (!call[1]) return Value();
  if (!call[0].is_array()) return call[0].Find(call[1].text());
  Array* found = NewSequence(call.evaluator.arena());
  RETURN_IF_ERROR(AddFound(call, call[0], found, 0));
  return Value(found);
}

Status AddSpread(const Invocation& call, const Value& value, Array* spread, int depth) {
  RETURN_IF_ERROR(Deeper(call, depth));
  Arena& arena = call.evaluator.arena();
  for (size_t i = 0; i < value.size(); ++i) {
    if (value.is_array()) {
      RETURN_IF_ERROR(AddSpread(call, value.At(i), spread, depth + 1));
      continue;
    }
    const auto [key, member] = value.Member(i);
    Object* single = NewObject(arena);
    single->Set(arena, key, member);
    spread->Push(arena, Value(single));
  }
  if (!value.is_array() && !value.is_object() && value) spread->Push(arena, value);
  return Status::OK();
}

Result<Value> Spread(const Invocation& call) {
  if (!call[0].is_array() && !call[0].is_object()) return call[0];
  Array* spread = NewSequence(call.evaluator.arena());
  RETURN_IF_ERROR(AddSpread(call, call[0], spread, 0));
  return Value(spread);
}

Result<Value> Merge(const Invocation& call) {
  if (!call[0]) return Value();
  Arena& arena = call.evaluator.arena();
  Object* merged = NewObject(arena);
  for (size_t i = 0; i < call[0].size(); ++i) {
    const Value object = call[0].At(i);
    RETURN_IF_ERROR(call.evaluator.Spend(1 + static_cast<int64_t>(object.size())));
    for (size_t k = 0; k < object.size(); ++k) {
      const auto [key, member] = object.Member(k);
      merged->Set(arena, key, member);
    }
  }
  return Value(merged);
}

constexpr std::array kRows{
    BuiltinRow{"keys", "<x-:a<s>>", Keys},
    BuiltinRow{"lookup", "<x-s:x>", Lookup},
    BuiltinRow{"spread", "<x-:a<o>>", Spread},
    BuiltinRow{"merge", "<a<o>:o>", Merge},
};

}  // namespace

std::span<const BuiltinRow> ObjectFunctions() { return kRows; }

}  // namespace penstock::jsonata
