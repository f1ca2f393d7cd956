#include "source/symbols.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <tuple>
#include <unordered_map>

#include "base/ascii.h"

namespace penstock::source {
namespace {

// Nothing when a quote does not end.
bool SplitCells(std::string_view line, std::vector<std::string>* cells) {
  cells->clear();
  size_t at = 0;
  while (true) {
    std::string cell;
    while (at < line.size() && line[at] == ' ') ++at;
    if (at < line.size() && line[at] == '"') {
      ++at;
      while (true) {
        if (at >= line.size()) return false;
        if (line[at] == '"') {
          if (at + 1 < line.size() && line[at + 1] == '"') {
            cell += '"';
            at += 2;
            continue;
          }
          ++at;
          break;
        }
        cell += line[at++];
      }
      while (at < line.size() && line[at] != ',') {
        if (line[at] != ' ' && line[at] != '\t') return false;
        ++at;
      }
      cells->push_back(std::move(cell));
    } else {
      const size_t end = std::min(line.find(',', at), line.size());
      cells->emplace_back(TrimAscii(line.substr(at, end - at), " \t"));
      at = end;
    }
    if (at >= line.size()) return true;
    ++at;  // the comma
  }
}

// What a symbol may be: printable ASCII without space, quote, comma, or what a path or a URL gives another
// meaning. A share class may stand behind a slash (RDS/A): keys and URLs encode it.
bool IsSymbol(std::string_view text) {
  if (text.size() > 32 || text.find("..") != std::string_view::npos) return false;
  const size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    const size_t behind = text.size() - slash - 1;
    if (slash == 0 || behind == 0 || behind > 2) return false;
    return IsSymbol(text.substr(0, slash)) && IsSymbol(text.substr(slash + 1));
  }
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c < 127 && !std::strchr("\"'\\/?#%,;<>|*", c); });
}

}  // namespace

Result<std::vector<SymbolEntry>> ParseSymbolEntries(std::string_view text, std::string_view column,
                                                    std::string_view file) {
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  std::vector<SymbolEntry> symbols;
  std::vector<std::string> cells;
  std::unordered_map<std::string, int> seen;
  size_t columns = 0, wanted = 0, delisted = 0, renamed_to = 0, listed = 0, name = 0, exchange = 0, etf = 0;
  int number = 0;
  const auto fail = [&](std::string_view what) {
    return MakeError(ErrorCode::kConfiguration, fmt::format("{}:{}: {}", file, number, what),
                     "correct the symbol file");
  };
  while (!text.empty()) {
    ++number;
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (TrimAscii(line, " \t").empty() || line.front() == '#') continue;
    if (!SplitCells(line, &cells)) return fail("a quoted cell does not end");
    if (columns == 0) {
      columns = cells.size();
      const auto position = [&](std::string_view name) {
        return static_cast<size_t>(std::find(cells.begin(), cells.end(), name) - cells.begin());
      };
      wanted = position(column);
      delisted = position("delisted");
      renamed_to = position("renamed_to");
      listed = position("listed");
      name = position("name");
      exchange = position("exchange");
      etf = position("etf");
      if (wanted == columns) return fail(fmt::format("the header has no column named {}", column));
      continue;
    }
    if (cells.size() != columns) {
      return fail(fmt::format("{} cells where the header has {}", cells.size(), columns));
    }
    const std::string symbol(TrimAscii(cells[wanted], " \t"));
    if (symbol.empty()) return fail(fmt::format("the column {} is empty", column));
    if (!IsSymbol(symbol)) return fail(fmt::format("not a symbol: {}", symbol));
    const auto [first, added] = seen.emplace(symbol, number);
    if (!added) return fail(fmt::format("the same symbol as in line {}: {}", first->second, symbol));
    const auto text_of = [&](size_t place) { return place < columns ? cells[place] : std::string(); };
    SymbolEntry entry;
    entry.symbol = symbol;
    entry.renamed_to = text_of(renamed_to);
    entry.name = text_of(name);
    entry.exchange = text_of(exchange);
    entry.etf = text_of(etf) == "true";
    const std::tuple<const char*, size_t, std::optional<Date>*> days[] = {
        {"delisted", delisted, &entry.delisted}, {"listed", listed, &entry.listed}};
    for (const auto& [title, place, into] : days) {
      const std::string cell = text_of(place);
      if (cell.empty()) continue;
      const auto day = ParseDate(cell);
      if (!day.ok()) return fail(fmt::format("{}: expected a day as YYYY-MM-DD, got {}", title, cell));
      *into = *day;
    }
    symbols.push_back(std::move(entry));
  }
  if (columns == 0) return fail("no header");
  if (symbols.empty()) return fail("no symbol");
  return symbols;
}

Result<std::vector<SymbolEntry>> ReadSymbolEntries(const std::string& file, std::string_view column) {
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in.is_open() || in.bad()) {
    return MakeError(ErrorCode::kConfiguration,
                     fmt::format("the symbol file cannot be read ({}): {}", std::strerror(errno), file),
                     "name a CSV file with a header and one symbol a line");
  }
  return ParseSymbolEntries(text, column, file);
}

namespace {

Result<std::vector<std::string>> NamesOf(const Result<std::vector<SymbolEntry>>& entries) {
  RETURN_IF_ERROR(entries.status());
  std::vector<std::string> names;
  for (const auto& entry : *entries) names.push_back(entry.symbol);
  return names;
}

}  // namespace

Result<std::vector<std::string>> ParseSymbols(std::string_view text, std::string_view column,
                                              std::string_view file) {
  return NamesOf(ParseSymbolEntries(text, column, file));
}

Result<std::vector<std::string>> ReadSymbols(const std::string& file, std::string_view column) {
  return NamesOf(ReadSymbolEntries(file, column));
}

}  // namespace penstock::source
