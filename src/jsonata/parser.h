// Tokens to a tree, by operator precedence (Pratt). Source: docs.jsonata.org.
#pragma once

#include <string_view>

#include "base/status.h"
#include "jsonata/lexer.h"
#include "jsonata/syntax.h"

namespace penstock::jsonata {

// How deep expressions may stand in one another, a chain a + b + c counted too; beyond it: U1001.
inline constexpr int kMaxHeight = 1000;
inline constexpr size_t kMaxTextBytes = size_t{1} << 20;

class Parser {
 public:
  Parser(std::string_view text, Syntax& syntax) : lexer_(text), syntax_(syntax) {}
  // The whole text as one expression, as parsed: structure.h comes next.
  Result<Node*> Parse();

 private:
  Result<Node*> Expression(int binding_power);
  // What stands at the beginning of an expression, and what goes on with one. `token` was read.
  Result<Node*> Prefix(const Token& token);
  Result<Node*> Infix(const Token& token, Node* left);

  Status Advance(bool after_value = false);
  // The token must be the operator `expected`: S0202, S0203.
  Status Skip(std::string_view expected, bool after_value = false);
  bool At(std::string_view op) const { return token_.type == TokenType::kOperator && token_.text == op; }
  int PowerOf(const Token& token) const;
  Node* Make(NodeType type, const Token& token);

  Result<Node*> Array(const Token& token);
  Result<Node*> Block(const Token& token);
  Result<Node*> Transform(const Token& token);
  Result<Node*> Call(const Token& token, Node* left);
  Result<Node*> Lambda(Node* call);
  Status LambdaSignature(Node* lambda);
  Result<Node*> Predicate(const Token& token, Node* left);
  Result<Node*> OrderBy(const Token& token, Node* left);
  Result<Node*> Pairs(const Token& token, Node* left);
  Result<Node*> Binding(const Token& token, Node* left);
  Result<Node*> Condition(const Token& token, Node* left);

  Lexer lexer_;
  Syntax& syntax_;
  Token token_;
  int depth_ = 0;
};

// U1001: the tree is too high. Otherwise the node knows its height.
Status Measure(Node* node);

}  // namespace penstock::jsonata
