// Paths of a field map: a small part of XPath 1.0, written in one place and run in one walk
// (docs/ted-fields.md).
//
//   union  := chain (' | ' chain)*                    all of them, in this order
//   chain  := start steps (' -> ' reference rest)*    the text of what the steps reach is the key of the
//   reference start  := ''                                      from the row's element
//           | '/'                                     from the document's root element
//           | '$each/'                                from what the row's `each` reached
//   steps  := step ('/' step | '//' step)*            '//' at any depth
//   step   := prefix:NAME | prefix:* | * , then predicates
//   last   := @NAME | @prefix:NAME | text() | name()  in place of a last step; none: all text inside
//   rest   := '/' steps, or '.field' of the reference
//   predicate := [2] | [test] | [not(test)]           [2] counts what passed the predicates before it
//   test   := a path of names, at its end maybe @NAME, then maybe ='text', !='text', =$variable
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace penstock::source::ted {

inline constexpr int kNoSpace = -1;   // an attribute without prefix
inline constexpr int kAnySpace = -2;  // *

struct XmlName {
  int space = kNoSpace;  // index of the family's namespaces
  std::string local;     // empty: any
};

struct FieldPredicate {
  enum class Kind { kPosition, kHas, kHasNot, kEquals, kDiffers, kNotEquals };
  Kind kind = Kind::kHas;
  int64_t position = 0;           // kPosition: from 1
  std::vector<XmlName> elements;  // down from the step's element; empty: itself
  bool has_attribute = false;
  XmlName attribute;
  std::string value;  // to compare with
  int variable = -1;  // or the variable of this index
};

struct FieldStep {
  bool deep = false;  // behind '//'
  XmlName name;
  std::vector<FieldPredicate> predicates;
};

enum class FieldEnd { kAllText, kAttribute, kText, kName };

struct FieldSegment {
  int reference = -1;  // of the second and later segments
  std::string field;   // of the reference; then there are no steps
  std::vector<FieldStep> steps;
  FieldEnd end = FieldEnd::kAllText;
  XmlName attribute;
};

struct FieldChain {
  enum class Start { kRow, kRoot, kEach };
  Start start = Start::kRow;
  std::vector<FieldSegment> segments;  // at least one
};

using FieldPath = std::vector<FieldChain>;

// What names stand for in a family: each gives an index, or less than 0 when there is none.
struct FieldNames {
  std::function<int(std::string_view)> space, variable, reference;
};

// InvalidData: what is wrong, and at which character of `text`.
Result<FieldPath> ParseFieldPath(std::string_view text, const FieldNames& names);

}  // namespace penstock::source::ted
