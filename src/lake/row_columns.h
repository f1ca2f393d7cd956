// Columns that grow by a cell, of any type that tables hold: cheaper than a builder a type where rows come
// one at a time.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace penstock::lake {

class RowColumns {
 public:
  explicit RowColumns(std::shared_ptr<arrow::Schema> schema);

  // The next cell of the column. Each column gets one a row.
  void AddNull(int column);
  void AddBool(int column, bool value);
  // Any integer, date or timestamp, cut to the column's width.
  void AddInteger(int column, int64_t value);
  // As they lie in memory: `width` bytes.
  void AddFixed(int column, const void* value);
  void AddBytes(int column, std::string_view value);

  // Of the first column.
  int64_t rows() const { return columns_.empty() ? 0 : static_cast<int64_t>(columns_[0].valid.size()); }

  // Takes back the cells of a row that is not complete, and those behind it.
  void CutTo(int64_t rows);

  // Columns that may not be null and are: InvalidData. Internal: the columns are of different lengths.
  Result<std::shared_ptr<arrow::RecordBatch>> Finish();

 private:
  struct Column {
    int width = 0;  // bytes; 0: text; -1: bool, a byte a cell here
    std::string data;
    std::vector<int32_t> ends;  // of texts
    std::vector<uint8_t> valid;
  };
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<Column> columns_;
};

}  // namespace penstock::lake
