// The bytes of a data page, made of cells: definition levels, then the values that are there, as PLAIN or as
// differences. Source: Apache Parquet format, "Data Pages" and "Encodings".
#pragma once

#include <optional>
#include <string>

#include "lake/columns.h"
#include "lake/parquet_layout.h"

namespace penstock::lake {

struct RowRange {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
};

// How the cells of a column are stored.
struct StoredColumn {
  PhysicalType physical = PhysicalType::kInt96;
  bool optional = false;
  int32_t encoding = kPlain;
  int64_t scale = 1;  // integers are stored multiplied by it
};

int64_t CountNulls(const CellColumn& cells, RowRange rows);

// The cells of these rows, `nulls` of them null, behind `page`. Internal: an encoding that the type has not.
Status AppendPage(const StoredColumn& column, const CellColumn& cells, RowRange rows, int64_t nulls,
                  std::string& page);

// Nothing when no cell has a value, or NaN is one, or the least or the greatest is a text longer than
// kMaxStatistic.
std::optional<ValueBounds> BoundsOf(const StoredColumn& column, const CellColumn& cells, RowRange rows,
                                    int64_t nulls);

}  // namespace penstock::lake
