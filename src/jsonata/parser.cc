#include "jsonata/parser.h"

#include <algorithm>
#include <utility>

#include "base/json_text.h"
#include "jsonata/fault.h"
#include "jsonata/fault_text.h"

namespace penstock::jsonata {
namespace {

struct Power {
  std::string_view op;
  int power;
};

constexpr Power kPowers[] = {
    {".", 75},   {"[", 80},  {"{", 70},  {"(", 80},  {"@", 80},  {"#", 80},  {"?", 20},
    {"+", 50},   {"-", 50},  {"*", 60},  {"/", 60},  {"%", 60},  {"=", 40},  {"<", 40},
    {">", 40},   {"^", 40},  {":=", 10}, {"!=", 40}, {"<=", 40}, {">=", 40}, {"~>", 40},
    {"and", 30}, {"or", 25}, {"in", 40}, {"&", 50},  {"??", 40}, {"?:", 40},
};

constexpr int kNegatePower = 70;

Status TooDeep() { return Failure("U1001", {.value = "The expression is nested too deeply"}); }

int HeightOf(const Node* node) { return node == nullptr ? 0 : node->height; }

bool IsFunctionKeyword(const Node& node) {
  return node.type == NodeType::kName && (node.text == "function" || node.text == "\xCE\xBB");
}

// Behind such a token an expression begins: a '/' is a regular expression there.
bool OpensExpression(const Token& token) {
  return token.type == TokenType::kOperator && token.text.size() == 1 &&
         std::string_view("([{|-").find(token.text[0]) != std::string_view::npos;
}

}  // namespace

Status Measure(Node* node) {
  int height = std::max({HeightOf(node->lhs), HeightOf(node->rhs), HeightOf(node->third)});
  for (const Node* item : node->items) height = std::max(height, HeightOf(item));
  for (const auto& [key, value] : node->pairs) height = std::max({height, HeightOf(key), HeightOf(value)});
  for (const SortTerm& term : node->terms) height = std::max(height, HeightOf(term.expression));
  node->height = height + 1;
  return node->height > kMaxHeight ? TooDeep() : Status::OK();
}

Node* Parser::Make(NodeType type, const Token& token) {
  Node* node = syntax_.Make(type, token.position);
  node->text = token.text;
  return node;
}

Status Parser::Advance(bool after_value) {
  ASSIGN_OR_RETURN(token_, lexer_.Next(after_value));
  if (token_.type == TokenType::kOperator && (token_.text == "!" || token_.text == "~")) {
    return Failure("S0204", {.token = token_.text, .position = token_.position});
  }
  return Status::OK();
}

Status Parser::Skip(std::string_view expected, bool after_value) {
  if (At(expected)) return Advance(after_value);
  const bool at_end = token_.type == TokenType::kEnd;
  return Failure(at_end ? "S0203" : "S0202", {.token = at_end ? "(end)" : token_.text,
                                              .position = token_.position,
                                              .value = JsonText(json::value(expected))});
}

int Parser::PowerOf(const Token& token) const {
  if (token.type != TokenType::kOperator) return 0;
  for (const auto& [op, power] : kPowers) {
    if (op == token.text) return power;
  }
  return 0;
}

Result<Node*> Parser::Parse() {
  RETURN_IF_ERROR(Advance());
  ASSIGN_OR_RETURN(Node * root, Expression(0));
  if (token_.type != TokenType::kEnd) {
    return Failure("S0201", {.token = token_.text, .position = token_.position});
  }
  return root;
}

Result<Node*> Parser::Expression(int binding_power) {
  if (++depth_ > kMaxHeight / 4) return TooDeep();
  Token token = token_;
  RETURN_IF_ERROR(Advance(!OpensExpression(token)));
  ASSIGN_OR_RETURN(Node * left, Prefix(token));
  RETURN_IF_ERROR(Measure(left));
  while (binding_power < PowerOf(token_)) {
    token = token_;
    RETURN_IF_ERROR(Advance());
    ASSIGN_OR_RETURN(left, Infix(token, left));
    RETURN_IF_ERROR(Measure(left));
  }
  --depth_;
  return left;
}

Result<Node*> Parser::Prefix(const Token& token) {
  switch (token.type) {
    case TokenType::kEnd: return Make(NodeType::kEnd, token);
    case TokenType::kName: return Make(NodeType::kName, token);
    case TokenType::kVariable: return Make(NodeType::kVariable, token);
    case TokenType::kString: return Make(NodeType::kString, token);
    case TokenType::kLiteral: return Make(NodeType::kLiteral, token);
    case TokenType::kNumber: {
      Node* node = Make(NodeType::kNumber, token);
      node->number = token.number;
      return node;
    }
    case TokenType::kRegex: {
      Node* node = Make(NodeType::kRegex, token);
      auto regex = Regex::Compile(token.text, token.flags);
      if (!regex.ok()) return AtToken(regex.status(), token.text, token.position);
      node->regex = std::make_unique<Regex>(*std::move(regex));
      return node;
    }
    case TokenType::kOperator: break;
  }
  const std::string& op = token.text;
  if (op == "(") return Block(token);
  if (op == "[") return Array(token);
  if (op == "{") return Pairs(token, nullptr);
  if (op == "|") return Transform(token);
  if (op == "*") return Make(NodeType::kWildcard, token);
  if (op == "**") return Make(NodeType::kDescendant, token);
  if (op == "%") return Make(NodeType::kParent, token);
  if (op == "and" || op == "or" || op == "in") return Make(NodeType::kKeyword, token);
  if (op == "-") {
    Node* node = Make(NodeType::kNegate, token);
    ASSIGN_OR_RETURN(node->lhs, Expression(kNegatePower));
    return node;
  }
  return Failure("S0211", {.token = op, .position = token.position});
}

Result<Node*> Parser::Infix(const Token& token, Node* left) {
  const std::string& op = token.text;
  if (op == "(") return Call(token, left);
  if (op == "[") return Predicate(token, left);
  if (op == "{") return Pairs(token, left);
  if (op == "^") return OrderBy(token, left);
  if (op == "?") return Condition(token, left);
  if (op == ":=" || op == "@" || op == "#") return Binding(token, left);
  Node* node = Make(op == "~>"   ? NodeType::kApply
                    : op == "??" ? NodeType::kCoalesce
                    : op == "?:" ? NodeType::kDefault
                                 : NodeType::kBinary,
                    token);
  node->lhs = left;
  ASSIGN_OR_RETURN(node->rhs, Expression(PowerOf(token)));
  return node;
}

Result<Node*> Parser::Array(const Token& token) {
  Node* node = Make(NodeType::kArray, token);
  while (!At("]")) {
    ASSIGN_OR_RETURN(Node * item, Expression(0));
    if (At("..")) {
      Node* range = Make(NodeType::kBinary, token_);
      range->lhs = item;
      RETURN_IF_ERROR(Advance());
      ASSIGN_OR_RETURN(range->rhs, Expression(0));
      RETURN_IF_ERROR(Measure(range));
      item = range;
    }
    node->items.push_back(item);
    if (!At(",")) break;
    RETURN_IF_ERROR(Advance());
    if (At("]")) return Failure("S0211", {.token = "]", .position = token_.position});
  }
  RETURN_IF_ERROR(Skip("]", true));
  return node;
}

Result<Node*> Parser::Block(const Token& token) {
  Node* node = Make(NodeType::kBlock, token);
  while (!At(")")) {
    ASSIGN_OR_RETURN(Node * item, Expression(0));
    node->items.push_back(item);
    if (!At(";")) break;
    RETURN_IF_ERROR(Advance());
  }
  RETURN_IF_ERROR(Skip(")", true));
  return node;
}

Result<Node*> Parser::Transform(const Token& token) {
  Node* node = Make(NodeType::kTransform, token);
  ASSIGN_OR_RETURN(node->lhs, Expression(0));
  RETURN_IF_ERROR(Skip("|"));
  ASSIGN_OR_RETURN(node->rhs, Expression(0));
  if (At(",")) {
    RETURN_IF_ERROR(Advance());
    ASSIGN_OR_RETURN(node->third, Expression(0));
  }
  RETURN_IF_ERROR(Skip("|"));
  return node;
}

Result<Node*> Parser::Call(const Token& token, Node* left) {
  Node* node = Make(NodeType::kCall, token);
  node->lhs = left;
  while (!At(")")) {
    if (At("?")) {
      node->type = NodeType::kPartial;
      node->items.push_back(Make(NodeType::kPlaceholder, token_));
      RETURN_IF_ERROR(Advance());
    } else {
      ASSIGN_OR_RETURN(Node * argument, Expression(0));
      node->items.push_back(argument);
    }
    if (!At(",")) break;
    RETURN_IF_ERROR(Advance());
    if (At(")")) return Failure("S0211", {.token = ")", .position = token_.position});
  }
  RETURN_IF_ERROR(Skip(")", true));
  return IsFunctionKeyword(*left) ? Lambda(node) : Result<Node*>(node);
}

Result<Node*> Parser::Lambda(Node* call) {
  call->type = NodeType::kLambda;
  for (size_t i = 0; i < call->items.size(); ++i) {
    const Node& parameter = *call->items[i];
    if (parameter.type != NodeType::kVariable) {
      return Failure(
          "S0208", {.token = parameter.text, .position = parameter.position, .value = std::to_string(i + 1)});
    }
  }
  if (At("<")) RETURN_IF_ERROR(LambdaSignature(call));
  RETURN_IF_ERROR(Skip("{"));
  ASSIGN_OR_RETURN(call->lhs, Expression(0));
  RETURN_IF_ERROR(Skip("}"));
  return call;
}

Status Parser::LambdaSignature(Node* lambda) {
  const int64_t position = token_.position;
  std::string text = "<";
  for (int depth = 1; depth > 0 && !At("{") && token_.type != TokenType::kEnd;) {
    RETURN_IF_ERROR(Advance());
    if (At(">")) --depth;
    if (At("<")) ++depth;
    text += token_.text;
  }
  RETURN_IF_ERROR(Skip(">"));
  auto signature = Signature::Parse(text);
  if (!signature.ok()) {
    Fault fault = FaultOf(signature.status()).value();
    fault.position += position;
    return MakeFault(std::move(fault));
  }
  lambda->signature = std::make_unique<Signature>(*std::move(signature));
  return Status::OK();
}

Result<Node*> Parser::Predicate(const Token& token, Node* left) {
  if (At("]")) {
    Node* step = left;
    while (step->type == NodeType::kBinary && step->text == "[") step = step->lhs;
    step->keep_array = true;
    RETURN_IF_ERROR(Advance(true));
    return left;
  }
  Node* node = Make(NodeType::kBinary, token);
  node->lhs = left;
  ASSIGN_OR_RETURN(node->rhs, Expression(0));
  RETURN_IF_ERROR(Skip("]", true));
  return node;
}

Result<Node*> Parser::OrderBy(const Token& token, Node* left) {
  Node* node = Make(NodeType::kBinary, token);
  node->lhs = left;
  RETURN_IF_ERROR(Skip("("));
  while (true) {
    SortTerm term;
    if (At("<") || At(">")) {
      term.descending = At(">");
      RETURN_IF_ERROR(Advance());
    }
    ASSIGN_OR_RETURN(term.expression, Expression(0));
    node->terms.push_back(term);
    if (!At(",")) break;
    RETURN_IF_ERROR(Advance());
  }
  RETURN_IF_ERROR(Skip(")", true));
  return node;
}

// An object, or behind a value the grouping of it.
Result<Node*> Parser::Pairs(const Token& token, Node* left) {
  Node* node = Make(left == nullptr ? NodeType::kObject : NodeType::kBinary, token);
  node->lhs = left;
  while (!At("}")) {
    ASSIGN_OR_RETURN(Node * key, Expression(0));
    RETURN_IF_ERROR(Skip(":"));
    ASSIGN_OR_RETURN(Node * value, Expression(0));
    node->pairs.emplace_back(key, value);
    if (!At(",")) break;
    RETURN_IF_ERROR(Advance());
    if (At("}")) return Failure("S0211", {.token = "}", .position = token_.position});
  }
  RETURN_IF_ERROR(Skip("}", true));
  return node;
}

Result<Node*> Parser::Binding(const Token& token, Node* left) {
  Node* node = Make(token.text == ":=" ? NodeType::kBind : NodeType::kBinary, token);
  node->lhs = left;
  if (node->type == NodeType::kBind) {
    if (left->type != NodeType::kVariable) {
      return Failure("S0212", {.token = left->text, .position = left->position});
    }
    ASSIGN_OR_RETURN(node->rhs, Expression(PowerOf(token) - 1));  // from the right
    return node;
  }
  ASSIGN_OR_RETURN(node->rhs, Expression(PowerOf(token)));
  if (node->rhs->type != NodeType::kVariable) {
    return Failure("S0214", {.token = token.text, .position = node->rhs->position});
  }
  return node;
}

Result<Node*> Parser::Condition(const Token& token, Node* left) {
  Node* node = Make(NodeType::kCondition, token);
  node->lhs = left;
  ASSIGN_OR_RETURN(node->rhs, Expression(0));
  if (At(":")) {
    RETURN_IF_ERROR(Advance());
    ASSIGN_OR_RETURN(node->third, Expression(0));
  }
  return node;
}

}  // namespace penstock::jsonata
