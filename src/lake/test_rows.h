// For tests of lake: rows of every type that tables hold.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <limits>
#include <memory>
#include <string>

#include "base/random.h"
#include "lake/columns.h"
#include "lake/row_columns.h"

namespace penstock::lake {

inline std::shared_ptr<arrow::Schema> EveryType(bool nullable) {
  arrow::FieldVector fields;
  const auto add = [&](const char* name, std::shared_ptr<arrow::DataType> type) {
    fields.push_back(arrow::field(name, std::move(type), nullable));
  };
  add("bool", arrow::boolean());
  add("i8", arrow::int8());
  add("i16", arrow::int16());
  add("i32", arrow::int32());
  add("i64", arrow::int64());
  add("u8", arrow::uint8());
  add("u16", arrow::uint16());
  add("u32", arrow::uint32());
  add("u64", arrow::uint64());
  add("f32", arrow::float32());
  add("f64", arrow::float64());
  add("date", arrow::date32());
  add("ms", arrow::timestamp(arrow::TimeUnit::MILLI, "UTC"));
  add("us", arrow::timestamp(arrow::TimeUnit::MICRO));
  add("ns", arrow::timestamp(arrow::TimeUnit::NANO, "UTC"));
  add("text", arrow::utf8());
  add("bytes", arrow::binary());
  return arrow::schema(std::move(fields));
}

// A third of what may be null is; NaN, zeros of both signs, texts too long for statistics.
inline std::shared_ptr<arrow::RecordBatch> RandomRows(const std::shared_ptr<arrow::Schema>& schema, int rows,
                                                      Random& random) {
  RowColumns columns(schema);
  for (int row = 0; row < rows; ++row) {
    for (int i = 0; i < schema->num_fields(); ++i) {
      const auto& field = *schema->field(i);
      if (field.nullable() && random.Uniform(0, 2) == 0) {
        columns.AddNull(i);
        continue;
      }
      const int64_t special = random.Uniform(0, 5);
      const double doubles[] = {0.0, -0.0, std::numeric_limits<double>::quiet_NaN(), 1e300, -2.5, 7.25};
      const int64_t integers[] = {0,
                                  -1,
                                  std::numeric_limits<int64_t>::max(),
                                  std::numeric_limits<int64_t>::min(),
                                  65,
                                  1'502'500'000'000};
      const double number = doubles[special];
      const auto narrow = static_cast<float>(special == 3 ? 3.5 : number);
      const std::string text = special == 0 ? "" : std::string(special == 5 ? 6000 : 3, 'x') + "\xC3\xA4";
      switch (field.type()->id()) {
        case arrow::Type::BOOL: columns.AddBool(i, special % 2 == 0); break;
        case arrow::Type::FLOAT: columns.AddFixed(i, &narrow); break;
        case arrow::Type::DOUBLE: columns.AddFixed(i, &number); break;
        case arrow::Type::STRING:
        case arrow::Type::BINARY: columns.AddBytes(i, text); break;
        default: columns.AddInteger(i, integers[special]);
      }
    }
  }
  return columns.Finish().ValueOrDie();
}

inline bool SameRows(const arrow::RecordBatch& a, const arrow::RecordBatch& b) {
  const auto view_a = BatchView::Make(a.Slice(0)).ValueOrDie();
  const auto view_b = BatchView::Make(b.Slice(0)).ValueOrDie();
  if (view_a->rows() != view_b->rows()) return false;
  for (int64_t row = 0; row < view_a->rows(); ++row) {
    if (CompareRows({view_a.get(), row}, {view_b.get(), row}, view_a->column_count()) != 0) return false;
  }
  return true;
}

}  // namespace penstock::lake
