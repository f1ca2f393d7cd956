// Values by key, tuples made one, and the order of a sequence.
#include <algorithm>
#include <unordered_map>

#include "jsonata/evaluator.h"
#include "jsonata/fault_text.h"
#include "jsonata/unicode.h"
#include "jsonata/value_text.h"

namespace penstock::jsonata {
namespace {

// What $append makes of values that come one by one.
class Gathered {
 public:
  void Add(Arena& arena, const Value& value) {
    if (value.is_undefined()) return;
    if (value_.is_undefined()) {
      value_ = value;
      return;
    }
    if (own_ == nullptr) {
      own_ = NewArray(arena);
      own_->Append(arena, value_);
      value_ = Value(own_);
    }
    own_->Append(arena, value);
  }
  const Value& value() const { return value_; }

 private:
  Value value_;
  Array* own_ = nullptr;
};

struct GroupOfKey {
  std::string_view key;
  size_t pair;
  Gathered items;
  Array* tuples = nullptr;
};

bool IsOrdered(const Value& value) { return value.is_number() || value.is_string(); }

}  // namespace

Result<Value> Evaluator::GroupBy(const NodePairs& pairs, int64_t position, Value input, Frame* frame) {
  if (!input.is_array()) input = Value(NewSequence(arena_, input));
  const bool tupled = input.array() != nullptr && input.array()->tuples;
  std::vector<GroupOfKey> groups;
  std::unordered_map<std::string_view, size_t> places;
  // Of nothing, too, an object is made.
  const size_t size = std::max<size_t>(input.size(), 1);
  for (size_t i = 0; i < size; ++i) {
    const Value item = i < input.size() ? input.At(i) : Value();
    const Value context = tupled && item ? item.tuple()->item : item;
    Frame* inner = tupled && item ? FrameOf(*item.tuple(), frame) : frame;
    for (size_t p = 0; p < pairs.size(); ++p) {
      ASSIGN_OR_RETURN(const Value key, Evaluate(*pairs[p].first, context, inner));
      if (key.is_undefined()) continue;
      if (!key.is_string()) return Failure("T1003", {.position = position, .value = ValueText(key)});
      const auto [place, added] = places.try_emplace(key.text(), groups.size());
      if (added) groups.push_back({key.text(), p, {}, tupled ? NewArray(arena_) : nullptr});
      GroupOfKey& group = groups[place->second];
      if (group.pair != p) return Failure("D1009", {.position = position, .value = ValueText(key)});
      if (!tupled) {
        group.items.Add(arena_, item);
      } else if (item) {
        group.tuples->Push(arena_, item);
      }
    }
  }
  Object* result = NewObject(arena_);
  for (const GroupOfKey& group : groups) {
    Value context = group.items.value();
    Frame* inner = frame;
    if (tupled) {
      const Tuple reduced = Reduce(*group.tuples);
      context = reduced.item;
      inner = FrameOf(reduced, frame);
    }
    ASSIGN_OR_RETURN(const Value value, Evaluate(*pairs[group.pair].second, context, inner));
    if (value) result->Set(arena_, group.key, value);
  }
  return Value(result);
}

// One tuple of several: each name gets what all of them bind to it.
Tuple Evaluator::Reduce(const Array& tuples) {
  if (tuples.size == 1) return *tuples.items[0].tuple();
  Gathered items;
  std::vector<std::pair<std::string_view, Gathered>> bound;
  std::vector<std::string_view> seen;
  for (size_t i = 0; i < tuples.size; ++i) {
    const Tuple& tuple = *tuples.items[i].tuple();
    items.Add(arena_, tuple.item);
    seen.clear();
    for (const Binding* binding = tuple.bindings; binding != nullptr; binding = binding->next) {
      if (std::find(seen.begin(), seen.end(), binding->name) != seen.end()) continue;
      seen.push_back(binding->name);
      auto name = std::find_if(bound.begin(), bound.end(),
                               [&](const auto& entry) { return entry.first == binding->name; });
      if (name == bound.end()) name = bound.insert(name, {binding->name, {}});
      name->second.Add(arena_, binding->value);
    }
  }
  Tuple reduced{items.value()};
  for (const auto& [name, values] : bound) {
    reduced.bindings = arena_.New<Binding>(name, values.value(), reduced.bindings);
  }
  return reduced;
}

Result<Array*> Evaluator::SortBy(const Node& sort, const Value& input, Frame* frame) {
  const bool tupled = input.array() != nullptr && input.array()->tuples;
  Array* sorted = NewArray(arena_, input.size());
  sorted->Append(arena_, input);
  sorted->tuples = tupled;
  if (sorted->size < 2) {
    sorted->sequence = true;
    return sorted;
  }
  // The terms of each item, evaluated when the terms before leave two items equal.
  const size_t terms = sort.terms.size();
  std::vector<std::optional<Value>> keys(sorted->size * terms);
  Status failed = Status::OK();
  const auto key_of = [&](size_t item, size_t term) -> Value {
    std::optional<Value>& key = keys[item * terms + term];
    if (!key) {
      const Value& value = sorted->items[item];
      auto evaluated = Evaluate(*sort.terms[term].expression, tupled ? value.tuple()->item : value,
                                tupled ? FrameOf(*value.tuple(), frame) : frame);
      if (!evaluated.ok() && failed.ok()) failed = evaluated.status();
      key = evaluated.ok() ? *evaluated : Value();
    }
    return *key;
  };
  const auto before = [&](size_t left, size_t right) {
    for (size_t term = 0; term < terms && failed.ok(); ++term) {
      const Value a = key_of(left, term);
      const Value b = key_of(right, term);
      if (!failed.ok()) return false;
      if (a.is_undefined() && b.is_undefined()) continue;
      if (a.is_undefined() || b.is_undefined()) return b.is_undefined();  // the last, either way
      if (!IsOrdered(a) || !IsOrdered(b)) {
        failed = Failure("T2008", {.position = sort.position, .value = ValueText(IsOrdered(a) ? b : a)});
      } else if (a.kind() != b.kind()) {
        failed = Failure("T2007", {.position = sort.position, .value = ValueText(a), .value2 = ValueText(b)});
      } else {
        const int order = a.is_string() ? CompareTexts(a.text(), b.text())
                                        : (a.number() > b.number()) - (a.number() < b.number());
        if (order != 0) return sort.terms[term].descending ? order > 0 : order < 0;
      }
    }
    return false;
  };
  std::vector<size_t> order(sorted->size);
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), before);
  RETURN_IF_ERROR(failed);
  Array* result = NewArray(arena_, sorted->size);
  for (const size_t i : order) result->Push(arena_, sorted->items[i]);
  result->tuples = tupled;
  return result;
}

}  // namespace penstock::jsonata
