// Parquet files as bytes in memory, written and read whole.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "lake/parquet_encoder.h"

namespace penstock::lake {

Result<std::string> WriteParquet(const arrow::Table& table, const ParquetOptions& options = {});

// The rows, and the footer's key-value metadata as the schema's. `name` is the object's key, for messages.
// Checksums are verified. Corrupt: not Parquet, or damaged, or it wants far more memory than a file of its
// size may.
Result<std::shared_ptr<arrow::Table>> ReadParquet(std::string bytes, std::string_view name = "");

// Of a file that no reading makes sense of: code Corrupt, with the advice that ReadParquet gives.
Status CorruptParquet(std::string_view name, std::string_view why);

// The value of a key of the footer's metadata; empty when absent.
std::string MetadataOf(const arrow::Schema& schema, const std::string& key);

}  // namespace penstock::lake
