// The last row of every series, kept in one object, so that all of them are there at once.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lake/latest_rows.h"

namespace penstock::lake {

// What reading found.
struct IndexedRows {
  LatestRows latest;
  size_t from_index = 0;      // rows that the index had of the file's version
  size_t from_files = 0;      // read from their files: the index did not have them, or of another version
  bool has_stale = false;     // the index has rows of files that are gone, or not of the table
  bool index_usable = false;  // false: there was none, or a damaged one
};

// {prefix}index/TABLE.tails: "PSTAILS1", the SHA-256 (64 hexadecimal digits) of what follows, and a Parquet
// file of the table's columns, ascending by file_key, with file_key, file_bytes, file_etag in front.
//
// A cache only. Each answer is checked against a listing of the files: a row counts when its file has the
// size and etag that stand beside it, and is read from the file otherwise. So an index that is old, damaged,
// missing, or of a process that died between a file and it costs time and never an answer.
// Thread-safe, and safe among processes.
class TailIndex {
 public:
  // `table` outlives it.
  explicit TailIndex(const SeriesTable& table) : table_(table) {}

  // The last rows as the files have them now. Fails as the store does.
  Result<IndexedRows> Read(const LatestOptions& options = {}) const;

  // The same, and brings the index up to date when it was not.
  Result<IndexedRows> Refresh(const LatestOptions& options = {}) const;

  // Enters what a batch of writes reported (SeriesOutcome::tail), once a batch. Without an index, or with a
  // damaged one, nothing is written: Refresh makes it. Conflict: others wrote it each of 8 times.
  Status Apply(std::span<const SeriesTail> tails) const;

 private:
  struct Stored;
  Result<Stored> Load() const;
  Status Write(const LatestRows& latest, const std::optional<store::Etag>& over) const;
  std::shared_ptr<arrow::Schema> Schema() const;

  const SeriesTable& table_;
};

}  // namespace penstock::lake
