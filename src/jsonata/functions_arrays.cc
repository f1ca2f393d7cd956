// Arrays.
#include <algorithm>
#include <array>
#include <functional>
#include <unordered_map>
#include <vector>

#include "jsonata/evaluator.h"
#include "jsonata/fault_text.h"
#include "jsonata/unicode.h"
#include "jsonata/value_text.h"

namespace penstock::jsonata {
namespace {

Result<Value> Count(const Invocation& call) { return Value(call[0].size()); }

Result<Value> AppendTo(const Invocation& call) {
  RETURN_IF_ERROR(call.evaluator.Spend(static_cast<int64_t>(call[0].size() + call[1].size())));
  RETURN_IF_ERROR(call.evaluator.Reserve((call[0].size() + call[1].size()) * sizeof(Value)));
  return call.evaluator.Append(call[0], call[1]);
}

// A copy whose values may be moved.
Result<Array*> CopyOf(const Invocation& call, const Value& array) {
  RETURN_IF_ERROR(call.evaluator.Spend(static_cast<int64_t>(array.size())));
  RETURN_IF_ERROR(call.evaluator.Reserve(array.size() * sizeof(Value)));
  Array* copy = NewArray(call.evaluator.arena(), array.size());
  copy->Append(call.evaluator.arena(), array);
  return copy;
}

Result<Value> Reverse(const Invocation& call) {
  if (call[0].size() <= 1) return call[0];
  ASSIGN_OR_RETURN(Array * reversed, CopyOf(call, call[0]));
  std::reverse(reversed->items, reversed->items + reversed->size);
  return Value(reversed);
}

Result<Value> Shuffle(const Invocation& call) {
  if (call[0].size() <= 1) return call[0];
  ASSIGN_OR_RETURN(Array * shuffled, CopyOf(call, call[0]));
  for (size_t i = shuffled->size; --i > 0;) {
    const int64_t other = call.evaluator.environment().random.Uniform(0, static_cast<int64_t>(i));
    std::swap(shuffled->items[i], shuffled->items[other]);
  }
  return Value(shuffled);
}

bool AreAll(const Array& array, Kind kind) {
  return std::all_of(array.items, array.items + array.size,
                     [&](const Value& value) { return value.kind() == kind; });
}

// Merges runs of twice the size, until there is one. `behind` tells whether the first of two values comes
// behind the second; it may fail, which no sort of the standard library allows.
template <typename Behind>
Status MergeSort(Array& array, Behind behind) {
  std::vector<Value> from(array.items, array.items + array.size);
  std::vector<Value> to(array.size);
  for (size_t run = 1; run < from.size(); run *= 2) {
    for (size_t low = 0; low < from.size(); low += 2 * run) {
      const size_t middle = std::min(low + run, from.size());
      const size_t high = std::min(low + 2 * run, from.size());
      size_t left = low;
      size_t right = middle;
      for (size_t out = low; out < high; ++out) {
        bool second = left == middle;
        if (!second && right < high) {
          ASSIGN_OR_RETURN(second, behind(from[left], from[right]));
        }
        to[out] = second ? from[right++] : from[left++];
      }
    }
    from.swap(to);
  }
  std::copy(from.begin(), from.end(), array.items);
  return Status::OK();
}

Result<Value> Sort(const Invocation& call) {
  if (call[0].size() <= 1) return call[0];
  ASSIGN_OR_RETURN(Array * sorted, CopyOf(call, call[0]));
  if (call[1].is_function()) {
    RETURN_IF_ERROR(MergeSort(*sorted, [&](const Value& a, const Value& b) -> Result<bool> {
      const Value arguments[] = {a, b};
      ASSIGN_OR_RETURN(const Value behind, call.evaluator.Apply(call[1], arguments, call.input, call.frame));
      return IsTrue(behind);
    }));
  } else if (AreAll(*sorted, Kind::kNumber)) {
    std::stable_sort(sorted->items, sorted->items + sorted->size,
                     [](const Value& a, const Value& b) { return a.number() < b.number(); });
  } else if (AreAll(*sorted, Kind::kString)) {
    std::stable_sort(sorted->items, sorted->items + sorted->size,
                     [](const Value& a, const Value& b) { return CompareTexts(a.text(), b.text()) < 0; });
  } else {
    return Failure("D3070", {.index = 1});
  }
  return Value(sorted);
}

// Equal values have equal hashes; those of objects do not depend on the order of their keys.
Result<size_t> HashOf(Evaluator& evaluator, const Value& value, int depth) {
  if (depth > kMaxValueDepth) return Failure("U1001", {.value = "The value is nested too deeply"});
  RETURN_IF_ERROR(evaluator.Spend(1));
  auto hash = static_cast<size_t>(value.kind());
  if (value.is_boolean()) hash += value.boolean() ? 100 : 200;
  if (value.is_number()) hash += std::hash<double>()(value.number());
  if (value.is_string()) hash += std::hash<std::string_view>()(value.text());
  constexpr size_t kSpread = 0x9E3779B97F4A7C15;
  for (size_t i = 0; i < value.size(); ++i) {
    if (value.is_array()) {
      ASSIGN_OR_RETURN(const size_t item, HashOf(evaluator, value.At(i), depth + 1));
      hash = hash * kSpread + item;
    } else {
      const auto [key, member] = value.Member(i);
      ASSIGN_OR_RETURN(const size_t item, HashOf(evaluator, member, depth + 1));
      hash += (std::hash<std::string_view>()(key) ^ item) * kSpread;
    }
  }
  return hash;
}

Result<Value> Distinct(const Invocation& call) {
  const Value input = call[0];
  if (!input.is_array() || input.size() <= 1) return input;
  Arena& arena = call.evaluator.arena();
  Array* distinct = input.is_sequence() ? NewSequence(arena) : NewArray(arena);
  std::unordered_map<size_t, std::vector<Value>> known;
  for (size_t i = 0; i < input.size(); ++i) {
    const Value item = input.At(i);
    ASSIGN_OR_RETURN(const size_t hash, HashOf(call.evaluator, item, 0));
    std::vector<Value>& alike = known[hash];
    bool is_new = true;
    for (size_t k = 0; k < alike.size() && is_new; ++k) {
      ASSIGN_OR_RETURN(const bool equal, call.evaluator.Equal(alike[k], item));
      is_new = !equal;
    }
    if (!is_new) continue;
    alike.push_back(item);
    distinct->Push(arena, item);
  }
  return Value(distinct);
}

Result<Value> Zip(const Invocation& call) {
  Arena& arena = call.evaluator.arena();
  Array* tuples = NewArray(arena);
  size_t size = call.arguments.empty() ? 0 : call[0].size();
  for (const Value& array : call.arguments) size = std::min(size, array.size());
  for (size_t i = 0; i < size; ++i) {
    RETURN_IF_ERROR(call.evaluator.Spend(static_cast<int64_t>(call.arguments.size())));
    Array* tuple = NewArray(arena, call.arguments.size());
    for (const Value& array : call.arguments) tuple->Push(arena, array.At(i));
    tuples->Push(arena, Value(tuple));
  }
  return Value(tuples);
}

constexpr std::array kRows{
    BuiltinRow{"count", "<a:n>", Count},     BuiltinRow{"append", "<xx:a>", AppendTo},
    BuiltinRow{"sort", "<af?:a>", Sort},     BuiltinRow{"reverse", "<a:a>", Reverse},
    BuiltinRow{"shuffle", "<a:a>", Shuffle}, BuiltinRow{"distinct", "<x:x>", Distinct},
    BuiltinRow{"zip", "<a+>", Zip},
};

}  // namespace

std::span<const BuiltinRow> ArrayFunctions() { return kRows; }

}  // namespace penstock::jsonata
