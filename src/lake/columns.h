// The cells of a record batch as raw memory: compare, hash and gather rows without a virtual call a cell.
// (Arrow's own sort and take are in libarrow_compute, which is not linked.)
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace penstock::lake {

// Whether tables can hold columns of this type: bool, integers, floats, date32, timestamp, utf8, binary.
bool IsCellType(const arrow::DataType& type);

// One column of a batch; valid as long as the batch lives.
struct CellColumn {
  enum class Kind : uint8_t { kBool, kSigned, kUnsigned, kFloat, kBytes };
  Kind kind = Kind::kSigned;
  uint8_t width = 0;                  // bytes of a cell; 0 for kBool and kBytes
  const uint8_t* validity = nullptr;  // nullptr: no nulls
  const uint8_t* data = nullptr;
  const int32_t* offsets = nullptr;  // kBytes only, already moved to the first row
  int64_t offset = 0;                // of the first row within validity, and within the bits of kBool

  bool IsNull(int64_t row) const {
    return validity != nullptr && (validity[(offset + row) >> 3] >> ((offset + row) & 7) & 1) == 0;
  }
  bool Bit(int64_t row) const { return data[(offset + row) >> 3] >> ((offset + row) & 7) & 1; }
  std::string_view Bytes(int64_t row) const {
    return {reinterpret_cast<const char*>(data) + offsets[row],
            static_cast<size_t>(offsets[row + 1] - offsets[row])};
  }
  // T must be of the column's width.
  template <typename T>
  const T* Values() const {
    return reinterpret_cast<const T*>(data);
  }
  // Any integer, date or timestamp.
  int64_t Integer(int64_t row) const;
  // Any number.
  double Number(int64_t row) const;
};

// Nulls first; numbers by value (NaN last, -0 before 0), text bytewise. A total order: 0 only for the same
// bits.
int CompareCells(const CellColumn& a, int64_t row_a, const CellColumn& b, int64_t row_b);

// A batch that keeps itself alive. Immutable.
class BatchView {
 public:
  // InvalidData: a column of a type that tables cannot hold.
  static Result<std::shared_ptr<const BatchView>> Make(std::shared_ptr<arrow::RecordBatch> batch);

  int64_t rows() const { return rows_; }
  const CellColumn& column(int index) const { return columns_[static_cast<size_t>(index)]; }
  int column_count() const { return static_cast<int>(columns_.size()); }
  const arrow::RecordBatch& batch() const { return *batch_; }

 private:
  BatchView() = default;
  std::shared_ptr<arrow::RecordBatch> batch_;
  std::vector<CellColumn> columns_;
  int64_t rows_ = 0;
};

// One row of a batch that somebody keeps alive.
struct RowRef {
  const BatchView* batch = nullptr;
  int64_t row = 0;
};

// The order of the columns [0, count).
int CompareRows(const RowRef& a, const RowRef& b, int count);

// The rows in this order, as a batch of `schema`, whose columns are the first ones of each row's batch (same
// types). InvalidData: a null for a column that is not nullable.
Result<std::shared_ptr<arrow::RecordBatch>> GatherRows(const std::shared_ptr<arrow::Schema>& schema,
                                                       std::span<const RowRef> rows);

// "AAPL/2017-08-11": the cells of `columns`, for messages.
std::string DescribeKey(const RowRef& row, std::span<const int> columns);

}  // namespace penstock::lake
