// Any bytes as a column's type: what is read has a type of Arrow's, and cells can be made of it.
#include <arrow/array/data.h>
#include <arrow/type.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lake/hive_type.h"
#include "lake/row_columns.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto type = penstock::lake::ParseHiveType({reinterpret_cast<const char*>(data), size});
  if (!type.ok()) return 0;
  const auto arrow_type = penstock::lake::ArrowTypeOf(*type);
  penstock::lake::RowColumn column(*arrow_type);
  column.AddNull();
  const auto cells = column.Finish(arrow_type);
  if (cells->length != 1 || cells->null_count != 1) std::abort();
  return 0;
}
