// Any bytes: a table, or Corrupt.
#include <arrow/table.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "lake/parquet_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto table =
      penstock::lake::ReadParquet(std::string(reinterpret_cast<const char*>(data), size), "input");
  if (table.ok() ? !(*table)->ValidateFull().ok()
                 : penstock::CodeOf(table.status()) != penstock::ErrorCode::kCorrupt)
    std::abort();
  return 0;
}
