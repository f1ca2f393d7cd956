// Columns that grow by a cell, of any type that tables hold: cheaper than a builder a type where rows come
// one at a time.
#pragma once

#include <arrow/type_fwd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace penstock::lake {

// A column, or what the cells of a list, a map or a struct are made of.
class RowColumn {
 public:
  // bool, integers, floats, decimal128, dates, timestamps, utf8, binary; lists, maps and structs of them.
  explicit RowColumn(const arrow::DataType& type);

  // The next cell.
  void AddNull();
  void AddBool(bool value) {
    valid_.push_back(1);
    data_ += static_cast<char>(value);
  }
  // Any integer, date or timestamp, cut to the column's width.
  void AddInteger(int64_t value) { AddFixed(&value); }  // little-endian
  // As they lie in memory: `width` bytes.
  void AddFixed(const void* value) {
    valid_.push_back(1);
    data_.append(static_cast<const char*>(value), static_cast<size_t>(width_));
  }
  void AddBytes(std::string_view value) {
    valid_.push_back(1);
    data_ += value;
    ends_.push_back(static_cast<int32_t>(data_.size()));
  }
  // A list's items, a map's keys and values, or one cell for each of a struct's members were added to the
  // parts since the cell before.
  void EndCell();
  // 0: the items of a list, the keys of a map; 1: its values. Of a struct: the members.
  RowColumn& part(size_t i) { return parts_[i]; }

  int64_t rows() const { return static_cast<int64_t>(valid_.size()); }
  // Takes back cells, and the parts of one that was not ended.
  void CutTo(int64_t rows);
  int64_t nulls() const { return std::count(valid_.begin(), valid_.end(), 0); }
  // `type`: the one it was made for. Leaves nothing to be used.
  std::shared_ptr<arrow::ArrayData> Finish(const std::shared_ptr<arrow::DataType>& type);

 private:
  enum class Kind : uint8_t { kFixed, kBool, kBytes, kList, kMap, kStruct };
  Kind kind_ = Kind::kFixed;
  int width_ = 0;              // bytes of kFixed
  std::string data_;           // of kBool: a byte a cell
  std::vector<int32_t> ends_;  // of kBytes in data_; of kList and kMap in their parts
  std::vector<uint8_t> valid_;
  std::vector<RowColumn> parts_;
};

class RowColumns {
 public:
  explicit RowColumns(std::shared_ptr<arrow::Schema> schema);

  // The next cell of the column. Each column gets one a row.
  void AddNull(int column) { at(column).AddNull(); }
  void AddBool(int column, bool value) { at(column).AddBool(value); }
  void AddInteger(int column, int64_t value) { at(column).AddInteger(value); }
  void AddFixed(int column, const void* value) { at(column).AddFixed(value); }
  void AddBytes(int column, std::string_view value) { at(column).AddBytes(value); }
  RowColumn& at(int column) { return columns_[static_cast<size_t>(column)]; }

  // Of the first column.
  int64_t rows() const { return columns_.empty() ? 0 : columns_[0].rows(); }

  // Takes back the cells of a row that is not complete, and those behind it.
  void CutTo(int64_t rows) {
    for (auto& column : columns_) column.CutTo(rows);
  }

  // Columns that may not be null and are: InvalidData. Internal: the columns are of different lengths.
  Result<std::shared_ptr<arrow::RecordBatch>> Finish();

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<RowColumn> columns_;
};

}  // namespace penstock::lake
