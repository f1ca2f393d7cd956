// No bytes may harm the reader of notices; what it accepts is valid rows, and what it refuses leaves none.
#include <arrow/table.h>

#include <cstdint>
#include <cstdlib>

#include "source/ted/notice_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock::source::ted;
  static NoticeReader* const reader = [] {
    auto map = ReadFieldMap(PENSTOCK_SOURCE_DIR "/pipelines/ted/fields.yaml");
    if (!map.ok()) std::abort();
    return NoticeReader::Make(*std::move(map), {.max_notice_bytes = 1 << 20}).ValueOrDie().release();
  }();
  const auto status = reader->Add({reinterpret_cast<const char*>(data), size}, {"fuzz", "entry"});
  if (reader->notices() != (status.ok() ? 1 : 0)) std::abort();
  const auto tables = reader->Finish().ValueOrDie();
  for (const auto& table : {tables.notices, tables.lots, tables.awards}) {
    if (!table->ValidateFull().ok()) std::abort();
  }
  return 0;
}
