#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "lake/rule.h"

namespace penstock::lake {
namespace {

// Calls visit(series, rows) for each series, its rows that are not out in the order of their dates.
template <typename Visit>
Status ForEachSeries(const Candidates& rows, int series, const Visit& visit) {
  std::vector<int64_t> order;
  order.reserve(static_cast<size_t>(rows.rows()));
  const auto& names = rows.column(series);
  const auto& dates = rows.dates();
  for (int64_t row = 0; row < rows.rows(); ++row) {
    if (!rows.IsOut(row) && !names.IsNull(row) && !dates.IsNull(row)) order.push_back(row);
  }
  const auto before = [&](int64_t a, int64_t b) {
    const int by_name = CompareCells(names, a, names, b);
    return by_name != 0 ? by_name < 0 : dates.Values<int32_t>()[a] < dates.Values<int32_t>()[b];
  };
  if (!std::is_sorted(order.begin(), order.end(), before))
    std::stable_sort(order.begin(), order.end(), before);
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin + 1;
    while (end < order.size() && names.Bytes(order[begin]) == names.Bytes(order[end])) ++end;
    RETURN_IF_ERROR(
        visit(names.Bytes(order[begin]), std::span<const int64_t>(order).subspan(begin, end - begin)));
    begin = end;
  }
  return Status::OK();
}

Date DateOf(const Candidates& rows, int64_t row) {
  return FromDaysSinceEpoch(rows.dates().Values<int32_t>()[row]);
}

// Either way up; 1 where one of them is not known or not above zero.
double Ratio(double a, double b) { return a > 0 && b > 0 ? std::max(a / b, b / a) : 1; }

class JumpRule : public Rule {
 public:
  JumpRule(int column, std::string name, int series, double max_ratio)
      : column_(column), name_(std::move(name)), series_(series), max_ratio_(max_ratio) {}

  Status Check(Candidates& rows, const ValidationContext& context) const override {
    const auto& cells = rows.column(column_);
    return ForEachSeries(
        rows, series_, [&](std::string_view series, std::span<const int64_t> order) -> Status {
          double good = 0;    // the last value that passed; 0: nothing known
          double before = 0;  // that of the row before, passed or not
          if (context.history != nullptr) {
            ASSIGN_OR_RETURN(const auto values,
                             context.history->Before(series, DateOf(rows, order.front()), name_, 1));
            if (!values.empty()) good = values.front();
          }
          for (const int64_t row : order) {
            if (cells.IsNull(row) || rows.IsOut(row)) continue;  // what another rule refused says nothing
            const double value = cells.Number(row);
            // A spike is far from what was good before it; what comes after a real change of level is near
            // the row before it.
            if (Ratio(value, good) > max_ratio_ && (before <= 0 || Ratio(value, before) > max_ratio_)) {
              rows.Fail(row, fmt::format("{} went from {} to {}: by a factor of {:.2f}, over {}", name_, good,
                                         value, Ratio(value, good), max_ratio_));
            }
            if (!rows.IsOut(row)) good = value;
            before = value;
          }
          return Status::OK();
        });
  }

 private:
  const int column_;
  const std::string name_;
  const int series_;
  const double max_ratio_;
};

class StaleRule : public Rule {
 public:
  StaleRule(std::vector<int> columns, std::vector<std::string> names, int series, int sessions)
      : columns_(std::move(columns)), names_(std::move(names)), series_(series), sessions_(sessions) {}

  Status Check(Candidates& rows, const ValidationContext& context) const override {
    return ForEachSeries(
        rows, series_, [&](std::string_view series, std::span<const int64_t> order) -> Status {
          int run = 0;  // rows in a row, up to the last, with the values of `last`
          std::vector<double> last;
          if (context.history != nullptr) {
            ASSIGN_OR_RETURN(run, RunBefore(*context.history, series, DateOf(rows, order.front()), last));
          }
          for (const int64_t row : order) {
            std::vector<double> values;
            values.reserve(columns_.size());
            for (const int column : columns_) {
              if (!rows.column(column).IsNull(row)) values.push_back(rows.column(column).Number(row));
            }
            if (values.size() != columns_.size()) continue;
            run = values == last ? run + 1 : 1;
            last = std::move(values);
            if (run >= sessions_) {
              rows.Fail(row, fmt::format("{} did not change for {} sessions", names_.front(), run));
            }
          }
          return Status::OK();
        });
  }

 private:
  // How many of the newest stored rows are equal; their values in `last`.
  Result<int> RunBefore(SeriesHistory& history, std::string_view series, Date date,
                        std::vector<double>& last) const {
    int run = sessions_ - 1;
    for (const auto& name : names_) {
      ASSIGN_OR_RETURN(const auto values, history.Before(series, date, name, sessions_ - 1));
      if (values.empty()) {
        last.clear();
        return 0;
      }
      last.push_back(values.front());
      int equal = 0;
      while (equal < static_cast<int>(values.size()) && values[static_cast<size_t>(equal)] == values.front())
        ++equal;
      run = std::min(run, equal);
    }
    return run;
  }

  const std::vector<int> columns_;
  const std::vector<std::string> names_;
  const int series_;
  const int sessions_;
};

std::string NameOf(const TableSpec& table, int column) {
  return column < 0 ? "" : table.schema->field(column)->name();
}

}  // namespace

std::unique_ptr<const Rule> MakeJumpRule(RuleParams& params, const TableSpec& table) {
  const int column = params.Column("column", "close", true);
  const int series = params.Column("series", table.key_columns.front(), false);
  return std::make_unique<JumpRule>(column, NameOf(table, column), series,
                                    params.Number("max_ratio", std::nullopt, 1));
}

std::unique_ptr<const Rule> MakeStaleRule(RuleParams& params, const TableSpec& table) {
  const auto columns = params.Columns("columns", {"close", "volume"}, true);
  std::vector<std::string> names;
  for (const int column : columns) names.push_back(NameOf(table, column));
  const int series = params.Column("series", table.key_columns.front(), false);
  const int sessions = static_cast<int>(std::min(params.Number("sessions", std::nullopt, 2), 1000.0));
  return std::make_unique<StaleRule>(columns, std::move(names), series, sessions);
}

}  // namespace penstock::lake
