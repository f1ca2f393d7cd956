// What a series was before the rows at hand, from its own file.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string_view>
#include <vector>

#include "lake/series_history.h"

namespace penstock::lake {

class SeriesTable;

// Thread-safe. Reads from the file at each call: its tail for the one row before, all of it for more. A batch
// has few rows that need to look back.
class SeriesFileHistory : public SeriesHistory {
 public:
  explicit SeriesFileHistory(const SeriesTable& table) : table_(table) {}
  Result<std::vector<double>> Before(std::string_view series, Date date, std::string_view column,
                                     int count) override;

 private:
  Result<std::shared_ptr<arrow::RecordBatch>> RowsBefore(std::string_view series, Date date, int count) const;

  const SeriesTable& table_;
};

}  // namespace penstock::lake
