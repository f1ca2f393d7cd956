// What a function takes: <s-n?:s>. Source: docs.jsonata.org, "Function signatures".
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "jsonata/value.h"

namespace penstock::jsonata {

class Signature {
 public:
  // S0401, S0402, with the position in the text. `text` begins with '<'.
  static Result<Signature> Parse(std::string_view text);

  // The arguments as the function takes them: the context put where one is missing, single values made
  // arrays. T0410, T0411, T0412, without token and position.
  Result<std::vector<Value>> Validate(std::span<const Value> arguments, Value context, Arena& arena) const;

  size_t parameters() const { return parameters_.size(); }

 private:
  struct Parameter {
    unsigned accepts = 0;  // a bit for each of kSymbols
    bool array = false;    // a single value is made an array of it
    bool context = false;  // -
    bool optional = false;
    bool repeated = false;  // +
    std::string subtype;    // of a<n>: "n"
  };
  // How many of `symbols` each parameter takes, greedily; false: it does not match.
  bool Match(std::string_view symbols, size_t parameter, size_t from, bool whole, std::vector<size_t>& taken,
             int& attempts) const;

  std::vector<Parameter> parameters_;
};

}  // namespace penstock::jsonata
