#include "lake/partition_merge.h"

#include <algorithm>
#include <limits>

namespace penstock::lake {

struct PartitionMerge::Item {
  RowRef row;
  int64_t version;
  bool incoming;
  bool rejected;
};

PartitionMerge::PartitionMerge(const TableSpec& spec)
    : keys_(KeyIndexes(spec)), version_(ColumnIndex(*spec.schema, spec.version_column)) {}

int PartitionMerge::CompareKeys(const RowRef& a, const RowRef& b) const {
  for (const int key : keys_) {
    if (const int order = CompareCells(a.batch->column(key), a.row, b.batch->column(key), b.row); order != 0)
      return order;
  }
  return 0;
}

int64_t PartitionMerge::VersionOf(const RowRef& row) const {
  if (version_ < 0) return 0;
  const auto& cells = row.batch->column(version_);
  return cells.IsNull(row.row) ? std::numeric_limits<int64_t>::min() : cells.Values<int64_t>()[row.row];
}

// `items`: one key, newest version first, of a version the incoming before the stored.
void PartitionMerge::MergeKey(std::span<const Item> items, PartitionRows& out) const {
  bool has_clean = false;
  bool has_rejected = false;
  for (size_t begin = 0; begin < items.size();) {
    const auto& first = items[begin];
    size_t end = begin;
    while (end < items.size() && items[end].version == first.version) ++end;
    const RowRef* best = nullptr;
    const auto rejected_from = static_cast<std::ptrdiff_t>(out.rejected.size());
    for (size_t i = begin; i < end && items[i].incoming == first.incoming; ++i) {
      const auto& row = items[i].row;
      if (!items[i].rejected) {
        if (!has_clean && (best == nullptr || CompareRows(*best, row, row.batch->column_count()) < 0))
          best = &row;
      } else if (!has_clean && !has_rejected) {
        out.rejected.push_back(row);
      }
    }
    if (best != nullptr) {
      out.clean.push_back(*best);
      has_clean = true;
    }
    const auto from = out.rejected.begin() + rejected_from;
    if (from != out.rejected.end()) {
      has_rejected = true;
      std::sort(from, out.rejected.end(), [](const RowRef& a, const RowRef& b) {
        return CompareRows(a, b, a.batch->column_count()) < 0;
      });
      const auto same = [](const RowRef& a, const RowRef& b) {
        return CompareRows(a, b, a.batch->column_count()) == 0;
      };
      out.rejected.erase(std::unique(from, out.rejected.end(), same), out.rejected.end());
    }
    if (has_clean) return;
    begin = end;
  }
}

PartitionRows PartitionMerge::Merge(std::span<const RowRef> accepted, std::span<const RowRef> rejected,
                                    const BatchView* stored_clean, const BatchView* stored_rejected) const {
  std::vector<Item> items;
  const auto stored_rows = [](const BatchView* view) {
    return view == nullptr ? 0 : static_cast<size_t>(view->rows());
  };
  items.reserve(accepted.size() + rejected.size() + stored_rows(stored_clean) + stored_rows(stored_rejected));
  for (const auto& row : accepted) items.push_back({row, VersionOf(row), true, false});
  for (const auto& row : rejected) items.push_back({row, VersionOf(row), true, true});
  const auto add_stored = [&](const BatchView* view, bool is_rejected) {
    for (int64_t row = 0; view != nullptr && row < view->rows(); ++row) {
      items.push_back({{view, row}, VersionOf({view, row}), false, is_rejected});
    }
  };
  add_stored(stored_clean, false);
  add_stored(stored_rejected, true);
  const auto before = [this](const Item& a, const Item& b) {
    if (const int order = CompareKeys(a.row, b.row); order != 0) return order < 0;
    if (a.version != b.version) return a.version > b.version;
    return a.incoming && !b.incoming;
  };
  // Answers come symbol by symbol, so a partition's rows are mostly in order already.
  if (!std::is_sorted(items.begin(), items.end(), before))
    std::stable_sort(items.begin(), items.end(), before);

  PartitionRows out;
  out.clean.reserve(items.size());
  for (size_t begin = 0; begin < items.size();) {
    size_t end = begin + 1;
    while (end < items.size() && CompareKeys(items[begin].row, items[end].row) == 0) ++end;
    MergeKey(std::span(items).subspan(begin, end - begin), out);
    begin = end;
  }
  return out;
}

bool PartitionMerge::SameRows(std::span<const RowRef> rows, const BatchView* stored) {
  if (stored == nullptr) return rows.empty();
  if (static_cast<int64_t>(rows.size()) != stored->rows()) return false;
  for (size_t i = 0; i < rows.size(); ++i) {
    const RowRef at{stored, static_cast<int64_t>(i)};
    if (rows[i].batch == stored && rows[i].row == at.row) continue;
    if (CompareRows(rows[i], at, stored->column_count()) != 0) return false;
  }
  return true;
}

}  // namespace penstock::lake
