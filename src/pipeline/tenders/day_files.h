// What was extracted from one archive, written as files a day.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "lake/parquet_file.h"
#include "pipeline/tenders/tender_tables.h"
#include "store/object_store.h"

namespace penstock::pipeline {

// The same tables in the same calls give the same keys and bytes.
class DayFiles {
 public:
  // Configuration: a schema without the columns that all tables have. `store` outlives it.
  static Result<DayFiles> Make(store::ObjectStore& store, TenderLayout layout, std::string archive_name,
                               const TenderSchemas& schemas, int threads);

  // The rows of all `tables`, sorted by day, id and version (rows of one version as they came), a file a
  // table and day. Rows of a day that has a file of this archive already go to another part.
  Status Write(const std::vector<TenderTables>& tables);

  const std::array<int64_t, 3>& rows() const { return rows_; }
  const std::set<std::string>& outputs() const { return outputs_; }
  const std::set<Date>& days() const { return days_; }

 private:
  DayFiles(store::ObjectStore& store, TenderLayout layout, std::string archive_name,
           const TenderSchemas& schemas, int threads);

  store::ObjectStore& store_;
  const TenderLayout layout_;
  const std::string archive_name_;
  const TenderSchemas schemas_;
  const int threads_;
  std::array<std::shared_ptr<const lake::ParquetEncoder>, 3> encoders_;
  std::map<Date, int> parts_;
  std::array<int64_t, 3> rows_{};
  std::set<std::string> outputs_;
  std::set<Date> days_;
};

}  // namespace penstock::pipeline
