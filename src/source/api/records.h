// Bytes of an API's answer as rows, without a schema: JSON or CSV, types by what stands there.
#pragma once

#include <arrow/type_fwd.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "source/api/record_path.h"

namespace penstock::source {

// What a column is declared to be, where its look is not enough.
enum class ColumnType {
  kString,        // as it stands: 0012 stays 0012
  kInt,           // int64
  kDouble,        // float64
  kBool,          // true, false
  kDate,          // date32: YYYY-MM-DD or YYYYMMDD
  kTimestamp,     // timestamp[us, UTC]: RFC 3339; without an offset, and with a space for the T, it is UTC
  kSeconds,       // timestamp[us, UTC]: since the epoch, with or without fractions
  kMilliseconds,  // the same in milliseconds
};

// The names in settings: string, int, double, bool, date, timestamp, seconds, milliseconds. Configuration.
Result<ColumnType> ParseColumnType(std::string_view text);

struct RecordOptions {
  RecordPath records;  // JSON only
  std::map<std::string, ColumnType, std::less<>> columns;
  char delimiter = ',';            // CSV only
  std::vector<std::string> nulls;  // CSV only: cells that are nothing, beside empty ones
};

// `extension`: "json" or "csv". Gzip is undone, a byte order mark ignored.
//
// JSON: what stands at options.records. Each element of an array is a row, anything else is one row; null is
// none. The members of an object are its cells; what is no object is a cell in the column `value`. A nested
// object or array is its JSON text, without white space. Columns {name} of the path come first; a member of
// that name is left out where it says the same, and is in the column NAME_2 where it does not.
// CSV (RFC 4180): the first line names the columns (a second of one name is NAME_2, one without is column_3);
// an empty cell is null, whether quoted or not.
//
// Columns stand in the order of their first appearance. Their types: int64, double (also int64 and double
// mixed), bool, utf8 (also a mixture of others, and integers beyond int64 or, among doubles, beyond 2^53:
// each cell then as its text stood), null where there is nothing but nulls. Dates and times stay text unless
// declared. Names that differ only in case are columns of their own.
//
// No bytes may harm it. InvalidData: broken JSON or CSV (a line with another number of cells), no UTF-8,
// nothing where the records should be, a member that stands twice in one object, a cell that is not what it
// was declared; TooLarge: above 64 MiB, 10,000 columns or 32 million cells.
Result<std::shared_ptr<arrow::RecordBatch>> ReadRecords(std::string_view bytes, std::string_view extension,
                                                        const RecordOptions& options);

}  // namespace penstock::source
