// The syntax tree of an expression: as the parser makes it, then as structure.h rearranges it for evaluation.
// Nodes belong to a Syntax and live as long as it does; they point at one another freely.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "jsonata/regex.h"
#include "jsonata/signature.h"

namespace penstock::jsonata {

enum class NodeType {
  kPath,         // items: the steps
  kBinary,       // text: the operator; lhs, rhs
  kNegate,       // lhs
  kArray,        // items
  kObject,       // pairs
  kName,         // text
  kString,       // text
  kNumber,       // number
  kLiteral,      // text: true, false, null
  kWildcard,     //
  kDescendant,   //
  kParent,       // slot
  kVariable,     // text, without the sign
  kRegex,        // regex
  kCondition,    // lhs ? rhs : third
  kCoalesce,     // lhs ?? rhs
  kDefault,      // lhs ?: rhs
  kBlock,        // items
  kBind,         // lhs := rhs
  kCall,         // lhs: what is called; items: arguments
  kPartial,      // the same, some arguments kPlaceholder
  kLambda,       // items: parameters; lhs: body; signature
  kApply,        // lhs ~> rhs
  kSort,         // terms
  kTransform,    // lhs: pattern, rhs: update, third: what is deleted
  kPlaceholder,  // ?
  kKeyword,      // and, or, in where a value is expected: names
  kEnd,          // nothing where a value is expected
};

struct Node;

// Where a parent operator finds its value: the step `level` above it binds `label`.
struct Slot {
  std::string label;
  int level = 1;
};

using NodePairs = std::vector<std::pair<Node*, Node*>>;

struct Group {
  NodePairs pairs;
  int64_t position = 0;
};

// A filter, or a binding of the position.
struct Stage {
  Node* filter = nullptr;
  std::string index;
};

struct SortTerm {
  Node* expression = nullptr;
  bool descending = false;
};

struct Node {
  NodeType type = NodeType::kEnd;
  int height = 1;  // of the tree below, as parsed
  int64_t position = 0;
  std::string text;
  double number = 0;
  Node* lhs = nullptr;
  Node* rhs = nullptr;
  Node* third = nullptr;
  std::vector<Node*> items;
  NodePairs pairs;
  std::vector<SortTerm> terms;
  std::unique_ptr<Signature> signature;
  std::unique_ptr<Regex> regex;
  const struct Builtin* builtin = nullptr;  // of a variable: what it means where nothing binds it

  // What structure.cc finds out.
  bool keep_array = false;      // []: a sequence of one stays an array
  bool keep_singleton = false;  // the same of a whole path
  bool construct = false;       // an array constructor whose result is one value of its path
  bool tuple = false;           // carries bindings along a path
  std::string focus;            // @$focus
  std::string index;            // #$index
  Slot* slot = nullptr;         // of kParent
  Slot* ancestor = nullptr;     // binds the input of this step under that label
  std::vector<Slot*> seeking;   // parents that are to be found further up
  std::vector<Stage> predicates;
  std::vector<Stage> stages;
  std::unique_ptr<Group> group;

  bool is_plain() const { return predicates.empty() && group == nullptr && !keep_array; }
};

struct Syntax {
  std::deque<Node> nodes;
  std::deque<Slot> slots;
  Node* root = nullptr;

  Node* Make(NodeType type, int64_t position) {
    Node& node = nodes.emplace_back();
    node.type = type;
    node.position = position;
    return &node;
  }
};

}  // namespace penstock::jsonata
