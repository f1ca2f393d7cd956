#include "pipeline/tenders/year_merge.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <map>
#include <optional>

#include "base/fault.h"
#include "base/parallel.h"
#include "base/sha256.h"
#include "lake/catalog.h"
#include "lake/column_union.h"
#include "pipeline/tenders/merged_table.h"
#include "pipeline/tenders/notice_versions.h"
#include "store/object_store.h"

namespace penstock::pipeline {
namespace {

// Raised when the same clean files come to other merged ones.
constexpr int64_t kMergeVersion = 1;

constexpr std::array<std::string_view, 3> kDescriptions{
    "Tender notices: one row a notice, of its latest version", "Lots of tender notices",
    "Awards of tender notices"};

struct CleanFiles {
  std::array<std::vector<std::string>, 3> keys;  // ascending
  int64_t count = 0;
  std::string sha256;  // of keys, sizes and versions, and of the columns asked for
};

Result<CleanFiles> ListClean(store::ObjectStore& store, const TenderLayout& layout,
                             const TenderSchemas& schemas, int year) {
  CleanFiles out;
  std::string text = fmt::format("merge {}\n", kMergeVersion);
  for (size_t which = 0; which < kTenderTables.size(); ++which) {
    ASSIGN_OR_RETURN(
        const auto objects,
        store::ListAll(store, fmt::format("{}dt={}-", layout.CleanPrefix(kTenderTables[which]), year)));
    text += schemas[which]->ToString() + "\n";
    for (const auto& object : objects) {
      if (!object.key.ends_with(".parquet")) continue;
      out.keys[which].push_back(object.key);
      text += fmt::format("{} {} {}\n", object.key, object.size, object.etag);
      ++out.count;
    }
  }
  out.sha256 = Sha256Hex(text);
  return out;
}

json::object MarkerOf(const YearMerge& merge, const CleanFiles& clean) {
  json::object marker = merge.ToJson();
  marker.erase("already_done");
  marker["clean_sha256"] = clean.sha256;
  return marker;
}

// What the marker says, where it is of exactly these clean files and what was merged of them is there.
Result<std::optional<YearMerge>> MergedBefore(store::ObjectStore& store, const TenderLayout& layout, int year,
                                              const CleanFiles& clean) {
  const auto object = store.Get(layout.MergeMarkerKey(year));
  if (!object.ok() && CodeOf(object.status()) == ErrorCode::kNotFound) return std::nullopt;
  RETURN_IF_ERROR(object.status());
  const auto marker = ParseJson(object->bytes);
  // One that cannot be read says nothing: the year is merged again, and it is written anew.
  if (!marker.ok() || !marker->is_object()) return std::nullopt;
  if (GetStringOr(*marker, "clean_sha256", "").ValueOr("") != clean.sha256) return std::nullopt;
  YearMerge merge;
  merge.year = year;
  merge.already_done = true;
  merge.files = clean.count;
  merge.superseded = GetIntOr(*marker, "superseded", 0).ValueOr(0);
  for (size_t which = 0; which < kTenderTables.size(); ++which) {
    merge.rows[which] = GetIntOr(*marker, kTenderTables[which], 0).ValueOr(0);
    const auto there = store.Head(layout.MergedKey(kTenderTables[which], year));
    if (there.ok()) continue;
    if (CodeOf(there.status()) != ErrorCode::kNotFound) return there.status();
    return std::nullopt;
  }
  return merge;
}

Status Register(const Pipeline& pipeline, const Runtime& runtime, const TenderLayout& layout,
                const std::array<std::shared_ptr<arrow::Schema>, 3>& schemas) {
  std::vector<lake::TableEntry> entries;
  for (size_t which = 0; which < kTenderTables.size(); ++which) {
    lake::TableEntry entry;
    entry.database = lake::DatabaseOfPipeline(pipeline.name());
    entry.table = kTenderTables[which];
    entry.prefix = layout.MergedPrefix(kTenderTables[which]);
    entry.columns = lake::ColumnsOf(*schemas[which]);
    entry.partition_columns = {{"year", "int", false, "of publication"}};
    entry.description = kDescriptions[which];
    entry.evolving = true;  // a year may have been extracted by another field map
    entries.push_back(std::move(entry));
  }
  return runtime.catalog->MergeTables(entries);
}

}  // namespace

json::object YearMerge::ToJson() const {
  json::object out{{"year", year}, {"already_done", already_done}, {"files", files}};
  for (size_t which = 0; which < kTenderTables.size(); ++which) out[kTenderTables[which]] = rows[which];
  out["superseded"] = superseded;
  return out;
}

Result<YearMerge> MergeYear(const Pipeline& pipeline, const Runtime& runtime, const TenderSchemas& schemas,
                            int year, const MergeOptions& options) {
  RETURN_IF_ERROR(CheckTenderSchemas(schemas));
  store::ObjectStore& store = *runtime.store;
  const TenderLayout layout{pipeline.config.prefix};
  ASSIGN_OR_RETURN(const CleanFiles clean, ListClean(store, layout, schemas, year));
  if (clean.keys[0].empty()) {
    return MakeError(
        ErrorCode::kNotFound,
        fmt::format("there are no extracted notices of {} below {}", year, layout.CleanPrefix("notices")),
        fmt::format("penstock run {} --input '{{\"year\":{},\"month\":1}}' transfers and extracts a month",
                    pipeline.name(), year));
  }
  if (!options.again) {
    ASSIGN_OR_RETURN(const auto before, MergedBefore(store, layout, year, clean));
    if (before) return *before;
  }

  ASSIGN_OR_RETURN(const auto versions, NoticeVersions::Read(store, clean.keys[0], runtime.threads));
  std::map<std::string, size_t, std::less<>> notice_files;
  for (size_t i = 0; i < clean.keys[0].size(); ++i) notice_files.emplace(WithinTable(clean.keys[0][i]), i);

  std::array<std::unique_ptr<store::ObjectWriter>, 3> writers;
  std::array<MergedTable, 3> tables;
  RETURN_IF_ERROR(ParallelFor(
      kTenderTables.size(), runtime.threads,
      [&](size_t which) -> Status {
        ASSIGN_OR_RETURN(writers[which], store.OpenWriter(layout.MergedKey(kTenderTables[which], year)));
        ASSIGN_OR_RETURN(
            tables[which],
            MergeTable(
                store, schemas[which], clean.keys[which], versions, notice_files, which,
                [&](std::string_view bytes) { return writers[which]->Write(bytes); }, options.stop));
        return Status::OK();
      },
      options.stop));

  YearMerge merge;
  merge.year = year;
  merge.files = clean.count;
  merge.superseded = versions.lost();
  for (size_t which = 0; which < tables.size(); ++which) merge.rows[which] = tables[which].rows;
  // The catalog knows the columns before a file with them can be seen.
  RETURN_IF_ERROR(
      Register(pipeline, runtime, layout, {tables[0].schema, tables[1].schema, tables[2].schema}));
  RETURN_IF_ERROR(FaultPoint("tenders.merge.before"));
  RETURN_IF_ERROR(writers[1]->Commit().status());
  RETURN_IF_ERROR(writers[2]->Commit().status());
  RETURN_IF_ERROR(FaultPoint("tenders.merge.between"));
  RETURN_IF_ERROR(writers[0]->Commit().status());
  RETURN_IF_ERROR(FaultPoint("tenders.merge.after"));
  RETURN_IF_ERROR(store.Put(layout.MergeMarkerKey(year), ToPrettyJson(MarkerOf(merge, clean))).status());
  return merge;
}

}  // namespace penstock::pipeline
