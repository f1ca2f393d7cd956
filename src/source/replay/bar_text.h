// Daily bars kept as the text they came in: a chart is served by copying cells, no number is read or written
// anew.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace penstock::source {

enum class BarCell { kOpen, kHigh, kLow, kClose, kVolume };
inline constexpr size_t kBarCells = 5;

struct BarAction {
  int32_t day = 0;     // since 1970-01-01
  bool split = false;  // otherwise a dividend
  std::string amount;  // of a dividend
  int numerator = 0, denominator = 0;
};

// The bars of one symbol, ascending by day. Immutable once made; cheap to copy.
class BarText {
 public:
  // A row of the text: "2013-12-09,23.85,25.44,23.45,24.6,43197268". 16 bytes.
  struct Row {
    int32_t day = 0;
    uint32_t begin = 0;                        // of the first cell behind the date
    std::array<uint8_t, kBarCells> size = {};  // of each cell; cells stand one comma apart
  };

  BarText() = default;
  BarText(std::shared_ptr<const std::string> text, std::shared_ptr<const std::vector<Row>> rows, size_t first,
          size_t count)
      : text_(std::move(text)), rows_(std::move(rows)), first_(first), count_(count) {}

  size_t size() const { return count_; }
  int32_t day(size_t row) const { return (*rows_)[first_ + row].day; }
  // Empty: the provider had nothing there. Otherwise a number as JSON writes it (RFC 8259 section 6).
  std::string_view cell(size_t row, BarCell cell) const;

 private:
  std::shared_ptr<const std::string> text_;
  std::shared_ptr<const std::vector<Row>> rows_;
  size_t first_ = 0, count_ = 0;
};

// Takes a line (without its end) of `text` apart. InvalidData: not a date and five cells that are numbers or
// empty. Sets `rest` to what stands behind the fifth cell's comma, or to nothing.
Result<BarText::Row> ReadBarRow(const std::string& text, size_t begin, size_t end, std::string_view* rest);

}  // namespace penstock::source
