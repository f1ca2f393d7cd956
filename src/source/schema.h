// The columns of what sources hand over.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

namespace penstock::source {

// Those of lake::DailyBarsTable(), and `incomplete` (boolean).
std::shared_ptr<arrow::Schema> ParsedBarsSchema();

// Those of lake::ActionsTable().
std::shared_ptr<arrow::Schema> ActionsSchema();

}  // namespace penstock::source
