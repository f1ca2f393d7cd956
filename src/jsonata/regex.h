// Regular expressions as JavaScript means them, by PCRE2. A match costs a bounded number of steps.
// Source: ECMA-262, "RegExp (Regular Expression) Objects"; pcre2api(3), pcre2compat(3).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace penstock::jsonata {

class Regex {
 public:
  struct Match {
    size_t start = 0;  // bytes
    size_t end = 0;
    std::vector<std::optional<std::string_view>> groups;
  };

  // S0303: not a regular expression. Flags: i, m.
  static Result<Regex> Compile(const std::string& pattern, std::string_view flags);
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // The first match at or behind the byte `from`. `valid`: the text is known to be UTF-8. U1001: it takes too
  // long.
  Result<std::optional<Match>> Find(std::string_view text, size_t from, bool valid) const;

 private:
  struct Code;
  explicit Regex(std::unique_ptr<Code> code);
  std::unique_ptr<Code> code_;
};

}  // namespace penstock::jsonata
