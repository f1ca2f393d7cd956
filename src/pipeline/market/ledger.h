// Every expected cell, symbol by session: is it there, and if not, why? (US-stocks: the ledger.)
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/date_set.h"
#include "base/status.h"
#include "pipeline/market/coverage.h"
#include "pipeline/pipeline.h"

namespace penstock::pipeline {

enum class Cell {
  kPresent,    // a row that passed
  kRejected,   // a row that a rule refused
  kNotListed,  // absent: before the symbol's first row
  kDelisted,   // absent: after its last, and the symbol file says so, or the provider knows it no longer
  kHalted,     // absent: the provider gave an answer for the day, and no row
  kUnknown,    // absent: the provider never knew the symbol
  kMissing,    // not asked yet, or no answer was to be had
};
inline constexpr size_t kCells = 7;
std::string_view NameOf(Cell cell);  // "present", "not_listed", …
// Says for a person what a cell is.
std::string_view MeaningOf(Cell cell);

struct SymbolLedger {
  std::string symbol;
  std::array<int64_t, kCells> count{};
  int64_t operator[](Cell cell) const { return count[static_cast<size_t>(cell)]; }
};

// A run of sessions of one symbol with the same answer.
struct CellRange {
  std::string symbol;
  Cell cell = Cell::kMissing;
  std::string rule;  // of kRejected
  DateRange days;
  int64_t sessions = 0;
};

struct LedgerQuery {
  DateRange days;                    // of which sessions are looked at
  std::vector<std::string> symbols;  // empty: all of the pipeline
  bool ranges = false;               // also each run of cells that are not present
};

struct Ledger {
  int64_t sessions = 0;
  std::array<int64_t, kCells> total{};
  std::vector<SymbolLedger> symbols;  // in the pipeline's order
  std::vector<CellRange> ranges;      // by symbol, then day
  int64_t operator[](Cell cell) const { return total[static_cast<size_t>(cell)]; }
};

// From the first to the last day that was ever asked for. Usage: nothing was asked for yet.
Result<DateRange> LedgerDays(const Pipeline& pipeline, const Coverage& coverage);

// Costs by what is not present, not by the number of cells: 9,000 x 2,520 in some tens of milliseconds.
Ledger MakeLedger(const Pipeline& pipeline, const Coverage& coverage, const LedgerQuery& query);

// The sessions of `days` that are missing for a symbol, as ranges that begin and end with a session.
std::vector<DateRange> MissingRanges(const Pipeline& pipeline, const SymbolCoverage* coverage,
                                     DateRange days);

}  // namespace penstock::pipeline
