#include "jsonata/structure.h"

#include <utility>

#include "jsonata/fault_text.h"

namespace penstock::jsonata {
namespace {

bool IsArray(const Node& node) { return node.type == NodeType::kArray; }

std::string_view NameOfType(const Node& node) {
  switch (node.type) {
    case NodeType::kParent: return "parent";
    case NodeType::kVariable: return "variable";
    case NodeType::kObject:
    case NodeType::kArray:
    case NodeType::kNegate: return "unary";
    case NodeType::kBinary: return "binary";
    case NodeType::kBlock: return "block";
    case NodeType::kPath: return "path";
    case NodeType::kCall: return "function";
    default: return "expression";
  }
}

class Structurer {
 public:
  explicit Structurer(Syntax& syntax) : syntax_(syntax) {}

  Result<Node*> Process(Node* node) {
    const bool keep_array = node->keep_array;
    ASSIGN_OR_RETURN(Node * result, Dispatch(node));
    if (keep_array) result->keep_array = true;
    return result;
  }

 private:
  Result<Node*> Dispatch(Node* node) {
    switch (node->type) {
      case NodeType::kBinary: return Binary(node);
      case NodeType::kKeyword: node->type = NodeType::kName; [[fallthrough]];
      case NodeType::kName: {
        Node* path = PathOf(node);
        path->keep_singleton = node->keep_array;
        return path;
      }
      case NodeType::kParent:
        node->slot = &syntax_.slots.emplace_back();
        node->slot->label = "!" + std::to_string(syntax_.slots.size());
        return node;
      case NodeType::kNegate: return Negate(node);
      case NodeType::kArray: return Items(node);
      case NodeType::kBlock: return Block(node);
      case NodeType::kObject: return Object(node);
      case NodeType::kCall:
      case NodeType::kPartial: {
        RETURN_IF_ERROR(Items(node).status());
        ASSIGN_OR_RETURN(node->lhs, Process(node->lhs));
        return node;
      }
      case NodeType::kLambda: {
        ASSIGN_OR_RETURN(node->lhs, Process(node->lhs));
        return node;
      }
      case NodeType::kBind: {
        ASSIGN_OR_RETURN(node->rhs, Process(node->rhs));
        Inherit(node, node->rhs);
        return node;
      }
      case NodeType::kApply: {
        ASSIGN_OR_RETURN(node->lhs, Process(node->lhs));
        ASSIGN_OR_RETURN(node->rhs, Process(node->rhs));
        node->keep_array = node->lhs->keep_array || node->rhs->keep_array;
        return node;
      }
      case NodeType::kCondition:
      case NodeType::kCoalesce:
      case NodeType::kDefault: return Branches(node);
      case NodeType::kTransform: {
        ASSIGN_OR_RETURN(node->lhs, Process(node->lhs));
        ASSIGN_OR_RETURN(node->rhs, Process(node->rhs));
        if (node->third != nullptr) {
          ASSIGN_OR_RETURN(node->third, Process(node->third));
        }
        return node;
      }
      case NodeType::kEnd: return Failure("S0207", {.token = "(end)", .position = node->position});
      default: return node;
    }
  }

  Result<Node*> Binary(Node* node) {
    if (node->text == ".") return Step(node);
    if (node->text == "[") return Predicate(node);
    if (node->text == "{") return Grouping(node);
    if (node->text == "^") return OrderBy(node);
    if (node->text == "@") return Focus(node);
    if (node->text == "#") return Index(node);
    ASSIGN_OR_RETURN(node->lhs, Process(node->lhs));
    ASSIGN_OR_RETURN(node->rhs, Process(node->rhs));
    Inherit(node, node->lhs);
    Inherit(node, node->rhs);
    return node;
  }

  Node* PathOf(Node* step) {
    Node* path = syntax_.Make(NodeType::kPath, step->position);
    path->items.push_back(step);
    return path;
  }

  Result<Node*> Step(Node* node) {
    ASSIGN_OR_RETURN(Node * left, Process(node->lhs));
    Node* path = left;
    if (left->type != NodeType::kPath) {
      path = PathOf(left);
      if (left->type == NodeType::kParent) path->seeking = {left->slot};
    }
    ASSIGN_OR_RETURN(Node * rest, Process(node->rhs));
    if (rest->type == NodeType::kPath) {
      path->items.insert(path->items.end(), rest->items.begin(), rest->items.end());
    } else {
      rest->stages = std::move(rest->predicates);
      rest->predicates.clear();
      path->items.push_back(rest);
    }
    for (Node* step : path->items) {
      if (step->type == NodeType::kNumber || step->type == NodeType::kLiteral) {
        return Failure("S0213", {.position = step->position, .value = step->text});
      }
      if (step->type == NodeType::kString) step->type = NodeType::kName;
      if (step->keep_array) path->keep_singleton = true;
    }
    if (IsArray(*path->items.front())) path->items.front()->construct = true;
    if (IsArray(*path->items.back())) path->items.back()->construct = true;
    RETURN_IF_ERROR(ResolveParents(path));
    return path;
  }

  Result<Node*> Predicate(Node* node) {
    ASSIGN_OR_RETURN(Node * result, Process(node->lhs));
    const bool in_path = result->type == NodeType::kPath;
    Node* step = in_path ? result->items.back() : result;
    if (step->group != nullptr || result->group != nullptr) {
      return Failure("S0209", {.position = node->position});
    }
    ASSIGN_OR_RETURN(Node * filter, Process(node->rhs));
    if (!filter->seeking.empty() || filter->type == NodeType::kParent) {
      for (Slot* slot : filter->seeking) {
        if (slot->level == 1) {
          RETURN_IF_ERROR(Seek(step, *slot));
        } else {
          --slot->level;
        }
      }
      Inherit(step, filter);
    }
    (in_path ? step->stages : step->predicates).push_back({filter, ""});
    return result;
  }

  Result<Node*> Grouping(Node* node) {
    ASSIGN_OR_RETURN(Node * result, Process(node->lhs));
    if (result->group != nullptr) return Failure("S0210", {.position = node->position});
    auto group = std::make_unique<Group>();
    group->position = node->position;
    for (const auto& [key, value] : node->pairs) {
      ASSIGN_OR_RETURN(Node * new_key, Process(key));
      ASSIGN_OR_RETURN(Node * new_value, Process(value));
      group->pairs.emplace_back(new_key, new_value);
    }
    result->group = std::move(group);
    return result;
  }

  Result<Node*> OrderBy(Node* node) {
    ASSIGN_OR_RETURN(Node * path, Process(node->lhs));
    if (path->type != NodeType::kPath) path = PathOf(path);
    Node* sort = syntax_.Make(NodeType::kSort, node->position);
    for (const SortTerm& term : node->terms) {
      ASSIGN_OR_RETURN(Node * expression, Process(term.expression));
      Inherit(sort, expression);
      sort->terms.push_back({expression, term.descending});
    }
    path->items.push_back(sort);
    RETURN_IF_ERROR(ResolveParents(path));
    return path;
  }

  Result<Node*> Focus(Node* node) {
    ASSIGN_OR_RETURN(Node * result, Process(node->lhs));
    Node* step = result->type == NodeType::kPath ? result->items.back() : result;
    if (!step->stages.empty() || !step->predicates.empty()) {
      return Failure("S0215", {.position = node->position});
    }
    if (step->type == NodeType::kSort) return Failure("S0216", {.position = node->position});
    if (node->keep_array) step->keep_array = true;
    step->focus = node->rhs->text;
    step->tuple = true;
    return result;
  }

  Result<Node*> Index(Node* node) {
    ASSIGN_OR_RETURN(Node * result, Process(node->lhs));
    Node* step = result;
    if (result->type == NodeType::kPath) {
      step = result->items.back();
    } else {
      result = PathOf(step);
      result->keep_array = step->keep_array;
      step->stages = std::move(step->predicates);
      step->predicates.clear();
    }
    if (step->stages.empty()) {
      step->index = node->rhs->text;
    } else {
      step->stages.push_back({nullptr, node->rhs->text});
    }
    step->tuple = true;
    return result;
  }

  Result<Node*> Negate(Node* node) {
    ASSIGN_OR_RETURN(Node * operand, Process(node->lhs));
    if (operand->type == NodeType::kNumber && operand->is_plain()) {
      operand->number = -operand->number;
      return operand;
    }
    node->lhs = operand;
    Inherit(node, operand);
    return node;
  }

  Result<Node*> Items(Node* node) {
    for (Node*& item : node->items) {
      ASSIGN_OR_RETURN(item, Process(item));
      Inherit(node, item);
    }
    return node;
  }

  Result<Node*> Block(Node* node) {
    RETURN_IF_ERROR(Items(node).status());
    for (const Node* item : node->items) {
      if (item->construct || (item->type == NodeType::kPath && item->items[0]->construct)) {
        node->construct = true;
      }
    }
    return node;
  }

  Result<Node*> Object(Node* node) {
    for (auto& [key, value] : node->pairs) {
      ASSIGN_OR_RETURN(key, Process(key));
      Inherit(node, key);
      ASSIGN_OR_RETURN(value, Process(value));
      Inherit(node, value);
    }
    return node;
  }

  Result<Node*> Branches(Node* node) {
    for (Node** branch : {&node->lhs, &node->rhs, &node->third}) {
      if (*branch == nullptr) continue;
      ASSIGN_OR_RETURN(*branch, Process(*branch));
      Inherit(node, *branch);
    }
    return node;
  }

  // Parents that are looked for within `part` are looked for from `node` on.
  static void Inherit(Node* node, const Node* part) {
    node->seeking.insert(node->seeking.end(), part->seeking.begin(), part->seeking.end());
    if (part->type == NodeType::kParent) node->seeking.push_back(part->slot);
  }

  Status ResolveParents(Node* path) {
    const Node& last = *path->items.back();
    std::vector<Slot*> slots = last.seeking;
    if (last.type == NodeType::kParent) slots.push_back(last.slot);
    for (Slot* slot : slots) {
      auto index = static_cast<ptrdiff_t>(path->items.size()) - 2;
      while (slot->level > 0) {
        if (index < 0) {
          path->seeking.push_back(slot);
          break;
        }
        Node* step = path->items[index--];
        // Of steps that bind the focus one behind another, all but the first stand on the same value.
        while (index >= 0 && !step->focus.empty() && !path->items[index]->focus.empty()) {
          step = path->items[index--];
        }
        RETURN_IF_ERROR(Seek(step, *slot));
      }
    }
    return Status::OK();
  }

  // Goes up through the step; at level 0 it is the one that binds the label.
  Status Seek(Node* step, Slot& slot) {
    switch (step->type) {
      case NodeType::kName:
      case NodeType::kWildcard:
        if (--slot.level > 0) return Status::OK();
        if (step->ancestor != nullptr) slot.label = step->ancestor->label;
        step->ancestor = &slot;
        step->tuple = true;
        return Status::OK();
      case NodeType::kParent: ++slot.level; return Status::OK();
      case NodeType::kBlock:
        if (step->items.empty()) return Status::OK();
        step->tuple = true;
        return Seek(step->items.back(), slot);
      case NodeType::kPath: {
        step->tuple = true;
        auto index = static_cast<ptrdiff_t>(step->items.size()) - 1;
        RETURN_IF_ERROR(Seek(step->items[index--], slot));
        while (slot.level > 0 && index >= 0) RETURN_IF_ERROR(Seek(step->items[index--], slot));
        return Status::OK();
      }
      default: return Failure("S0217", {.token = std::string(NameOfType(*step)), .position = step->position});
    }
  }

  Syntax& syntax_;
};

}  // namespace

Result<Node*> Structure(Node* parsed, Syntax& syntax) {
  ASSIGN_OR_RETURN(Node * root, Structurer(syntax).Process(parsed));
  if (root->type == NodeType::kParent || !root->seeking.empty()) {
    return Failure("S0217", {.token = std::string(NameOfType(*root)), .position = root->position});
  }
  return root;
}

}  // namespace penstock::jsonata
