#include "jsonata/value.h"

#include <algorithm>
#include <functional>

namespace penstock::jsonata {

Value Value::Of(const json::value& json) {
  Value value;
  switch (json.kind()) {
    case json::kind::null: return Null();
    case json::kind::bool_: return Value(json.get_bool());
    case json::kind::int64: return Value(static_cast<double>(json.get_int64()));
    case json::kind::uint64: return Value(static_cast<double>(json.get_uint64()));
    case json::kind::double_: return Value(json.get_double());
    case json::kind::string: return Value(std::string_view(json.get_string()));
    case json::kind::array:
      value.kind_ = Kind::kArray;
      value.json_array_ = &json.get_array();
      break;
    case json::kind::object:
      value.kind_ = Kind::kObject;
      value.json_object_ = &json.get_object();
      break;
  }
  value.borrowed_ = true;
  return value;
}

bool Value::is_sequence() const {
  const Array* own = array();
  return own != nullptr && own->sequence;
}

size_t Value::size() const {
  if (is_array()) return borrowed_ ? json_array_->size() : array_->size;
  if (is_object()) return borrowed_ ? json_object_->size() : object_->size;
  return 0;
}

Value Value::At(size_t index) const { return borrowed_ ? Of((*json_array_)[index]) : array_->items[index]; }

std::pair<std::string_view, Value> Value::Member(size_t index) const {
  if (borrowed_) {
    const auto& member = json_object_->begin()[index];
    return {member.key(), Of(member.value())};
  }
  return {object_->entries[index].key, object_->entries[index].value};
}

Value Value::Find(std::string_view key) const {
  if (!is_object()) return {};
  if (borrowed_) {
    const json::value* member = json_object_->if_contains(key);
    return member == nullptr ? Value() : Of(*member);
  }
  const Value* member = object_->Find(key);
  return member == nullptr ? Value() : *member;
}

void Array::Reserve(Arena& arena, size_t wanted) {
  if (wanted <= capacity) return;
  auto* larger = static_cast<Value*>(arena.Allocate(wanted * sizeof(Value)));
  std::copy(items, items + size, larger);
  items = larger;
  capacity = wanted;
}

void Array::Append(Arena& arena, const Value& value) {
  if (!value.is_array()) return Push(arena, value);
  const size_t more = value.size();
  if (size + more > capacity) Reserve(arena, std::max(size + more, 2 * size));
  for (size_t i = 0; i < more; ++i) items[size++] = value.At(i);
}

Array* NewArray(Arena& arena, size_t capacity) {
  Array* array = arena.New<Array>();
  array->Reserve(arena, capacity);
  return array;
}

Array* NewSequence(Arena& arena) {
  Array* array = arena.New<Array>();
  array->sequence = true;
  return array;
}

Array* NewSequence(Arena& arena, Value first) {
  Array* array = NewSequence(arena);
  array->Reserve(arena, 1);
  array->Push(arena, first);
  return array;
}

Object* NewObject(Arena& arena) { return arena.New<Object>(); }

const Value* Object::Find(std::string_view key) const {
  if (index == nullptr) {
    for (uint32_t i = 0; i < size; ++i) {
      if (entries[i].key == key) return &entries[i].value;
    }
    return nullptr;
  }
  for (size_t at = std::hash<std::string_view>()(key);; ++at) {
    const uint32_t place = index[at & (index_size - 1)];
    if (place == 0) return nullptr;
    if (entries[place - 1].key == key) return &entries[place - 1].value;
  }
}

void Object::Enter(uint32_t place) {
  size_t at = std::hash<std::string_view>()(entries[place].key);
  while (index[at & (index_size - 1)] != 0) ++at;
  index[at & (index_size - 1)] = place + 1;
}

void Object::Rebuild(Arena& arena) {
  index_size = 2 * kIndexed;
  while (index_size < 2 * capacity) index_size *= 2;
  index = static_cast<uint32_t*>(arena.Allocate(index_size * sizeof(uint32_t)));
  std::fill(index, index + index_size, 0);
  for (uint32_t i = 0; i < size; ++i) Enter(i);
}

void Object::Set(Arena& arena, std::string_view key, Value value) {
  if (const Value* present = Find(key)) {
    *const_cast<Value*>(present) = value;
    return;
  }
  if (size == capacity) {
    const uint32_t wanted = capacity == 0 ? 4 : 2 * capacity;
    auto* larger = static_cast<Entry*>(arena.Allocate(wanted * sizeof(Entry)));
    std::copy(entries, entries + size, larger);
    entries = larger;
    capacity = wanted;
    if (size >= kIndexed) Rebuild(arena);
  }
  entries[size++] = {key, value};
  if (index != nullptr) Enter(size - 1);
}

// The places behind it change, so the index is left out until the object grows again.
void Object::Erase(std::string_view key) {
  const Value* present = Find(key);
  if (present == nullptr) return;
  const auto place = static_cast<uint32_t>(
      reinterpret_cast<const Entry*>(reinterpret_cast<const char*>(present) - offsetof(Entry, value)) -
      entries);
  std::copy(entries + place + 1, entries + size, entries + place);
  --size;
  index = nullptr;
}

const Value* Frame::Find(std::string_view name) const {
  for (const Frame* frame = this; frame != nullptr; frame = frame->parent) {
    for (const Binding* binding = frame->bindings; binding != nullptr; binding = binding->next) {
      if (binding->name == name) return &binding->value;
    }
  }
  return nullptr;
}

namespace {

// Deeper values than this, circular ones among them, are not looked into.
constexpr int kMaxDepth = 1000;

bool EqualAt(const Value& a, const Value& b, int64_t& budget, int depth) {
  if (depth > kMaxDepth) budget = 0;
  if (--budget < 0 || a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::kUndefined:
    case Kind::kNull: return true;
    case Kind::kBoolean: return a.boolean() == b.boolean();
    case Kind::kNumber: return a.number() == b.number();
    case Kind::kString: return a.text() == b.text();
    case Kind::kFunction: return a.function() == b.function();
    case Kind::kTuple: return a.tuple() == b.tuple();
    case Kind::kArray:
      if (a.size() != b.size()) return false;
      for (size_t i = 0; i < a.size(); ++i) {
        if (!EqualAt(a.At(i), b.At(i), budget, depth + 1)) return false;
      }
      return true;
    case Kind::kObject:
      if (a.size() != b.size()) return false;
      for (size_t i = 0; i < a.size(); ++i) {
        const auto [key, value] = a.Member(i);
        const Value other = b.Find(key);
        if (other.is_undefined() || !EqualAt(value, other, budget, depth + 1)) return false;
      }
      return true;
  }
  return false;
}

bool IsTrueAt(const Value& value, int depth) {
  switch (value.kind()) {
    case Kind::kBoolean: return value.boolean();
    case Kind::kNumber: return value.number() != 0;
    case Kind::kString: return !value.text().empty();
    case Kind::kObject: return value.size() > 0;
    case Kind::kArray: {
      for (size_t i = 0; i < value.size() && depth < kMaxDepth; ++i) {
        if (IsTrueAt(value.At(i), depth + 1)) return true;
      }
      return false;
    }
    default: return false;
  }
}

}  // namespace

bool DeepEqual(const Value& a, const Value& b, int64_t& budget) { return EqualAt(a, b, budget, 0); }

bool IsTrue(const Value& value) { return IsTrueAt(value, 0); }

}  // namespace penstock::jsonata
