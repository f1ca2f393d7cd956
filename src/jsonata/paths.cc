// Paths: steps over sequences, with the bindings of @, # and % carried as tuples.
#include <algorithm>
#include <cmath>

#include "jsonata/evaluator.h"
#include "jsonata/fault_text.h"
#include "jsonata/value_text.h"

namespace penstock::jsonata {
namespace {

constexpr int kMaxDescent = 500;

Status TooDeep() { return Failure("U1001", {.value = "The value is nested too deeply"}); }

bool AreNumbers(const Value& value) {
  for (size_t i = 0; i < value.size(); ++i) {
    if (!IsNumeric(value.At(i))) return false;
  }
  return value.is_array();
}

// Whether the number, counted from the end when negative, is `index`.
bool Selects(double number, size_t index, size_t size) {
  double place = std::floor(number);
  if (place < 0) place += static_cast<double>(size);
  return place == static_cast<double>(index);
}

}  // namespace

Result<Value> Evaluator::Path(const Node& path, Value input, Frame* frame) {
  const bool each = input.is_array() && path.items[0]->type != NodeType::kVariable;
  Value sequence = each ? input : Value(NewSequence(arena_, input));
  Value result;
  Array* tuples = nullptr;
  bool tupled = false;
  for (size_t i = 0; i < path.items.size(); ++i) {
    const Node& step = *path.items[i];
    tupled |= step.tuple;
    if (i == 0 && step.construct) {
      ASSIGN_OR_RETURN(result, Evaluate(step, sequence, frame));
      if (!result.is_array()) result = Value(NewSequence(arena_, result));
    } else if (tupled) {
      ASSIGN_OR_RETURN(tuples, TupleStep(step, sequence, tuples, frame));
      result = Value(tuples);
    } else {
      ASSIGN_OR_RETURN(Array * next, Step(step, sequence, frame, i + 1 == path.items.size()));
      result = Value(next);
    }
    if (!tupled && (result.is_undefined() || result.size() == 0)) break;
    if (step.focus.empty()) sequence = result;
  }
  if (tupled && !path.tuple && path.group == nullptr) {
    Array* values = NewSequence(arena_);
    for (size_t i = 0; tuples != nullptr && i < tuples->size; ++i) {
      values->Push(arena_, tuples->items[i].tuple()->item);
    }
    result = Value(values);
  }
  if (path.keep_singleton && result.is_array()) {
    Array* array = result.array();
    if (array == nullptr || (array->construct && !array->sequence)) {
      array = NewSequence(arena_, result);
      result = Value(array);
    }
    array->keep_singleton = true;
  }
  if (path.group == nullptr) return result;
  return GroupBy(path.group->pairs, path.group->position, tupled ? Value(tuples) : result, frame);
}

Result<Array*> Evaluator::Step(const Node& step, const Value& input, Frame* frame, bool last) {
  if (step.type == NodeType::kSort) {
    ASSIGN_OR_RETURN(Array * sorted, SortBy(step, input, frame));
    return Stages(step, sorted, frame);
  }
  Array* result = NewSequence(arena_);
  const size_t size = input.size();
  for (size_t i = 0; i < size; ++i) {
    ASSIGN_OR_RETURN(Value value, Evaluate(step, input.At(i), frame));
    for (const Stage& stage : step.stages) {
      ASSIGN_OR_RETURN(value, Filter(*stage.filter, value, frame));
    }
    if (value.is_undefined()) continue;
    if (size == 1 && last && value.is_array() && !value.is_sequence()) {
      if (value.array() != nullptr) return value.array();
      Array* copy = NewArray(arena_, value.size());
      copy->Append(arena_, value);
      return copy;
    }
    const Array* own = value.array();
    if (own != nullptr && own->construct) {
      result->Push(arena_, value);
    } else {
      result->Append(arena_, value);
    }
  }
  return result;
}

Frame* Evaluator::FrameOf(const Tuple& tuple, Frame* parent) {
  return arena_.New<Frame>(parent, tuple.bindings);
}

Result<Array*> Evaluator::TupleStep(const Node& step, const Value& input, const Array* tuples, Frame* frame) {
  if (step.type == NodeType::kSort && tuples != nullptr) {
    ASSIGN_OR_RETURN(Array * sorted, SortBy(step, Value(const_cast<Array*>(tuples)), frame));
    sorted->tuples = true;
    return Stages(step, sorted, frame);
  }
  Array* result = NewSequence(arena_);
  result->tuples = true;
  const auto add = [&](const Tuple& tuple) { result->Push(arena_, Value(arena_.New<Tuple>(tuple))); };
  const auto bind = [&](Tuple& tuple, std::string_view name, Value value) {
    tuple.bindings = arena_.New<Binding>(name, value, tuple.bindings);
  };
  if (step.type == NodeType::kSort) {
    ASSIGN_OR_RETURN(const Array* sorted, SortBy(step, input, frame));
    for (size_t i = 0; i < sorted->size; ++i) {
      Tuple tuple{sorted->items[i]};
      if (!step.index.empty()) bind(tuple, step.index, Value(i));
      add(tuple);
    }
    return Stages(step, result, frame);
  }
  const size_t size = tuples != nullptr ? tuples->size : input.size();
  for (size_t i = 0; i < size; ++i) {
    const Tuple before = tuples != nullptr ? *tuples->items[i].tuple() : Tuple{input.At(i)};
    ASSIGN_OR_RETURN(Value value, Evaluate(step, before.item, FrameOf(before, frame)));
    if (value.is_undefined()) continue;
    const bool several = value.is_array();
    const bool nested = several && value.array() != nullptr && value.array()->tuples;
    const size_t count = several ? value.size() : 1;
    for (size_t j = 0; j < count; ++j) {
      const Value item = several ? value.At(j) : value;
      Tuple tuple = before;
      if (nested) {
        // Its bindings were made on top of a frame: they go on top of ours.
        const Tuple& inner = *item.tuple();
        std::vector<const Binding*> added;
        for (const Binding* b = inner.bindings; b != nullptr; b = b->next) added.push_back(b);
        for (auto b = added.rbegin(); b != added.rend(); ++b) bind(tuple, (*b)->name, (*b)->value);
        tuple.item = inner.item;
      } else {
        if (step.focus.empty()) {
          tuple.item = item;
        } else {
          bind(tuple, step.focus, item);
        }
        if (!step.index.empty()) bind(tuple, step.index, Value(j));
        if (step.ancestor != nullptr) bind(tuple, step.ancestor->label, before.item);
      }
      add(tuple);
    }
  }
  return Stages(step, result, frame);
}

Result<Array*> Evaluator::Stages(const Node& step, Array* input, Frame* frame) {
  for (const Stage& stage : step.stages) {
    if (stage.filter == nullptr) {
      for (size_t i = 0; i < input->size && input->tuples; ++i) {
        Tuple* tuple = arena_.New<Tuple>(*input->items[i].tuple());
        tuple->bindings = arena_.New<Binding>(stage.index, Value(i), tuple->bindings);
        input->items[i] = Value(tuple);
      }
      continue;
    }
    ASSIGN_OR_RETURN(const Value filtered, Filter(*stage.filter, Value(input), frame));
    if (filtered.array() != nullptr) {
      input = filtered.array();
    } else {
      input = NewSequence(arena_);
      if (filtered) input->Append(arena_, filtered);
    }
  }
  return input;
}

Result<Value> Evaluator::Filter(const Node& predicate, Value input, Frame* frame) {
  Array* result = NewSequence(arena_);
  if (!input.is_array()) input = Value(NewSequence(arena_, input));
  const bool tupled = input.array() != nullptr && input.array()->tuples;
  result->tuples = tupled;
  const size_t size = input.size();
  if (predicate.type == NodeType::kNumber && predicate.is_plain()) {
    double place = std::floor(predicate.number);
    if (place < 0) place += static_cast<double>(size);
    if (!(place >= 0 && place < static_cast<double>(size))) return Value(result);
    const Value item = input.At(static_cast<size_t>(place));
    if (item.is_array()) return item;
    if (item) result->Push(arena_, item);
    return Value(result);
  }
  for (size_t i = 0; i < size; ++i) {
    const Value item = input.At(i);
    const Value context = tupled ? item.tuple()->item : item;
    Frame* inner = tupled ? FrameOf(*item.tuple(), frame) : frame;
    ASSIGN_OR_RETURN(const Value chosen, Evaluate(predicate, context, inner));
    if (chosen.is_number()) {
      if (!IsNumeric(chosen)) return OutOfRange(chosen.number());
      if (Selects(chosen.number(), i, size)) result->Push(arena_, item);
    } else if (chosen.is_array() && AreNumbers(chosen)) {
      RETURN_IF_ERROR(Spend(static_cast<int64_t>(chosen.size())));
      for (size_t k = 0; k < chosen.size(); ++k) {
        if (Selects(chosen.At(k).number(), i, size)) result->Push(arena_, item);
      }
    } else if (IsTrue(chosen)) {
      result->Push(arena_, item);
    }
  }
  return Value(result);
}

Result<Value> Evaluator::Name(const Value& input, std::string_view key, int depth) {
  if (!input.is_array()) return input.Find(key);
  if (depth > kMaxDescent) return TooDeep();
  RETURN_IF_ERROR(Spend(static_cast<int64_t>(input.size())));
  Array* found = NewSequence(arena_);
  for (size_t i = 0; i < input.size(); ++i) {
    const Value item = input.At(i);
    Value value = item.Find(key);
    if (item.is_array()) {
      ASSIGN_OR_RETURN(value, Name(item, key, depth + 1));
    }
    if (value) found->Append(arena_, value);
  }
  return Value(found);
}

Status Evaluator::Flatten(const Value& value, Array* flat, int depth) {
  if (depth > kMaxDescent) return TooDeep();
  RETURN_IF_ERROR(Spend(1));
  if (!value.is_array()) {
    flat->Push(arena_, value);
    return Status::OK();
  }
  for (size_t i = 0; i < value.size(); ++i) RETURN_IF_ERROR(Flatten(value.At(i), flat, depth + 1));
  return Status::OK();
}

Result<Value> Evaluator::Wildcard(Value input) {
  if (input.array() != nullptr && input.array()->wrapper && input.size() > 0) input = input.At(0);
  Array* found = NewSequence(arena_);
  const bool object = input.is_object();
  for (size_t i = 0; i < input.size(); ++i) {
    const Value value = object ? input.Member(i).second : input.At(i);
    if (value.is_array()) {
      RETURN_IF_ERROR(Flatten(value, found, 0));
    } else {
      found->Push(arena_, value);
    }
  }
  return Value(found);
}

Result<Value> Evaluator::Descendants(const Value& input) {
  if (input.is_undefined()) return input;
  Array* found = NewSequence(arena_);
  RETURN_IF_ERROR(Descend(input, found, 0));
  return Value(found);
}

Status Evaluator::Descend(const Value& value, Array* found, int depth) {
  if (depth > kMaxDescent) return TooDeep();
  RETURN_IF_ERROR(Spend(1));
  if (!value.is_array()) found->Push(arena_, value);
  const bool object = value.is_object();
  for (size_t i = 0; i < value.size(); ++i) {
    RETURN_IF_ERROR(Descend(object ? value.Member(i).second : value.At(i), found, depth + 1));
  }
  return Status::OK();
}

}  // namespace penstock::jsonata
