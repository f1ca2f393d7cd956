#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "calendar/exchange_calendar.h"
#include "lake/rule.h"

namespace penstock::lake {
namespace {

class NotNullRule : public Rule {
 public:
  NotNullRule(std::vector<int> columns, std::vector<std::string> names)
      : columns_(std::move(columns)), names_(std::move(names)) {}

  Status Check(Candidates& rows, const ValidationContext&) const override {
    const bool any = std::any_of(columns_.begin(), columns_.end(),
                                 [&](int column) { return rows.column(column).validity != nullptr; });
    if (!any) return Status::OK();
    for (int64_t row = 0; row < rows.rows(); ++row) {
      if (rows.IsOut(row)) continue;
      std::string missing;
      for (size_t i = 0; i < columns_.size(); ++i) {
        if (rows.column(columns_[i]).IsNull(row)) missing += (missing.empty() ? "" : ", ") + names_[i];
      }
      if (!missing.empty()) rows.Fail(row, "no value for " + missing);
    }
    return Status::OK();
  }

 private:
  const std::vector<int> columns_;
  const std::vector<std::string> names_;
};

class BoundsRule : public Rule {
 public:
  BoundsRule(std::array<int, 4> columns, double tolerance) : columns_(columns), tolerance_(tolerance) {}

  Status Check(Candidates& rows, const ValidationContext&) const override {
    static constexpr std::array<std::string_view, 4> kNames{"open", "high", "low", "close"};
    std::array<const CellColumn*, 4> cells{};
    for (size_t i = 0; i < 4; ++i) cells[i] = &rows.column(columns_[i]);
    for (int64_t row = 0; row < rows.rows(); ++row) {
      if (rows.IsOut(row)) continue;
      std::array<double, 4> value{};
      double least = std::numeric_limits<double>::infinity();
      double most = -least;
      int bad = -1;
      for (size_t i = 0; i < 4; ++i) {
        value[i] = cells[i]->IsNull(row) ? std::nan("") : cells[i]->Number(row);
        if (cells[i]->IsNull(row)) continue;
        if (!(value[i] > 0) || !std::isfinite(value[i])) bad = static_cast<int>(i);
        least = std::min(least, value[i]);
        most = std::max(most, value[i]);
      }
      const auto [open, high, low, close] = value;
      if (bad >= 0) {
        rows.Fail(row, fmt::format("{} is not a positive price: {}", kNames[static_cast<size_t>(bad)],
                                   value[static_cast<size_t>(bad)]));
      } else if (most > high * (1 + tolerance_)) {  // false for NaN
        rows.Fail(row, fmt::format("high {} is below {} {}", high,
                                   open == most ? "open" : (close == most ? "close" : "low"), most));
      } else if (least < low * (1 - tolerance_)) {
        rows.Fail(row, fmt::format("low {} is above {} {}", low,
                                   open == least ? "open" : (close == least ? "close" : "high"), least));
      }
    }
    return Status::OK();
  }

 private:
  const std::array<int, 4> columns_;
  const double tolerance_;
};

class NonNegativeRule : public Rule {
 public:
  NonNegativeRule(std::vector<int> columns, std::vector<std::string> names)
      : columns_(std::move(columns)), names_(std::move(names)) {}

  Status Check(Candidates& rows, const ValidationContext&) const override {
    for (size_t i = 0; i < columns_.size(); ++i) {
      const auto& cells = rows.column(columns_[i]);
      for (int64_t row = 0; row < rows.rows(); ++row) {
        if (rows.IsOut(row) || cells.IsNull(row)) continue;
        const double value = cells.Number(row);
        if (!(value >= 0) || !std::isfinite(value))
          rows.Fail(row, fmt::format("{} is below zero: {}", names_[i], value));
      }
    }
    return Status::OK();
  }

 private:
  const std::vector<int> columns_;
  const std::vector<std::string> names_;
};

class SessionRule : public Rule {
 public:
  Status Check(Candidates& rows, const ValidationContext& context) const override {
    if (context.calendar == nullptr) {
      return MakeError(
          ErrorCode::kConfiguration,
          fmt::format("table {}: the rule of kind session needs the pipeline's exchange", rows.spec().name));
    }
    const auto& dates = rows.dates();
    for (int64_t row = 0; row < rows.rows(); ++row) {
      if (rows.IsOut(row) || dates.IsNull(row)) continue;
      const auto date = FromDaysSinceEpoch(dates.Values<int32_t>()[row]);
      if (!context.calendar->IsSession(date)) {
        if (!context.calendar->Covers(date)) {
          rows.Fail(row, fmt::format("the calendar of {} does not reach {}", context.calendar->mic(),
                                     FormatDate(date)));
          continue;
        }
        const auto holiday = context.calendar->HolidayName(date);
        rows.Fail(row, fmt::format("{} is no session of {}{}", FormatDate(date), context.calendar->mic(),
                                   holiday ? " (" + *holiday + ")" : ""));
      } else if ((context.from && date < *context.from) || (context.to && date > *context.to)) {
        rows.Fail(row, fmt::format("{} is outside of what was asked for: {} to {}", FormatDate(date),
                                   context.from ? FormatDate(*context.from) : "-",
                                   context.to ? FormatDate(*context.to) : "-"));
      }
    }
    return Status::OK();
  }
};

class CompleteSessionRule : public Rule {
 public:
  Status Check(Candidates& rows, const ValidationContext&) const override {
    const auto* incomplete = rows.incomplete();
    if (incomplete == nullptr) return Status::OK();
    for (int64_t row = 0; row < rows.rows(); ++row) {
      if (rows.IsOut(row) || incomplete->IsNull(row) || !incomplete->Bit(row)) continue;
      rows.Fail(row, "the session had not closed when it was fetched");
    }
    return Status::OK();
  }
};

class UniqueRule : public Rule {
 public:
  Status Check(Candidates& rows, const ValidationContext&) const override {
    const auto key_order = [&](int64_t a, int64_t b) {
      for (const int key : rows.keys()) {
        if (const int order = CompareCells(rows.column(key), a, rows.column(key), b); order != 0)
          return order;
      }
      return 0;
    };
    // An answer is mostly in the order of its key, strictly: then there is nothing to do.
    bool strict = true;
    for (int64_t row = 1; row < rows.rows() && strict; ++row) strict = key_order(row - 1, row) < 0;
    if (strict) return Status::OK();
    std::vector<int64_t> order;
    for (int64_t row = 0; row < rows.rows(); ++row) {
      if (!rows.IsOut(row)) order.push_back(row);
    }
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return key_order(a, b) < 0; });
    const int columns = rows.spec().schema->num_fields();
    for (size_t begin = 0; begin < order.size();) {
      size_t end = begin + 1;
      while (end < order.size() && key_order(order[begin], order[end]) == 0) ++end;
      const int64_t last = order[end - 1];
      for (size_t i = begin; i + 1 < end; ++i) {
        if (CompareRows(rows.row(order[i]), rows.row(last), columns) == 0) {
          rows.Collapse(order[i]);
        } else {
          rows.Fail(order[i], fmt::format("another row of the answer has the same key {}; the last one stays",
                                          DescribeKey(rows.row(last), rows.keys())));
        }
      }
      begin = end;
    }
    return Status::OK();
  }
};

std::vector<std::string> NamesOf(const TableSpec& table, const std::vector<int>& columns) {
  std::vector<std::string> names;
  const auto all = table.schema->field_names();
  for (const int column : columns) names.push_back(column < 0 ? "" : all[static_cast<size_t>(column)]);
  return names;
}

std::unique_ptr<const Rule> MakeNotNull(RuleParams& params, const TableSpec& table) {
  auto columns = params.Columns("columns", {}, false);
  auto names = NamesOf(table, columns);
  return std::make_unique<NotNullRule>(std::move(columns), std::move(names));
}

std::unique_ptr<const Rule> MakeBounds(RuleParams& params, const TableSpec&) {
  std::array<int, 4> columns{};
  size_t i = 0;
  for (const char* name : {"open", "high", "low", "close"}) columns[i++] = params.Column(name, name, true);
  return std::make_unique<BoundsRule>(columns, params.Number("tolerance", 1e-6, 0));
}

std::unique_ptr<const Rule> MakeNonNegative(RuleParams& params, const TableSpec& table) {
  auto columns = params.Columns("columns", {}, true);
  auto names = NamesOf(table, columns);
  return std::make_unique<NonNegativeRule>(std::move(columns), std::move(names));
}

template <typename R>
std::unique_ptr<const Rule> MakePlain(RuleParams&, const TableSpec&) {
  return std::make_unique<R>();
}

}  // namespace

const std::vector<RuleKind>& RuleKinds() {
  static const std::vector<RuleKind> kinds{
      {"bounds", MakeBounds},    {"complete_session", MakePlain<CompleteSessionRule>},
      {"jump", MakeJumpRule},    {"non_negative", MakeNonNegative},
      {"not_null", MakeNotNull}, {"session", MakePlain<SessionRule>},
      {"stale", MakeStaleRule},  {"unique", MakePlain<UniqueRule>},
  };
  return kinds;
}

}  // namespace penstock::lake
