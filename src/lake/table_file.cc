#include "lake/table_file.h"

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <fmt/format.h>

namespace penstock::lake {
namespace {

// Names and types, in order; what may be null is checked by cell.
bool SameColumns(const arrow::Schema& a, const arrow::Schema& b) {
  if (a.num_fields() != b.num_fields()) return false;
  for (int i = 0; i < a.num_fields(); ++i) {
    if (a.field(i)->name() != b.field(i)->name() || !a.field(i)->type()->Equals(*b.field(i)->type()))
      return false;
  }
  return true;
}

}  // namespace

ParquetOptions TableFileOptions(const TableSpec& spec) {
  ParquetOptions options;
  options.sorted_by = spec.key_columns;
  options.repeating = spec.repeating_columns;
  options.metadata = {{"penstock.table", spec.name}, {kRuleVersionKey, std::to_string(spec.rule_version)}};
  return options;
}

Result<FetchedFile> FetchTableFile(store::ObjectStore& store, const TableLayout& layout,
                                   const std::string& key) {
  FetchedFile file;
  auto object = store.Get(key);
  bool archived = false;
  if (CodeOf(object.status()) == ErrorCode::kNotFound) {
    object = store.Get(layout.ArchivedKey(key));
    archived = true;
  }
  if (!object.ok()) {
    if (CodeOf(object.status()) == ErrorCode::kNotFound) return file;
    return object.status();
  }
  if (static_cast<int64_t>(object->bytes.size()) != object->info.size) {
    return MakeError(ErrorCode::kIo,
                     fmt::format("{}: read {} bytes of {}", key, object->bytes.size(), object->info.size),
                     "try again");
  }
  file.bytes = std::move(object->bytes);
  if (!archived) file.etag = std::move(object->info.etag);
  return file;
}

Result<StoredFile> DecodeTableFile(FetchedFile file, const std::string& key, const TableSpec& spec,
                                   const arrow::Schema& schema) {
  StoredFile stored;
  if (!file.bytes.has_value()) return stored;
  ASSIGN_OR_RETURN(const auto table, ReadParquet(*std::move(file.bytes), key));
  if (!SameColumns(*table->schema(), schema)) {
    return MakeError(
        ErrorCode::kCorrupt,
        fmt::format("{} has other columns than the table {}: expected {}, got {}", key, spec.name,
                    schema.ToString(), table->schema()->ToString()),
        fmt::format(
            "compare with `penstock tables check {}`; delete the file and run `penstock process --again` "
            "to make it anew from the raw answers",
            spec.name));
  }
  ASSIGN_OR_RETURN(auto batch, table->CombineChunksToBatch());
  ASSIGN_OR_RETURN(stored.rows, BatchView::Make(std::move(batch)));
  stored.etag = std::move(file.etag);
  stored.rule_version = MetadataOf(*table->schema(), kRuleVersionKey);
  return stored;
}

Result<StoredFile> ReadTableFile(store::ObjectStore& store, const TableLayout& layout, const std::string& key,
                                 const TableSpec& spec, const arrow::Schema& schema) {
  ASSIGN_OR_RETURN(auto file, FetchTableFile(store, layout, key));
  return DecodeTableFile(std::move(file), key, spec, schema);
}

Result<bool> IsUnchanged(store::ObjectStore& store, const std::string& key,
                         const std::optional<store::Etag>& etag) {
  const auto head = store.Head(key);
  if (head.ok()) return etag == head->etag;
  if (CodeOf(head.status()) == ErrorCode::kNotFound) return !etag.has_value();
  return head.status();
}

Result<std::vector<std::shared_ptr<const BatchView>>> ViewsOf(const arrow::RecordBatchVector& batches,
                                                              const arrow::Schema& schema,
                                                              std::string_view what) {
  std::vector<std::shared_ptr<const BatchView>> views;
  for (const auto& batch : batches) {
    if (!SameColumns(*batch->schema(), schema)) {
      return MakeError(ErrorCode::kInvalidData, fmt::format("{} rows: expected the columns {}, got {}", what,
                                                            schema.ToString(), batch->schema()->ToString()));
    }
    if (batch->num_rows() == 0) continue;
    ASSIGN_OR_RETURN(auto view, BatchView::Make(batch));
    views.push_back(std::move(view));
  }
  return views;
}

}  // namespace penstock::lake
