#include "lake/tail_index.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <map>
#include <optional>

#include "base/fault.h"
#include "base/sha256.h"
#include "lake/parquet_file.h"
#include "lake/row_columns.h"

namespace penstock::lake {
namespace {

constexpr std::string_view kMagic = "PSTAILS1";
constexpr size_t kHead = kMagic.size() + 64;
constexpr int kOwnColumns = 3;  // in front of the table's
constexpr int kMaxTries = 8;

bool IsVersionOf(const BatchView& index, int64_t row, const store::ObjectInfo& file) {
  return index.column(1).Integer(row) == file.size && index.column(2).Bytes(row) == file.etag;
}

}  // namespace

// What the index object holds; no rows when it cannot be used.
struct TailIndex::Stored {
  std::shared_ptr<const BatchView> all;    // with its own columns
  std::shared_ptr<const BatchView> table;  // without them: row by row the same
  std::optional<store::Etag> etag;         // of the object, also of a damaged one; nothing: there is none
};

std::shared_ptr<arrow::Schema> TailIndex::Schema() const {
  arrow::FieldVector fields{arrow::field("file_key", arrow::utf8(), false),
                            arrow::field("file_bytes", arrow::int64(), false),
                            arrow::field("file_etag", arrow::utf8(), false)};
  for (const auto& field : table_.spec().schema->fields()) fields.push_back(field);
  return arrow::schema(std::move(fields));
}

Result<TailIndex::Stored> TailIndex::Load() const {
  Stored stored;
  auto object = table_.store().Get(table_.layout().IndexKey());
  if (CodeOf(object.status()) == ErrorCode::kNotFound) return stored;
  RETURN_IF_ERROR(object.status());
  stored.etag = std::move(object->info.etag);
  const std::string_view bytes = object->bytes;
  if (bytes.size() < kHead || !bytes.starts_with(kMagic) ||
      Sha256Hex(bytes.substr(kHead)) != bytes.substr(kMagic.size(), 64))
    return stored;
  auto table = ReadParquet(std::string(bytes.substr(kHead)), table_.layout().IndexKey());
  if (!table.ok() || !(*table)->schema()->RemoveMetadata()->Equals(*Schema(), false)) return stored;
  ASSIGN_OR_RETURN(auto batch, (*table)->CombineChunksToBatch());
  arrow::ArrayVector columns(batch->columns().begin() + kOwnColumns, batch->columns().end());
  ASSIGN_OR_RETURN(stored.table, BatchView::Make(arrow::RecordBatch::Make(
                                     table_.spec().schema, batch->num_rows(), std::move(columns))));
  ASSIGN_OR_RETURN(stored.all, BatchView::Make(std::move(batch)));
  return stored;
}

Status TailIndex::Write(const LatestRows& latest, const std::optional<store::Etag>& over) const {
  const auto schema = Schema();
  RowColumns own(arrow::schema({schema->field(0), schema->field(1), schema->field(2)}));
  for (const auto& file : latest.files) {
    own.AddBytes(0, file.key);
    own.AddInteger(1, file.size);
    own.AddBytes(2, file.etag);
  }
  ASSIGN_OR_RETURN(const auto files, own.Finish());
  auto columns = files->columns();
  for (const auto& column : latest.rows->columns()) columns.push_back(column);
  ParquetOptions options;
  options.sorted_by = {"file_key"};
  ASSIGN_OR_RETURN(const std::string file,
                   ParquetEncoder(schema, options)
                       .Encode(*arrow::RecordBatch::Make(schema, latest.rows->num_rows(), columns)));
  RETURN_IF_ERROR(FaultPoint("lake.index.before"));
  RETURN_IF_ERROR(table_.store()
                      .Put(table_.layout().IndexKey(), fmt::format("{}{}{}", kMagic, Sha256Hex(file), file),
                           {.if_absent = !over, .if_match = over})
                      .status());
  return FaultPoint("lake.index.after");
}

Result<IndexedRows> TailIndex::Read(const LatestOptions& options) const {
  const auto below = table_.layout().CleanPrefix();
  ASSIGN_OR_RETURN(const auto stored, Load());
  ASSIGN_OR_RETURN(auto files, store::ListAll(table_.store(), below));
  std::erase_if(files, [&](const auto& file) { return !SeriesLayout::SymbolOfKey(below, file.key).ok(); });

  // Both ascend by key.
  constexpr int64_t kFromFile = -1;
  std::vector<int64_t> rows(files.size(), kFromFile);
  std::vector<store::ObjectInfo> to_read;
  int64_t at = 0;
  size_t found = 0;  // rows whose file is there, of whatever version
  const int64_t indexed = stored.all == nullptr ? 0 : stored.all->rows();
  for (size_t i = 0; i < files.size(); ++i) {
    while (at < indexed && stored.all->column(0).Bytes(at) < files[i].key) ++at;
    const bool known = at < indexed && stored.all->column(0).Bytes(at) == files[i].key;
    found += known;
    if (known && IsVersionOf(*stored.all, at, files[i])) {
      rows[i] = at;
    } else {
      to_read.push_back(files[i]);
    }
  }
  IndexedRows answer;
  answer.index_usable = stored.all != nullptr;
  answer.from_index = files.size() - to_read.size();
  answer.has_stale = static_cast<int64_t>(found) < indexed;
  if (answer.index_usable && to_read.empty() && !answer.has_stale) {
    answer.latest.files = std::move(files);
    answer.latest.rows = stored.table->batch().Slice(0);
    return answer;
  }
  ASSIGN_OR_RETURN(auto read, ReadTails(table_, to_read, options));
  answer.from_files = read.files.size();
  ASSIGN_OR_RETURN(const auto read_view, BatchView::Make(read.rows));
  std::vector<RowRef> merged;
  size_t next = 0;
  for (size_t i = 0; i < files.size(); ++i) {
    if (rows[i] != kFromFile) {
      merged.push_back({stored.table.get(), rows[i]});
      answer.latest.files.push_back(std::move(files[i]));
    } else if (next < read.files.size() && read.files[next].key == files[i].key) {
      merged.push_back({read_view.get(), static_cast<int64_t>(next)});
      answer.latest.files.push_back(std::move(read.files[next++]));
    }
  }
  answer.latest.failures = std::move(read.failures);
  ASSIGN_OR_RETURN(answer.latest.rows, GatherRows(table_.spec().schema, merged));
  return answer;
}

Result<IndexedRows> TailIndex::Refresh(const LatestOptions& options) const {
  // The version before the reading: an index that others wrote meanwhile is not replaced by an older one.
  const auto head = table_.store().Head(table_.layout().IndexKey());
  if (!head.ok() && CodeOf(head.status()) != ErrorCode::kNotFound) return head.status();
  ASSIGN_OR_RETURN(auto answer, Read(options));
  if (answer.index_usable && answer.from_files == 0 && !answer.has_stale) return answer;
  const auto written =
      Write(answer.latest, head.ok() ? std::optional(head->etag) : std::optional<store::Etag>());
  const auto code = CodeOf(written);
  if (!written.ok() && code != ErrorCode::kPreconditionFailed && code != ErrorCode::kAlreadyExists)
    return written;
  return answer;
}

Status TailIndex::Apply(std::span<const SeriesTail> tails) const {
  if (tails.empty()) return Status::OK();
  std::map<std::string, const SeriesTail*> by_key;  // of two of a series the later one
  for (const auto& tail : tails) by_key[table_.layout().SeriesKey(tail.symbol)] = &tail;
  for (int attempt = 0; attempt < kMaxTries; ++attempt) {
    ASSIGN_OR_RETURN(const auto stored, Load());
    if (stored.all == nullptr) return Status::OK();
    LatestRows latest;
    std::vector<RowRef> rows;
    std::vector<std::shared_ptr<const BatchView>> keep;
    const auto add_new = [&](const std::string& key, const SeriesTail& tail) -> Status {
      if (tail.row == nullptr) return Status::OK();
      ASSIGN_OR_RETURN(auto view, BatchView::Make(tail.row));
      rows.push_back({view.get(), 0});
      keep.push_back(std::move(view));
      latest.files.push_back({key, tail.file_bytes, tail.etag, {}});
      return Status::OK();
    };
    auto next = by_key.begin();
    for (int64_t row = 0; row < stored.all->rows(); ++row) {
      const auto key = stored.all->column(0).Bytes(row);
      for (; next != by_key.end() && next->first < key; ++next)
        RETURN_IF_ERROR(add_new(next->first, *next->second));
      if (next != by_key.end() && next->first == key) {
        RETURN_IF_ERROR(add_new(next->first, *next->second));
        ++next;
        continue;
      }
      rows.push_back({stored.table.get(), row});
      latest.files.push_back({std::string(key),
                              stored.all->column(1).Integer(row),
                              std::string(stored.all->column(2).Bytes(row)),
                              {}});
    }
    for (; next != by_key.end(); ++next) RETURN_IF_ERROR(add_new(next->first, *next->second));
    ASSIGN_OR_RETURN(latest.rows, GatherRows(table_.spec().schema, rows));
    const auto written = Write(latest, stored.etag);
    const auto code = CodeOf(written);
    if (code != ErrorCode::kPreconditionFailed && code != ErrorCode::kAlreadyExists) return written;
  }
  return MakeError(ErrorCode::kConflict,
                   fmt::format("{}: other processes wrote it during each of {} tries to",
                               table_.layout().IndexKey(), kMaxTries),
                   "nothing is lost: the next reader brings it up to date");
}

}  // namespace penstock::lake
