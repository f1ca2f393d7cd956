// A stored Parquet file of a table, as tables of days and tables of series read it.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lake/columns.h"
#include "lake/parquet_file.h"
#include "lake/table_spec.h"
#include "store/object_store.h"

namespace penstock::lake {

// Metadata of a file: the rule version that it was written under.
inline constexpr const char* kRuleVersionKey = "penstock.rule_version";

// How the files of a table are written: sorted by its key, named after it, with its rule version.
ParquetOptions TableFileOptions(const TableSpec& spec);

// The bytes of a file; where retention archived it, those of the archived one, without an etag: what is
// merged into its day must not stand alone, or the next archiving would put it over the archived rows.
struct FetchedFile {
  std::optional<std::string> bytes;  // nothing: there is no file
  std::optional<store::Etag> etag;
};

// What a file holds.
struct StoredFile {
  std::shared_ptr<const BatchView> rows;  // nullptr: there is no file
  std::optional<store::Etag> etag;        // as of FetchedFile
  std::string rule_version;               // under which it was written
};

// Io: fewer bytes came than the object has.
Result<FetchedFile> FetchTableFile(store::ObjectStore& store, const TableLayout& layout,
                                   const std::string& key);
// Corrupt: damaged, or of other columns than `schema`; `key` for messages.
Result<StoredFile> DecodeTableFile(FetchedFile file, const std::string& key, const TableSpec& spec,
                                   const arrow::Schema& schema);
// Both.
Result<StoredFile> ReadTableFile(store::ObjectStore& store, const TableLayout& layout, const std::string& key,
                                 const TableSpec& spec, const arrow::Schema& schema);

// Whether the object is still this version (nothing: absent).
Result<bool> IsUnchanged(store::ObjectStore& store, const std::string& key,
                         const std::optional<store::Etag>& etag);

// Batches of rows to write, those without rows left out. InvalidData: other columns than `schema`; `what`
// ("accepted") for messages.
Result<std::vector<std::shared_ptr<const BatchView>>> ViewsOf(const arrow::RecordBatchVector& batches,
                                                              const arrow::Schema& schema,
                                                              std::string_view what);

}  // namespace penstock::lake
