// No bytes may harm the reader of FMP's companies; what it accepts is a valid batch.
#include <arrow/record_batch.h>

#include <cstdint>
#include <cstdlib>

#include "source/fmp/fmp_fundamentals.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  penstock::source::FundamentalContext context;
  context.raw_key = "fuzz";
  const auto batch =
      penstock::source::fmp::ReadCompanies({reinterpret_cast<const char*>(data), size}, context);
  if (batch.ok() && !(*batch)->ValidateFull().ok()) std::abort();
  return 0;
}
