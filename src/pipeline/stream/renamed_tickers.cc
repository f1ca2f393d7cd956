#include "pipeline/stream/renamed_tickers.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::pipeline {

Result<RenamedTickers> RenamedTickers::Read(const std::string& file) {
  ASSIGN_OR_RETURN(auto entries, source::ReadSymbolEntries(file));
  for (const auto& entry : entries) {
    if (!entry.renamed_to.empty() && entry.delisted) continue;
    return MakeError(ErrorCode::kConfiguration,
                     fmt::format("{}: {}: no {}", file, entry.symbol,
                                 entry.renamed_to.empty() ? "name that it has today" : "day of the change"),
                     "each line has symbol, renamed_to, and delisted: the first day under the new name");
  }
  return RenamedTickers(std::move(entries));
}

const source::SymbolEntry* RenamedTickers::Find(std::string_view ticker) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const auto& entry) { return entry.symbol == ticker; });
  return found == entries_.end() ? nullptr : &*found;
}

std::optional<std::string> RenamedTickers::TodaysName(std::string_view ticker, Date day) const {
  std::optional<std::string> name;
  // A file may lead in a circle: no company changed its name more often than there are changes.
  for (size_t i = 0; i < entries_.size(); ++i) {
    const auto* entry = Find(name ? std::string_view(*name) : ticker);
    if (entry == nullptr || day >= *entry->delisted) break;
    name = entry->renamed_to;
  }
  return name;
}

std::string RenamedTickers::RenamedBefore(std::string_view ticker, Date day) const {
  const auto* entry = Find(ticker);
  if (entry == nullptr || day < *entry->delisted) return "";
  return fmt::format("{} is {} since {}", ticker, entry->renamed_to, FormatDate(*entry->delisted));
}

}  // namespace penstock::pipeline
