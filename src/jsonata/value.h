// A value during an evaluation: 16 bytes, copied freely. It points into the input, the expression or the
// arena, none of which ends before the evaluation does. The input's arrays and objects are never copied to be
// read.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "jsonata/arena.h"

namespace penstock::jsonata {

enum class Kind : uint8_t {
  kUndefined,
  kNull,
  kBoolean,
  kNumber,
  kString,
  kArray,
  kObject,
  kFunction,
  kTuple
};

struct Array;
struct Object;
struct Function;
struct Tuple;

class Value {
 public:
  Value() = default;  // undefined
  explicit Value(bool boolean) : kind_(Kind::kBoolean) { boolean_ = boolean; }
  explicit Value(double number) : kind_(Kind::kNumber) { number_ = number; }
  explicit Value(size_t number) : Value(static_cast<double>(number)) {}
  explicit Value(std::string_view text) : kind_(Kind::kString), length_(static_cast<uint32_t>(text.size())) {
    text_ = text.data();
  }
  explicit Value(const char* text) = delete;
  explicit Value(Array* array) : kind_(Kind::kArray) { array_ = array; }
  explicit Value(Object* object) : kind_(Kind::kObject) { object_ = object; }
  explicit Value(Function* function) : kind_(Kind::kFunction) { function_ = function; }
  explicit Value(Tuple* tuple) : kind_(Kind::kTuple) { tuple_ = tuple; }
  static Value Null() {
    Value value;
    value.kind_ = Kind::kNull;
    return value;
  }
  // Refers to the JSON.
  static Value Of(const json::value& json);

  Kind kind() const { return kind_; }
  bool is_undefined() const { return kind_ == Kind::kUndefined; }
  bool is_null() const { return kind_ == Kind::kNull; }
  bool is_boolean() const { return kind_ == Kind::kBoolean; }
  bool is_number() const { return kind_ == Kind::kNumber; }
  bool is_string() const { return kind_ == Kind::kString; }
  bool is_array() const { return kind_ == Kind::kArray; }
  bool is_object() const { return kind_ == Kind::kObject; }
  bool is_function() const { return kind_ == Kind::kFunction; }
  explicit operator bool() const { return !is_undefined(); }

  bool boolean() const { return boolean_; }
  double number() const { return number_; }
  std::string_view text() const { return {text_, length_}; }
  Function* function() const { return function_; }
  Tuple* tuple() const { return tuple_; }
  // The array or object when it was made by the evaluation; null when it is the input's, or of another kind.
  Array* array() const { return is_array() && !borrowed_ ? array_ : nullptr; }
  Object* object() const { return is_object() && !borrowed_ ? object_ : nullptr; }
  bool is_sequence() const;

  // Of arrays and objects.
  size_t size() const;
  // Of arrays; `index` < size().
  Value At(size_t index) const;
  // Of objects; `index` < size().
  std::pair<std::string_view, Value> Member(size_t index) const;
  // Undefined when there is none, or this is no object.
  Value Find(std::string_view key) const;

 private:
  Kind kind_ = Kind::kUndefined;
  bool borrowed_ = false;
  uint32_t length_ = 0;
  union {
    bool boolean_;
    double number_ = 0;
    const char* text_;
    const json::array* json_array_;
    const json::object* json_object_;
    Array* array_;
    Object* object_;
    Function* function_;
    Tuple* tuple_;
  };
};

struct Array {
  Value* items = nullptr;
  size_t size = 0;
  size_t capacity = 0;
  bool sequence = false;        // made by a path: one value alone stands for itself, none is undefined
  bool keep_singleton = false;  // but one value stays an array
  bool construct = false;       // of [...] in a path: one value of the path's result
  bool wrapper = false;         // the input is an array, and this holds it as one value
  bool tuples = false;          // its values are of kTuple

  void Push(Arena& arena, Value value) {
    if (size == capacity) Reserve(arena, size == 0 ? 4 : 2 * size);
    items[size++] = value;
  }
  // Each of an array, or the value itself.
  void Append(Arena& arena, const Value& value);
  void Reserve(Arena& arena, size_t wanted);
};

Array* NewArray(Arena& arena, size_t capacity = 0);
Array* NewSequence(Arena& arena);
Array* NewSequence(Arena& arena, Value first);

// Keys in the order in which they came.
struct Object {
  struct Entry {
    std::string_view key;
    Value value;
  };
  Entry* entries = nullptr;
  uint32_t size = 0;
  uint32_t capacity = 0;
  uint32_t* index = nullptr;  // open addressing, 0 empty, else 1 + place; from kIndexed entries on
  uint32_t index_size = 0;

  static constexpr uint32_t kIndexed = 16;

  const Value* Find(std::string_view key) const;
  // The key's memory must outlive the evaluation.
  void Set(Arena& arena, std::string_view key, Value value);
  void Erase(std::string_view key);

 private:
  void Rebuild(Arena& arena);
  void Enter(uint32_t place);
};

Object* NewObject(Arena& arena);

// A variable and its value; the newest first.
struct Binding {
  std::string_view name;
  Value value;
  Binding* next = nullptr;
};

struct Frame {
  Frame* parent = nullptr;
  Binding* bindings = nullptr;

  void Bind(Arena& arena, std::string_view name, Value value) {
    bindings = arena.New<Binding>(name, value, bindings);
  }
  const Value* Find(std::string_view name) const;
};

// One value on a path that binds variables on its way.
struct Tuple {
  Value item;
  Binding* bindings = nullptr;
};

// JSON's equality, functions by identity. False also when `budget` values were compared, or the values are
// too deep; it is counted down, and then below 0.
bool DeepEqual(const Value& a, const Value& b, int64_t& budget);

// What $boolean answers; undefined is false.
bool IsTrue(const Value& value);

}  // namespace penstock::jsonata
