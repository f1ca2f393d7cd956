// Results as text or files: for people (table, Markdown) and for programs (CSV, JSON, NDJSON, Parquet).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "query/query_engine.h"

namespace penstock::query {

enum class ResultFormat { kTable, kCsv, kJson, kNdjson, kMarkdown, kParquet };

std::string_view NameOf(ResultFormat format);  // table, csv, json, ndjson, markdown, parquet
// Usage: none of those. "md" and "jsonl" are known too.
Result<ResultFormat> ParseResultFormat(std::string_view text);
// What a file's name ends in: .csv, .json, .ndjson, .jsonl, .md, .parquet; otherwise `otherwise`.
ResultFormat FormatOfFile(std::string_view path, ResultFormat otherwise);

struct WriteOptions {
  ResultFormat format = ResultFormat::kTable;
  // Of the terminal, in columns; wider tables have their texts cut short, then columns left out (and named
  // below the table). 0: as wide as it is. kTable only.
  int width = 0;
  // kTable: rows shown, the rest is counted as "… N more rows"; 0: all. Other formats write all rows.
  int64_t shown_rows = 0;
};

struct WriteSummary {
  int64_t rows = 0;   // of the result
  int64_t bytes = 0;  // written
};

// Takes the bytes in order; a failure ends the writing and is returned.
using ByteSink = std::function<Status(std::string_view)>;

// Memory: a batch for CSV, NDJSON and Markdown's body; a row group (64 Ki rows) for Parquet; up to 10,000
// rows for a table, whose widths are those of its first 10,000 rows.
//   CSV       RFC 4180, header, lines end in CRLF; NULL is an empty field, an empty text is ""
//   JSON      an array with one object a row; NDJSON: one object a line. Names that occur twice get _2, _3 …
//   Parquet   zstd; types without one in Parquet (INTERVAL, UNION) are refused: Usage
Result<WriteSummary> WriteResult(ResultStream& stream, const WriteOptions& options, const ByteSink& sink);

// To a file that appears whole or not at all (written beside it, synced, renamed).
Result<WriteSummary> WriteResultFile(ResultStream& stream, const WriteOptions& options,
                                     const std::string& path);

// The names made unique: the second "a" is "a_2".
std::vector<std::string> UniqueNames(const arrow::Schema& schema);

// The formats of their own files (table_writer.cc, parquet_writer.cc).
Result<int64_t> WriteTable(ResultStream& stream, const WriteOptions& options, const ByteSink& sink);
Result<int64_t> WriteMarkdown(ResultStream& stream, const ByteSink& sink);
Result<int64_t> WriteParquet(ResultStream& stream, const ByteSink& sink);

}  // namespace penstock::query
