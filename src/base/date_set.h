// Sets of days as ranges: what was asked for, what is there, what is missing.
#pragma once

#include <functional>
#include <vector>

#include "base/date.h"

namespace penstock {

// Both days included; from <= to.
struct DateRange {
  Date from, to;
  friend bool operator==(const DateRange&, const DateRange&) = default;
};

// Ranges that are ascending, disjoint and not adjacent.
class DateSet {
 public:
  DateSet() = default;
  explicit DateSet(DateRange range) : ranges_{range} {}

  void Add(DateRange range);
  void Add(const DateSet& other);
  void Remove(DateRange range);
  void Remove(const DateSet& other);
  // Joins neighbours where `nothing_between(first, last)` says so of the days between them: days on which
  // nothing can be (weekends) then split nothing.
  void Join(const std::function<bool(Date first, Date last)>& nothing_between);

  bool Contains(Date day) const;
  bool empty() const { return ranges_.empty(); }
  const std::vector<DateRange>& ranges() const { return ranges_; }
  friend bool operator==(const DateSet&, const DateSet&) = default;

 private:
  std::vector<DateRange> ranges_;
};

}  // namespace penstock
