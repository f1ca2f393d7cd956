// Tickers that companies gave up for others: asked for a day before the change, a provider knows it under
// today's name only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/status.h"
#include "source/symbols.h"

namespace penstock::pipeline {

// Immutable.
class RenamedTickers {
 public:
  RenamedTickers() = default;
  // A symbol file (source/symbols.h) with `renamed_to` and `delisted`, the first day under the new name.
  // Configuration names the line: one of the two is missing.
  static Result<RenamedTickers> Read(const std::string& file);
  explicit RenamedTickers(std::vector<source::SymbolEntry> entries) : entries_(std::move(entries)) {}

  // The name that the company of `ticker` on `day` has today: through all changes behind that day. Nothing:
  // it has that one still, as far as is known, or nobody had it any more on that day.
  std::optional<std::string> TodaysName(std::string_view ticker, Date day) const;
  // "FB is META since 2022-06-09" for a day from the change on; empty otherwise.
  std::string RenamedBefore(std::string_view ticker, Date day) const;

 private:
  const source::SymbolEntry* Find(std::string_view ticker) const;

  std::vector<source::SymbolEntry> entries_;
};

}  // namespace penstock::pipeline
