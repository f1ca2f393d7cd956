// Rows added to a Parquet file without decoding it: what it holds stays byte for byte where it is, a small
// row group follows, and the footer names both.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "lake/columns.h"
#include "lake/parquet_footer.h"

namespace penstock::lake {

// The file `bytes`, whose footer this is, with the rows behind its own, as one row group: statistics, a
// checksum a page, PLAIN, not compressed (a few rows would only grow). The rows' first columns are those of
// the footer (HoldsColumns). The same file and rows give the same bytes.
// InvalidData: a null where the file's schema has none. Usage: no rows.
Result<std::string> AppendRowGroup(std::string_view bytes, const ParquetFooter& footer,
                                   std::span<const RowRef> rows);

}  // namespace penstock::lake
