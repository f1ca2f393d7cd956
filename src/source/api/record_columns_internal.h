// The columns of records as they are read: types are found on the way.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "source/api/records.h"

namespace penstock::source {

// One column. A cell is added with the number of its row; rows left out are null. `token` is the cell as its
// text stood.
class RecordColumn {
 public:
  // `as_text`: every cell is kept as its text.
  RecordColumn(std::string name, bool as_text) : name_(std::move(name)), as_text_(as_text) {}

  void AddInt(size_t row, int64_t value, std::string_view token);
  void AddDouble(size_t row, double value, std::string_view token);
  void AddBool(size_t row, bool value, std::string_view token);
  void AddText(size_t row, std::string_view text);
  void AddNull(size_t row) { PadTo(row + 1); }

  const std::string& name() const { return name_; }
  bool as_text() const { return as_text_; }
  // The row has its cell.
  bool has(size_t row) const { return size_ > row; }
  // Its cells have no type in common but text; it has to be read again `as_text`.
  bool mixed() const { return mixed_; }

  // `rows` cells; the column is empty afterwards. InvalidData: a cell that is not of the declared type.
  Result<std::shared_ptr<arrow::Array>> Finish(size_t rows, const ColumnType* declared);

 private:
  enum class Kind : uint8_t { kNone, kBool, kInt, kDouble, kText };

  void PadTo(size_t rows);
  bool Become(Kind kind);
  void AddWord(size_t row, int64_t word);
  void ToDoubles();
  std::shared_ptr<arrow::Buffer> Validity() const;
  Result<std::shared_ptr<arrow::Array>> Convert(ColumnType type);
  std::string_view TextAt(size_t row) const;

  std::string name_;
  bool as_text_;
  bool mixed_ = false;
  Kind kind_ = Kind::kNone;
  size_t size_ = 0;
  size_t nulls_ = 0;
  std::vector<uint8_t> valid_;  // a byte a cell, from the first null on
  std::vector<int64_t> words_;  // kBool, kInt, and the bits of kDouble
  std::string text_;            // kText
  std::vector<int32_t> ends_;   // kText: of each cell in text_, behind a 0
};

// All columns, in the order of their first appearance.
class RecordColumns {
 public:
  // `as_text`: columns that are read as text (options.columns are anyway).
  RecordColumns(const RecordOptions& options, const std::set<std::string>& as_text)
      : options_(options), as_text_(as_text) {}

  // The column of that name, made if there is none. Invalid after the next call.
  RecordColumn& At(std::string_view name);
  // The same where the name is most likely that of the column behind the one asked for before.
  RecordColumn& Next(std::string_view name);
  // TooLarge.
  Status BeginRow();
  size_t row() const { return rows_ - 1; }

  void AddMixedTo(std::set<std::string>* names) const;
  Result<std::shared_ptr<arrow::RecordBatch>> Finish();

 private:
  Status CheckSize() const;

  const RecordOptions& options_;
  const std::set<std::string>& as_text_;
  size_t rows_ = 0;
  size_t next_ = 0;
  std::vector<RecordColumn> columns_;
  std::unordered_map<std::string, size_t> places_;
};

// The passes over one format. InvalidData, TooLarge. `text` is an opened body (source/opened_body.h).
Status ReadJsonRecords(std::string_view text, const RecordOptions& options, RecordColumns* columns);
Status ReadCsvRecords(std::string_view text, const RecordOptions& options, RecordColumns* columns);

}  // namespace penstock::source
