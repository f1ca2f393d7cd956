// What a series was before the rows at hand, for rules that compare with it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/status.h"

namespace penstock::lake {

class PartitionedTable;
class BatchView;

// Seam. Thread-safe.
class SeriesHistory {
 public:
  virtual ~SeriesHistory() = default;
  // The newest `count` values (fewer when there are no more) that `column` had in `series` before `date`,
  // newest first. Nulls are left out.
  virtual Result<std::vector<double>> Before(std::string_view series, Date date, std::string_view column,
                                             int count) = 0;
};

// Answers from the clean files of a table whose first key column is the series and whose files are sorted by
// it. Each day is read once, when it is first needed; it goes back at most `max_days` partitions.
class LakeHistory : public SeriesHistory {
 public:
  explicit LakeHistory(const PartitionedTable& table, int max_days = 10)
      : table_(table), max_days_(max_days) {}
  Result<std::vector<double>> Before(std::string_view series, Date date, std::string_view column,
                                     int count) override;

 private:
  Result<std::shared_ptr<const BatchView>> Load(Date day);
  const PartitionedTable& table_;
  const int max_days_;
  std::mutex mutex_;
  bool listed_ = false;
  std::vector<Date> days_;
  std::map<Date, std::shared_ptr<const BatchView>> loaded_;
};

}  // namespace penstock::lake
