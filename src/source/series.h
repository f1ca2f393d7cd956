// What the providers' formats of daily bars are read into, before it becomes Arrow batches.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "source/source.h"

namespace penstock::source {

// Values and, beside each, whether there is one (1) or a null (0).
template <typename T>
struct Column {
  std::vector<T> values;
  std::vector<uint8_t> valid;

  size_t size() const { return values.size(); }
  void Clear() {
    values.clear();
    valid.clear();
  }
  void Add(T value) {
    values.push_back(value);
    valid.push_back(1);
  }
  void AddNull() {
    values.push_back(T{});
    valid.push_back(0);
  }
  void PopBack() {
    values.pop_back();
    valid.pop_back();
  }
};

struct Action {
  int32_t day = 0;  // since 1970-01-01
  bool split = false;
  double amount = 0;                      // of a dividend, a share, in the currency quoted
  double numerator = 0, denominator = 0;  // of a split: 4 new for 1 old
};

// Columns of equal length, one row a bar. Reused from body to body so that nothing is allocated in the long
// run.
struct Series {
  std::string currency;  // as quoted; empty: unknown
  bool generated = false;
  bool last_row_is_live = false;  // the last two rows may be one session
  std::vector<int32_t> days;      // since 1970-01-01
  std::vector<uint8_t> incomplete;
  Column<double> open, high, low, close, adj_close;
  Column<int64_t> volume;
  std::vector<Action> actions;
  std::vector<std::string> notes;

  void Clear();
  size_t size() const { return days.size(); }
  // Appends a volume that came as a fraction or beyond 64 bits: rounded, or null with a note.
  void AddVolume(double value);
};

// The series as batches, ascending by day. Pence become pounds when the context wants pounds (ZAc and ILA
// likewise). A live last row of the day before it (Yahoo appends the quote as a row of its own) is merged
// into that bar: its close, the wider range, the larger volume. Equal days elsewhere stay, for the rule
// `unique` to judge. All of that leaves a note. `provider` is what stands in the column `source`, with
// " (generated)" behind it where the bars are made up. The series is consumed.
Result<ParsedAnswer> ToBatches(Series& series, const ParseContext& context, std::string_view provider);

}  // namespace penstock::source
