#include "pipeline/market/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "calendar/exchange_calendar.h"

namespace penstock::pipeline {
namespace {

constexpr std::chrono::days kDay{1};

struct CellWords {
  std::string_view name, meaning;
};
constexpr CellWords kWords[kCells] = {
    {"present", "a row that passed the rules"},
    {"rejected", "a row that a rule refused"},
    {"not_listed", "before the symbol's first row"},
    {"delisted", "after its last day, as the symbol file or the provider has it"},
    {"halted", "the provider answered, and had no row for that day"},
    {"unknown", "the provider does not know the symbol"},
    {"missing", "not asked yet, or no answer was to be had"},
};

// One symbol's cells, segment by segment.
class SymbolWalk {
 public:
  SymbolWalk(const std::vector<Date>& sessions, const std::string& symbol, std::vector<CellRange>* ranges)
      : sessions_(sessions), ranges_(ranges) {
    ledger.symbol = symbol;
  }

  void Add(Cell cell, DateRange days, const std::string& rule = {}) {
    if (days.to < days.from) return;
    const auto first = std::lower_bound(sessions_.begin(), sessions_.end(), days.from);
    const auto last = std::upper_bound(first, sessions_.end(), days.to);
    const int64_t count = last - first;
    if (count == 0) return;
    ledger.count[static_cast<size_t>(cell)] += count;
    if (ranges_ == nullptr || cell == Cell::kPresent) return;
    ranges_->push_back({ledger.symbol, cell, rule, {*first, *(last - 1)}, count});
  }
  // The days before `split` are of one kind, the others of another.
  void AddSplit(Cell before, Cell behind, DateRange days, Date split) {
    Add(before, {days.from, std::min(days.to, split - kDay)});
    Add(behind, {std::max(days.from, split), days.to});
  }

  SymbolLedger ledger;

 private:
  const std::vector<Date>& sessions_;
  std::vector<CellRange>* ranges_;
};

// The first and last day with a row, passed or refused.
std::optional<DateRange> RowsOf(const SymbolCoverage& coverage) {
  std::optional<DateRange> rows;
  const auto add = [&](Date from, Date to) {
    rows = rows ? DateRange{std::min(rows->from, from), std::max(rows->to, to)} : DateRange{from, to};
  };
  if (!coverage.present.empty())
    add(coverage.present.ranges().front().from, coverage.present.ranges().back().to);
  if (!coverage.rejected.empty()) add(coverage.rejected.begin()->first, coverage.rejected.rbegin()->first);
  return rows;
}

void Walk(const SymbolCoverage& coverage, std::optional<Date> delisted, DateRange days, SymbolWalk& walk) {
  const auto within = [&](const DateRange& range) {
    return DateRange{std::max(range.from, days.from), std::min(range.to, days.to)};
  };
  DateSet absent = coverage.answered;
  absent.Remove(coverage.present);
  for (const auto& range : coverage.present.ranges()) walk.Add(Cell::kPresent, within(range));
  for (const auto& [day, rule] : coverage.rejected) {
    absent.Remove({day, day});
    walk.Add(Cell::kRejected, within({day, day}), rule);
  }
  const auto rows = RowsOf(coverage);
  const auto streak = coverage.Streak();
  // From when on the symbol is known to be gone.
  std::optional<Date> gone = delisted;
  if (streak.runs > 0) gone = gone ? std::min(*gone, streak.first) : streak.first;
  const Date end = days.to + kDay;
  for (const auto& range : absent.ranges()) {
    if (rows && range.to < rows->from) {
      walk.Add(Cell::kNotListed, within(range));
    } else if (rows && range.from > rows->to && gone) {
      // An answer without rows that reaches into the days after the end.
      walk.AddSplit(Cell::kHalted, Cell::kDelisted, within(range), std::min(*gone, range.from));
    } else {
      walk.Add(Cell::kHalted, within(range));
    }
  }
  DateSet open{DateRange{days}};
  open.Remove(coverage.answered);
  const Cell gone_cell = rows || delisted ? Cell::kDelisted : Cell::kUnknown;
  if (streak.runs > 0) {
    // What was asked for in vain, as long as the provider has not said otherwise since.
    for (const auto& range : coverage.unknown_days.ranges()) {
      DateSet asked(range);
      asked.Remove(coverage.answered);
      for (const auto& part : asked.ranges()) {
        walk.Add(gone_cell, within(part));
        open.Remove(part);
      }
    }
  }
  for (const auto& range : open.ranges()) {
    const bool behind = !rows || range.from > rows->to;
    walk.AddSplit(Cell::kMissing, gone_cell, range, behind && gone ? *gone : end);
  }
}

}  // namespace

std::string_view NameOf(Cell cell) { return kWords[static_cast<size_t>(cell)].name; }
std::string_view MeaningOf(Cell cell) { return kWords[static_cast<size_t>(cell)].meaning; }

Result<DateRange> LedgerDays(const Pipeline& pipeline, const Coverage& coverage) {
  std::optional<DateRange> days;
  const auto add = [&](Date from, Date to) {
    days = days ? DateRange{std::min(days->from, from), std::max(days->to, to)} : DateRange{from, to};
  };
  for (const auto& [symbol, known] : coverage.symbols) {
    if (!known.answered.empty()) add(known.answered.ranges().front().from, known.answered.ranges().back().to);
    if (!known.unknown.empty()) add(known.unknown.begin()->first, known.unknown.rbegin()->first);
  }
  if (days) return *days;
  return MakeError(ErrorCode::kUsage, fmt::format("{} was never run in this bucket", pipeline.name()),
                   fmt::format("penstock run {} --from DAY fills it", pipeline.name()));
}

Ledger MakeLedger(const Pipeline& pipeline, const Coverage& coverage, const LedgerQuery& query) {
  Ledger ledger;
  const auto sessions = pipeline.calendar->Sessions(query.days.from, query.days.to);
  ledger.sessions = static_cast<int64_t>(sessions.size());
  const auto& symbols = query.symbols.empty() ? pipeline.symbols : query.symbols;
  static const SymbolCoverage kNothing;
  for (const auto& symbol : symbols) {
    SymbolWalk walk(sessions, symbol, query.ranges ? &ledger.ranges : nullptr);
    const auto known = coverage.symbols.find(symbol);
    const size_t before = ledger.ranges.size();
    Walk(known == coverage.symbols.end() ? kNothing : known->second, pipeline.DelistedOn(symbol), query.days,
         walk);
    std::sort(ledger.ranges.begin() + static_cast<std::ptrdiff_t>(before), ledger.ranges.end(),
              [](const CellRange& a, const CellRange& b) { return a.days.from < b.days.from; });
    for (size_t i = 0; i < kCells; ++i) ledger.total[i] += walk.ledger.count[i];
    ledger.symbols.push_back(std::move(walk.ledger));
  }
  return ledger;
}

std::vector<DateRange> MissingRanges(const Pipeline& pipeline, const SymbolCoverage* coverage,
                                     DateRange days) {
  DateSet open(days);
  if (coverage != nullptr) open.Remove(coverage->answered);
  std::vector<DateRange> out;
  for (const auto& range : open.ranges()) {
    const auto sessions = pipeline.calendar->Sessions(range.from, range.to);
    if (!sessions.empty()) out.push_back({sessions.front(), sessions.back()});
  }
  return out;
}

}  // namespace penstock::pipeline
