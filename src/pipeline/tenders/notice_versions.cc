#include "pipeline/tenders/notice_versions.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "base/parallel.h"
#include "lake/parquet_stream.h"
#include "pipeline/tenders/tender_tables.h"

namespace penstock::pipeline {
namespace {

constexpr int kId = 0, kVersion = 1;

}  // namespace

Result<NoticeVersions> NoticeVersions::Read(store::ObjectStore& store, const std::vector<std::string>& keys,
                                            int threads) {
  NoticeVersions out;
  out.files_.resize(keys.size());
  RETURN_IF_ERROR(ParallelFor(keys.size(), threads, [&](size_t i) -> Status {
    ASSIGN_OR_RETURN(auto object, store.Get(keys[i]));
    ASSIGN_OR_RETURN(auto batch, lake::ReadParquetBatch(std::move(object.bytes), keys[i],
                                                        {kNoticeIdColumn, kVersionColumn}));
    ASSIGN_OR_RETURN(out.files_[i].rows, lake::BatchView::Make(std::move(batch)));
    return Status::OK();
  }));
  RETURN_IF_ERROR(out.Choose());
  return out;
}

Status NoticeVersions::Choose() {
  size_t rows = 0;
  for (const File& file : files_) {
    rows += static_cast<size_t>(file.rows->rows());
    if (file.rows->column(kVersion).kind != files_.front().rows->column(kVersion).kind) {
      return MakeError(ErrorCode::kConfiguration, "clean files of notices have versions of different types",
                       "extract all archives of the year with one field map");
    }
  }
  latest_.reserve(rows);
  for (uint32_t f = 0; f < files_.size(); ++f) {
    const auto& view = *files_[f].rows;
    for (int64_t row = 0; row < view.rows(); ++row) {
      const Place here{f, static_cast<uint32_t>(row)};
      const auto [at, is_new] = latest_.try_emplace(view.column(kId).Bytes(row), here);
      if (is_new) continue;
      ++lost_;
      Place& known = at->second;
      const auto& other = *files_[known.file].rows;
      if (lake::CompareCells(other.column(kVersion), known.row, view.column(kVersion), row) <= 0) {
        ++files_[known.file].lost;
        known = here;
      } else {
        ++files_[f].lost;
      }
    }
  }
  return Status::OK();
}

bool NoticeVersions::Holds(size_t file, int64_t row) const {
  if (AllHold(file)) return true;
  const Place& place = latest_.at(files_[file].rows->column(kId).Bytes(row));
  return place.file == file && place.row == row;
}

bool NoticeVersions::Holds(size_t file, const lake::CellColumn& id, const lake::CellColumn& version,
                           int64_t row) const {
  const auto found = latest_.find(id.Bytes(row));
  return found != latest_.end() && found->second.file == file &&
         lake::CompareCells(files_[file].rows->column(kVersion), found->second.row, version, row) == 0;
}

}  // namespace penstock::pipeline
