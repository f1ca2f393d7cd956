// What a partition holds after new verdicts: a pure function, of the rows alone.
#pragma once

#include <span>
#include <vector>

#include "lake/columns.h"
#include "lake/table_spec.h"

namespace penstock::lake {

struct PartitionRows {
  std::vector<RowRef> clean;     // ascending by key, one row a key
  std::vector<RowRef> rejected;  // ascending by key, then by all columns
};

// The rules, for each key:
//  1. A run judges a version of a row (its fetched_at). What it says about that version replaces what was
//  stored of it:
//     the same answer judged again under new rules moves a row between clean and rejected.
//  2. clean has the accepted row of the greatest version. Of several in one run (the same version, other
//  contents) the
//     one that is greatest over all columns.
//  3. rejected has the rejected rows of the greatest version that has any, unless an accepted row is of a
//  greater one.
//     Of the same version it is there beside an accepted row only when one run said both (a duplicate).
// So runs may come in any order, again, or half-way and then again, as long as a version of a row is judged
// under one set of rules. To judge versions again under other rules, give them in one call, or the newest
// first: a version that lost to a newer one is not stored, and cannot come back by itself.
class PartitionMerge {
 public:
  explicit PartitionMerge(const TableSpec& spec);

  // `accepted` and `stored_clean` are of the table's columns, `rejected` and `stored_rejected` of
  // RejectedSchema().
  PartitionRows Merge(std::span<const RowRef> accepted, std::span<const RowRef> rejected,
                      const BatchView* stored_clean, const BatchView* stored_rejected) const;

  // Whether `rows` are the rows of `stored` (nullptr: none), cell by cell.
  static bool SameRows(std::span<const RowRef> rows, const BatchView* stored);

  // The order of a partition's rows.
  int CompareKeys(const RowRef& a, const RowRef& b) const;

 private:
  struct Item;
  int64_t VersionOf(const RowRef& row) const;
  void MergeKey(std::span<const Item> items, PartitionRows& out) const;

  std::vector<int> keys_;
  int version_ = 0;
};

}  // namespace penstock::lake
