#include "pipeline/parquet_items.h"

#include <arrow/record_batch.h>
#include <arrow/table.h>

#include <memory>

#include "lake/parquet_file.h"
#include "query/cell_text.h"

namespace penstock::pipeline {

Result<json::array> ParquetItems(std::string bytes, int64_t max_rows) {
  ASSIGN_OR_RETURN(const auto table, lake::ReadParquet(std::move(bytes)));
  json::array items;
  arrow::TableBatchReader reader(*table);
  std::shared_ptr<arrow::RecordBatch> batch;
  while (static_cast<int64_t>(items.size()) < max_rows) {
    RETURN_IF_ERROR(reader.ReadNext(&batch));
    if (batch == nullptr) break;
    for (int64_t row = 0; row < batch->num_rows() && static_cast<int64_t>(items.size()) < max_rows; ++row) {
      json::object item;
      for (int column = 0; column < batch->num_columns(); ++column) {
        std::string text;
        query::AppendJson(*batch->column(column), row, &text);
        ASSIGN_OR_RETURN(item[batch->column_name(column)], ParseJson(text));
      }
      items.push_back(std::move(item));
    }
  }
  return items;
}

}  // namespace penstock::pipeline
