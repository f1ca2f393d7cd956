// Rows of one table: cells made of texts, and the Arrow builders that they go into.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "source/ted/field_map.h"

namespace penstock::source::ted {

// Texts that live as long as the notice they are of. Their memory is used again after Clear.
class TextArena {
 public:
  std::string_view Keep(std::string_view text);
  void Clear();

 private:
  static constexpr size_t kBlock = 64 << 10;
  std::vector<std::string> blocks_;  // the last has room
  size_t used_ = 0;                  // of it
};

struct Cell {
  bool null = true;
  int64_t whole = 0;  // int64, date32, bool
  double number = 0;
  std::string_view text;  // of the document, or kept
};

// What `text` is in a column of this type; false: it is not of that type.
bool ReadCell(FieldType type, std::string_view text, Cell& cell, TextArena& arena);

class TableBuilder {
 public:
  explicit TableBuilder(std::shared_ptr<arrow::Schema> schema);
  ~TableBuilder();

  // A cell a column of the schema.
  Status Append(const std::vector<const Cell*>& row);
  Result<std::shared_ptr<arrow::Table>> Finish();

  int64_t rows() const { return rows_; }
  int64_t bytes() const { return bytes_; }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  struct Column;
  std::vector<Column> columns_;
  int64_t rows_ = 0, bytes_ = 0;
};

}  // namespace penstock::source::ted
