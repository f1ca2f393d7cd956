// What stands around the values in a Parquet file: headers of pages, what the footer says of a column, the
// page index. Source: Apache Parquet format, parquet.thrift and "Page Index".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lake/parquet_footer.h"
#include "lake/thrift_compact.h"

namespace penstock::lake {

// parquet.thrift, enum Encoding and enum CompressionCodec.
inline constexpr int32_t kPlain = 0, kRle = 3, kDeltaBinaryPacked = 5, kDeltaByteArray = 7;
inline constexpr int32_t kUncompressed = 0, kZstd = 6;

inline constexpr size_t kMaxStatistic = 4096;  // bytes of a text; longer ones have none

// The least and the greatest value, as statistics hold them.
struct ValueBounds {
  std::string min, max;
};

// A data page that was written.
struct WrittenPage {
  int64_t begin = 0;  // of its header in the file
  int64_t bytes = 0;  // with its header
  int64_t first_row = 0;
  int64_t rows = 0;
  int64_t nulls = 0;
  std::optional<ValueBounds> bounds;
};

// A column of a row group that was written.
struct WrittenChunk {
  PhysicalType physical = PhysicalType::kInt96;
  std::string_view name;
  int32_t encoding = kPlain;
  int32_t codec = kUncompressed;
  int64_t rows = 0;
  int64_t begin = 0;           // of its first page
  int64_t bytes = 0;           // of its pages with their headers
  int64_t unfolded_bytes = 0;  // the same, had nothing been compressed
  int64_t nulls = 0;
  std::optional<ValueBounds> bounds;
  // Where its page index lies, when it has one.
  int64_t column_index = 0, column_index_bytes = 0, offset_index = 0, offset_index_bytes = 0;
};

// Of a data page, version 1, whose bytes (levels and values, compressed) are `stored`.
void WritePageHeader(int64_t rows, int32_t encoding, size_t unfolded_bytes, std::string_view stored,
                     std::string& out);
// A struct ColumnChunk, as an element of a list.
void WriteChunk(const WrittenChunk& chunk, ThriftWriter& group);

// A struct ColumnIndex behind `out`; nothing when a page with values has no bounds. `ascending`: the column
// is sorted.
void WriteColumnIndex(const std::vector<WrittenPage>& pages, bool ascending, std::string& out);
void WriteOffsetIndex(const std::vector<WrittenPage>& pages, std::string& out);

// A float zero may stand for either of its signs: the format wants -0 as a minimum and +0 as a maximum.
void SignZeros(PhysicalType physical, ValueBounds& bounds);

}  // namespace penstock::lake
