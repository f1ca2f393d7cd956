#include "source/schema.h"

#include <arrow/type.h>

#include "lake/daily_bars.h"

namespace penstock::source {

std::shared_ptr<arrow::Schema> ParsedBarsSchema() {
  const auto bars = lake::DailyBarsTable().schema;
  arrow::FieldVector fields = bars->fields();
  fields.push_back(arrow::field("incomplete", arrow::boolean()));
  return arrow::schema(std::move(fields));
}

std::shared_ptr<arrow::Schema> ActionsSchema() { return lake::ActionsTable().schema; }

}  // namespace penstock::source
