// The one walk of a document: what the tries of its family meet, kept by scope and slot.
#pragma once

#include <pugixml.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "source/ted/field_program.h"
#include "source/ted/xml_names.h"

namespace penstock::source::ted {

// What a path's end met. Valid as long as the document.
struct FoundValue {
  pugi::xml_node element;
  FieldEnd end = FieldEnd::kAllText;
  const char* attribute = nullptr;  // its value
};

// An element that is a row, or one of a reference; of scope 0, the root.
struct ScopeInstance {
  pugi::xml_node element;
  uint16_t alternative = 0;
  uint32_t slots = 0;  // where its slots begin
};

class NoticeWalk {
 public:
  // Every element of a path of steps lies at most this deep.
  static constexpr int kMaxDepth = 256;

  // TooLarge: paths lead deeper than kMaxDepth, or meet more than the document has room for.
  Status Run(const FamilyProgram& program, pugi::xml_node root, XmlNames& names);

  const std::vector<ScopeInstance>& instances(size_t scope) const { return instances_[scope]; }
  bool Has(const ScopeInstance& instance, uint16_t slot) const { return last_[instance.slots + slot] >= 0; }
  // Calls what(value) for each value of the slot, in the order of the document, the same one once;
  // while it returns true.
  template <typename What>
  void ForEach(const ScopeInstance& instance, uint16_t slot, What&& what) const {
    const int32_t last = last_[instance.slots + slot];
    if (last < 0) return;
    const FoundValue* previous = nullptr;
    for (int32_t at = found_[last].next;; at = found_[at].next) {
      const FoundValue& value = found_[at].value;
      if (previous == nullptr || previous->element != value.element ||
          previous->attribute != value.attribute) {
        if (!what(value)) return;
      }
      previous = &value;
      if (at == last) return;
    }
  }

 private:
  struct Found {
    FoundValue value;
    int32_t next = -1;  // of the same slot; behind the last, the first
  };
  struct Active {
    uint32_t node;
    uint16_t scope;
    uint32_t instance;
  };

  bool Visit(pugi::xml_node element, size_t begin, size_t end, int depth);  // false: see failure_
  uint32_t Open(size_t scope, pugi::xml_node element, uint16_t alternative);
  void Activate(Active active, pugi::xml_node element, size_t begin);
  bool Holds(std::span<const ProgramPredicate> predicates, NameTest test, pugi::xml_node element);
  bool Holds(const ProgramPredicate& predicate, pugi::xml_node element);
  bool Reaches(const ProgramPredicate& predicate, pugi::xml_node element, size_t depth, bool& differs);
  void Variables(pugi::xml_node root);

  const FamilyProgram* program_ = nullptr;
  XmlNames* names_ = nullptr;
  std::vector<std::vector<ScopeInstance>> instances_;  // by scope
  std::vector<Found> found_;
  std::vector<int32_t> last_;   // of each slot of each instance, in found_; -1: none
  std::vector<Active> active_;  // a stack: those of each element on the way down
  std::vector<std::string> variables_;
  int64_t looked_at_ = 0;  // elements, by predicates
  Status failure_;
};

// The text of what was found, runs of white space as one space, none at its ends. With kAllText, the text of
// all elements inside, and a space behind each paragraph. `buffer` may hold it.
std::string_view TextOf(const FoundValue& value, const FieldFamily& family, std::string& buffer);
// A local name.
std::string_view LocalName(const char* name);

}  // namespace penstock::source::ted
