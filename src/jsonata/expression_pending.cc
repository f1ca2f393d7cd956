// Until the evaluator is there, every expression is refused.
#if !__has_include("jsonata/lexer.h")
#include "jsonata/expression.h"

namespace penstock::jsonata {

struct Expression::Program {};

Result<Expression> Expression::Compile(std::string_view, Dialect) {
  return MakeError(ErrorCode::kInvalidData, "JSONata is not supported yet");
}

Result<std::optional<json::value>> Expression::Evaluate(const json::value&, const Bindings&,
                                                        const Environment&) const {
  return MakeError(ErrorCode::kInvalidData, "JSONata is not supported yet");
}

}  // namespace penstock::jsonata
#endif
