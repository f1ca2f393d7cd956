#include "lake/series_history.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>

#include "lake/columns.h"
#include "lake/partitioned_table.h"

namespace penstock::lake {
namespace {

// The first row of `series`, or -1; the file is sorted by it.
int64_t FindSeries(const BatchView& view, int column, std::string_view series) {
  const auto& cells = view.column(column);
  int64_t low = 0;
  int64_t high = view.rows();
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (cells.IsNull(middle) || cells.Bytes(middle) < series) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < view.rows() && cells.Bytes(low) == series ? low : -1;
}

}  // namespace

Result<std::shared_ptr<const BatchView>> LakeHistory::Load(Date day) {
  if (const auto it = loaded_.find(day); it != loaded_.end()) return it->second;
  ASSIGN_OR_RETURN(auto stored, table_.ReadClean(day));
  return loaded_[day] = std::move(stored.rows);
}

Result<std::vector<double>> LakeHistory::Before(std::string_view series, Date date, std::string_view column,
                                                int count) {
  const auto& spec = table_.spec();
  const int series_column = ColumnIndex(*spec.schema, spec.key_columns.front());
  const int value_column = ColumnIndex(*spec.schema, std::string(column));
  if (value_column < 0 || spec.schema->field(series_column)->type()->id() != arrow::Type::STRING) {
    return MakeError(ErrorCode::kInternal,
                     fmt::format("table {} has no history of {} by text key", spec.name, column));
  }
  std::lock_guard lock(mutex_);
  if (!listed_) {
    ASSIGN_OR_RETURN(days_, table_.Days());
    listed_ = true;
  }
  std::vector<double> values;
  auto it = std::lower_bound(days_.begin(), days_.end(), date);
  for (int back = 0; back < max_days_ && it != days_.begin() && static_cast<int>(values.size()) < count;
       ++back) {
    --it;
    ASSIGN_OR_RETURN(const auto view, Load(*it));
    if (view == nullptr) continue;  // removed since it was listed
    const auto row = FindSeries(*view, series_column, series);
    if (row >= 0 && !view->column(value_column).IsNull(row))
      values.push_back(view->column(value_column).Number(row));
  }
  return values;
}

}  // namespace penstock::lake
