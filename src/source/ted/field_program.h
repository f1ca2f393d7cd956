// A field map made ready to run: what the paths of a family reach, as one trie for one walk of a document.
//
// A scope is what paths start from: the document's root element, an element that is a row of lots or awards,
// an element of a reference. Each path, cut at its ' -> ', ends in slots of scopes. The walk puts what it
// meets into the slots of each scope's instances; what joins them is looked up afterwards, by the references'
// keys.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "source/ted/field_map.h"

namespace penstock::source::ted {

inline constexpr int kAnyName = -1;    // in a test
inline constexpr int kOtherName = -2;  // of an element that no path names

// Of an element: the name's index in the family, and its namespace's.
struct NameId {
  int name = kOtherName;
  int space = kNoSpace;
};

struct NameTest {
  int name = kAnyName;
  int space = kAnySpace;  // looked at with kAnyName only

  bool Holds(NameId id) const {
    return name == kAnyName ? space == kAnySpace || space == id.space : name == id.name;
  }
};

struct ProgramPredicate {
  FieldPredicate::Kind kind;
  int64_t position = 0;
  std::vector<NameTest> elements;
  const FieldPredicate* written = nullptr;  // attribute, value, variable
};

struct TrieEdge {
  NameTest test;
  std::vector<ProgramPredicate> predicates;
  uint32_t target = 0;
};

struct TrieCapture {
  uint16_t slot = 0;
  FieldEnd end = FieldEnd::kAllText;
  XmlName attribute;
};

struct TrieOpening {
  uint16_t scope = 0;
  uint16_t alternative = 0;  // of the paths to this scope's elements
};

struct TrieNode {
  std::vector<TrieEdge> edges;
  std::vector<TrieCapture> captures;
  std::vector<TrieOpening> openings;
  int32_t deep = -1;   // the node that stands for '//' behind this one
  bool stays = false;  // it is such a node: it holds for all elements below, too
  // Of the edges' tests: most elements pass none, and are told by this.
  uint64_t names = 0;  // a bit a name, shared by every 64th
  bool any_name = false;

  bool MayLead(NameId id) const {
    return any_name || (id.name >= 0 && (names >> (static_cast<unsigned>(id.name) & 63) & 1) != 0);
  }
};

// Into a reference: its slots, of which the first that has something counts; none: its element is meant.
struct ProgramHop {
  uint16_t reference = 0;
  std::vector<uint16_t> slots;
};

struct ProgramChain {
  FieldChain::Start start = FieldChain::Start::kRow;
  uint16_t slot = 0;
  std::vector<ProgramHop> hops;
};

using ProgramPath = std::vector<ProgramChain>;

struct ProgramRows {
  int each_reference = -1;
  ProgramPath each, each_with;
};

struct ProgramVariable {
  struct Step {
    NameTest test;
    std::vector<ProgramPredicate> predicates;
  };
  struct Path {
    std::vector<Step> steps;
    FieldEnd end = FieldEnd::kAllText;
    XmlName attribute;
  };
  std::vector<Path> paths;
};

// Scopes: 0 the root element, 1 lots, 2 awards, then the references in their order.
struct FamilyProgram {
  const FieldFamily* family = nullptr;
  std::vector<NameTest> roots;
  std::vector<ProgramVariable> variables;
  std::vector<TrieNode> nodes;
  std::vector<uint32_t> scope_nodes;  // where each scope's paths begin
  std::vector<uint32_t> scope_slots;  // how many slots it has
  std::vector<ProgramPath> keys;      // of the references
  std::array<ProgramRows, 3> rows;
  std::array<std::vector<std::vector<ProgramPath>>, 3> columns;  // by table and column: the paths, in order
  std::vector<std::map<std::string, int, std::less<>>> names;    // by namespace
  std::vector<bool> paragraph;                                   // by name

  NameId Find(int space, std::string_view local) const {
    if (space < 0) return {};
    const auto found = names[space].find(local);
    return {found == names[space].end() ? kOtherName : found->second, space};
  }
};

// `map` must outlive it. Configuration: more paths than a program can hold.
Result<std::vector<FamilyProgram>> CompileFieldMap(const FieldMap& map);

}  // namespace penstock::source::ted
