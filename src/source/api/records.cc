#include "source/api/records.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <set>

#include "source/api/record_columns_internal.h"
#include "source/opened_body.h"

namespace penstock::source {

Result<std::shared_ptr<arrow::RecordBatch>> ReadRecords(std::string_view bytes, std::string_view extension,
                                                        const RecordOptions& options) {
  if (extension != "json" && extension != "csv") {
    return MakeError(ErrorCode::kUsage, fmt::format("expected json or csv, got {}", extension));
  }
  std::string inflated;
  ASSIGN_OR_RETURN(const std::string_view text, OpenBody(bytes, "the answer", &inflated));
  const auto read = extension == "json" ? &ReadJsonRecords : &ReadCsvRecords;
  std::set<std::string> as_text;
  while (true) {
    RecordColumns columns(options, as_text);
    RETURN_IF_ERROR(read(text, options, &columns));
    // Columns of mixed types are read again as text. What is read so is not mixed, so this ends.
    const size_t known = as_text.size();
    std::set<std::string> mixed;
    columns.AddMixedTo(&mixed);
    if (mixed.empty()) return columns.Finish();
    as_text.merge(mixed);
    if (as_text.size() == known) return MakeError(ErrorCode::kInternal, "a column of text is mixed");
  }
}

}  // namespace penstock::source
