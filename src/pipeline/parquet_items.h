// The rows of a Parquet file as JSON objects: items of a distributed Map.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "base/status.h"

namespace penstock::pipeline {

// At most `max_rows`. Values as query/cell_text.h writes them. Corrupt: not Parquet.
Result<json::array> ParquetItems(std::string bytes, int64_t max_rows);

}  // namespace penstock::pipeline
