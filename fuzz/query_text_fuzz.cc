// What people write: SQL texts, saved queries, parameters. Whatever comes in, a bound text has no parameter
// left but where a value brought one, and a value stays one token.
#include <cstdlib>
#include <string>
#include <string_view>

#include "query/parameter.h"
#include "query/saved_query.h"
#include "query/sql_text.h"
#include "query/statement_tree.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock;
  using namespace penstock::query;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto tokens = Tokenize(text);
  if (tokens.ok()) {
    size_t at = 0;
    for (const Token& token : *tokens) {
      if (token.begin != at || token.end <= token.begin) std::abort();
      at = token.end;
    }
    if (at != text.size()) std::abort();
    const auto names = ParametersOf(text);
    if (!names.ok()) std::abort();
    std::vector<Parameter> parameters;
    for (const std::string& name : *names) parameters.push_back({name, ParameterType::kInteger, "1"});
    const auto bound = BindParameters(text, parameters);
    if (!bound.ok()) std::abort();
    const auto before = SplitStatements(text);
    const auto after = SplitStatements(*bound);
    if (!before.ok() || !after.ok() || before->size() != after->size()) std::abort();
  }
  const auto literal = ToSqlLiteral({"p", ParameterType::kText, std::string(text)});
  if (literal.ok()) {
    const auto value = Tokenize(*literal);
    if (!value.ok() || value->size() != 1 || (*value)[0].kind != TokenKind::kText) std::abort();
  }
  IgnoreError(ParseSavedQuery("fuzz", text).status(), "any text may come");
  IgnoreError(InspectStatement(text, "select 1").status(), "any tree may come");
  return 0;
}
