#include "lake/latest_rows.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <optional>

#include "base/parallel.h"
#include "lake/parquet_tail.h"

namespace penstock::lake {
namespace {

constexpr size_t kBlock = 128;  // files a thread takes at once

struct Block {
  std::shared_ptr<const BatchView> rows;
  std::vector<store::ObjectInfo> files;
  std::vector<SeriesFailure> failures;
};

class BlockReader {
 public:
  BlockReader(const SeriesTable& table, const LatestOptions& options)
      : table_(table), options_(options), rows_(AllNullable(*table.spec().schema)) {}

  Status Add(const store::ObjectInfo& file) {
    const auto tail_bytes = std::clamp<int64_t>(options_.tail_bytes, 64, file.size);
    auto tail = table_.store().GetRange(file.key, file.size - tail_bytes, tail_bytes);
    // Gone, or shorter than it was: read as what it is now.
    if (tail.ok() && static_cast<int64_t>(tail->bytes.size()) == tail_bytes && tail->info.size == file.size) {
      ASSIGN_OR_RETURN(const bool read, TryTail(tail->bytes, file));
      if (read) {
        block_.files.push_back(std::move(tail->info));
        return Status::OK();
      }
    } else if (!tail.ok() && CodeOf(tail.status()) != ErrorCode::kInvalidData) {
      return CodeOf(tail.status()) == ErrorCode::kNotFound ? Status::OK() : tail.status();
    }
    return AddWhole(file);
  }

  Result<Block> Finish() {
    ASSIGN_OR_RETURN(auto batch, rows_.Finish());
    ASSIGN_OR_RETURN(block_.rows, BatchView::Make(std::move(batch)));
    return std::move(block_);
  }

 private:
  static std::shared_ptr<arrow::Schema> AllNullable(const arrow::Schema& schema) {
    arrow::FieldVector fields;
    for (const auto& field : schema.fields()) fields.push_back(field->WithNullable(true));
    return arrow::schema(std::move(fields));
  }

  // False: not by this way.
  Result<bool> TryTail(std::string_view tail, const store::ObjectInfo& file) {
    const auto footer = ParquetFooter::Parse(tail, file.size);
    if (!footer.ok() || !HoldsColumns(*footer, *table_.spec().schema)) return false;
    const auto read = reader_.ReadLastRow(tail, file.size, *footer, rows_);
    return read.ok() && *read;
  }

  Status AddWhole(const store::ObjectInfo& file) {
    auto object = table_.store().Get(file.key);
    if (CodeOf(object.status()) == ErrorCode::kNotFound) return Status::OK();
    RETURN_IF_ERROR(object.status());
    auto info = std::move(object->info);
    if (static_cast<int64_t>(object->bytes.size()) != info.size)
      return MakeError(ErrorCode::kIo, "a short read of " + file.key, "try again");
    ASSIGN_OR_RETURN(const bool read, TryTail(object->bytes, info));
    if (!read) {
      const auto stored = DecodeTableFile({std::move(object->bytes), std::nullopt}, file.key, table_.spec(),
                                          *table_.spec().schema);
      if (!stored.ok()) {
        block_.failures.push_back({file.key, stored.status()});
        return Status::OK();
      }
      const auto& view = *stored->rows;
      if (view.rows() == 0) return Status::OK();
      for (int i = 0; i < view.column_count(); ++i) AddCell(i, view.column(i), view.rows() - 1);
    }
    block_.files.push_back(std::move(info));
    return Status::OK();
  }

  void AddCell(int index, const CellColumn& cells, int64_t row) {
    if (cells.IsNull(row)) return rows_.AddNull(index);
    switch (cells.kind) {
      case CellColumn::Kind::kBool: return rows_.AddBool(index, cells.Bit(row));
      case CellColumn::Kind::kBytes: return rows_.AddBytes(index, cells.Bytes(row));
      default: rows_.AddFixed(index, cells.data + row * cells.width);
    }
  }

  const SeriesTable& table_;
  const LatestOptions& options_;
  TailReader reader_;
  RowColumns rows_;
  Block block_;
};

}  // namespace

Result<LatestRows> ReadTails(const SeriesTable& table, std::span<const store::ObjectInfo> files,
                             const LatestOptions& options) {
  std::vector<Block> blocks((files.size() + kBlock - 1) / kBlock);
  const int threads = options.threads > 0 ? options.threads : HardwareThreads();
  const auto work = [&](size_t i) -> Status {
    BlockReader reader(table, options);
    for (const auto& file : files.subspan(i * kBlock, std::min(kBlock, files.size() - i * kBlock)))
      RETURN_IF_ERROR(reader.Add(file));
    ASSIGN_OR_RETURN(blocks[i], reader.Finish());
    return Status::OK();
  };
  RETURN_IF_ERROR(ParallelFor(blocks.size(), threads, work, options.stop));
  LatestRows latest;
  std::vector<RowRef> rows;
  for (auto& block : blocks) {
    for (int64_t row = 0; row < block.rows->rows(); ++row) rows.push_back({block.rows.get(), row});
    std::move(block.files.begin(), block.files.end(), std::back_inserter(latest.files));
    std::move(block.failures.begin(), block.failures.end(), std::back_inserter(latest.failures));
  }
  ASSIGN_OR_RETURN(latest.rows, GatherRows(table.spec().schema, rows));
  return latest;
}

Result<LatestRows> ReadLatestRows(const SeriesTable& table, const LatestOptions& options) {
  const auto below = table.layout().CleanPrefix();
  ASSIGN_OR_RETURN(auto files, store::ListAll(table.store(), below));
  std::erase_if(files, [&](const auto& file) { return !SeriesLayout::SymbolOfKey(below, file.key).ok(); });
  return ReadTails(table, files, options);
}

}  // namespace penstock::lake
