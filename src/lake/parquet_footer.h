// The footer of a Parquet file, read as far as appending rows and reading the last one need it; the rest is
// kept as it stands. Source: Apache Parquet format, parquet.thrift (FileMetaData) and "File format".
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "lake/thrift_compact.h"

namespace penstock::lake {

// parquet.thrift, enum Type.
enum class PhysicalType : int32_t { kBoolean, kInt32, kInt64, kInt96, kFloat, kDouble, kByteArray, kFixed };

// A leaf of the schema.
struct FooterColumn {
  std::string_view name;
  PhysicalType physical = PhysicalType::kInt96;
  bool optional = false;
  int32_t converted = -1;  // enum ConvertedType; -1: none
  int16_t logical = -1;    // which member of the union LogicalType; -1: none
  int16_t time_unit = -1;  // of a TIMESTAMP: 1 ms, 2 us, 3 ns
  bool is_utc = false;     // of a TIMESTAMP
};

// A column of a row group.
struct FooterChunk {
  PhysicalType physical = PhysicalType::kInt96;
  int32_t codec = -1;  // enum CompressionCodec: 0 none, 6 zstd
  int64_t values = 0;
  int64_t compressed_bytes = 0;  // of all its pages with their headers
  int64_t begin = 0;             // of its first page in the file
  bool has_dictionary = false;
  std::optional<std::string_view> min, max;  // exact ones only
  int64_t nulls = -1;                        // -1: not said
};

struct FooterGroup {
  int64_t rows = 0;
  std::vector<FooterChunk> chunks;
};

// Views into the bytes that it was parsed from, which outlive it.
class ParquetFooter {
 public:
  static constexpr int64_t kTrailerBytes = 8;

  // Of a whole file, or of its end: the last `tail.size()` bytes of `file_bytes`. Corrupt: no footer that can
  // be read, or an encrypted file, or a nested schema. TooLarge: it begins before the tail; give more.
  static Result<ParquetFooter> Parse(std::string_view tail, int64_t file_bytes);

  int64_t begin() const { return begin_; }  // where in the file it begins: there the data ends
  int64_t rows() const { return rows_; }
  const std::vector<FooterColumn>& columns() const { return columns_; }
  size_t group_count() const { return groups_.size(); }
  // Corrupt: not a row group of these columns.
  Result<FooterGroup> Group(size_t index) const;
  // The value of a key of its metadata; nothing when absent.
  std::optional<std::string_view> Metadata(std::string_view key) const;

  // The footer with these row groups (struct RowGroup, serialised) added, and the trailer, behind `out`.
  void WriteWith(const std::vector<std::string>& groups, int64_t rows, std::string& out) const;

 private:
  struct Field {
    int16_t id;
    ThriftType type;
    std::string_view value;
  };
  int64_t begin_ = 0;
  int64_t rows_ = 0;
  std::vector<FooterColumn> columns_;
  std::vector<std::string_view> groups_;
  std::string_view group_bytes_;  // of all groups, one behind the other
  std::vector<std::pair<std::string_view, std::string_view>> metadata_;
  std::vector<Field> fields_;
};

// Whether the columns are those of `schema`, as our writer stores them; what may be null is left open.
bool HoldsColumns(const ParquetFooter& footer, const arrow::Schema& schema);

}  // namespace penstock::lake
