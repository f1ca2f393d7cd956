// Any bytes: the last row, or a reason why not; and what can be read can be appended to.
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lake/daily_bars.h"
#include "lake/parquet_append.h"
#include "lake/parquet_tail.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock::lake;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto file_bytes = static_cast<int64_t>(size);
  const auto footer = ParquetFooter::Parse(bytes, file_bytes);
  if (!footer.ok()) return 0;
  const auto schema = DailyBarsTable().schema;
  if (!HoldsColumns(*footer, *schema)) return 0;
  RowColumns rows(schema);
  TailReader reader;
  const auto read = reader.ReadLastRow(bytes, file_bytes, *footer, rows);
  if (rows.rows() != (read.ok() && *read ? 1 : 0)) std::abort();
  if (rows.rows() == 0) return 0;
  const auto batch = rows.Finish();
  if (!batch.ok()) return 0;  // a null where the table has none
  const auto view = BatchView::Make(*batch).ValueOrDie();
  const RowRef row{view.get(), 0};
  const auto grown = AppendRowGroup(bytes, *footer, {&row, 1});
  if (!grown.ok()) return 0;
  const auto grown_footer = ParquetFooter::Parse(*grown, static_cast<int64_t>(grown->size()));
  if (!grown_footer.ok() || grown_footer->group_count() != footer->group_count() + 1) std::abort();
  return 0;
}
