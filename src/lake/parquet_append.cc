#include "lake/parquet_append.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

#include "lake/parquet_layout.h"

namespace penstock::lake {
namespace {

using Type = ThriftType;

template <typename T>
void AppendRaw(std::string& out, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);  // little-endian, as the format is
  out.append(bytes, sizeof bytes);
}

// A cell as PLAIN writes it, and as statistics do (which have no length before a text).
void AppendPlain(PhysicalType physical, const CellColumn& cells, int64_t row, bool with_length,
                 std::string& out) {
  switch (physical) {
    case PhysicalType::kInt32: AppendRaw(out, static_cast<int32_t>(cells.Integer(row))); break;
    case PhysicalType::kInt64: AppendRaw(out, cells.Integer(row)); break;
    case PhysicalType::kFloat: AppendRaw(out, cells.Values<float>()[row]); break;
    case PhysicalType::kDouble: AppendRaw(out, cells.Values<double>()[row]); break;
    case PhysicalType::kBoolean: out += static_cast<char>(cells.Bit(row)); break;
    default: {
      const auto text = cells.Bytes(row);
      if (with_length) AppendRaw(out, static_cast<uint32_t>(text.size()));
      out += text;
    }
  }
}

// Definition levels of an optional column: the RLE/bit-packed hybrid, runs only, behind its length.
void AppendLevels(std::span<const RowRef> rows, int column, std::string& page) {
  const size_t begin = page.size();
  AppendRaw(page, uint32_t{0});
  for (size_t i = 0; i < rows.size();) {
    const bool null = rows[i].batch->column(column).IsNull(rows[i].row);
    size_t end = i + 1;
    while (end < rows.size() && rows[end].batch->column(column).IsNull(rows[end].row) == null) ++end;
    for (uint64_t run = (end - i) << 1; true; run >>= 7) {
      page += static_cast<char>(run >= 128 ? run | 128 : run);
      if (run < 128) break;
    }
    page += static_cast<char>(null ? 0 : 1);
    i = end;
  }
  const auto size = static_cast<uint32_t>(page.size() - begin - sizeof(uint32_t));
  std::memcpy(page.data() + begin, &size, sizeof size);
}

struct Statistics {
  const RowRef* min = nullptr;
  const RowRef* max = nullptr;
  int64_t nulls = 0;
  bool usable = true;
};

Statistics StatisticsOf(std::span<const RowRef> rows, int column) {
  Statistics found;
  for (const auto& row : rows) {
    const auto& cells = row.batch->column(column);
    if (cells.IsNull(row.row)) {
      ++found.nulls;
      continue;
    }
    if (cells.kind == CellColumn::Kind::kFloat && std::isnan(cells.Number(row.row))) found.usable = false;
    if (cells.kind == CellColumn::Kind::kBytes && cells.Bytes(row.row).size() > kMaxStatistic)
      found.usable = false;
    const auto order = [&](const RowRef* other) {
      return CompareCells(cells, row.row, other->batch->column(column), other->row);
    };
    if (found.min == nullptr || order(found.min) < 0) found.min = &row;
    if (found.max == nullptr || order(found.max) > 0) found.max = &row;
  }
  found.usable = found.usable && found.min != nullptr;
  return found;
}

class Appender {
 public:
  Appender(std::string_view bytes, const ParquetFooter& footer, std::span<const RowRef> rows)
      : footer_(footer), rows_(rows) {
    out_.reserve(bytes.size() + 256 * footer.columns().size() + 4096);
    out_ = bytes.substr(0, static_cast<size_t>(footer.begin()));
  }

  Result<std::string> Finish() {
    const auto begin = static_cast<int64_t>(out_.size());
    ThriftWriter group(group_);
    group.BeginStruct();
    group.BeginList(1, Type::kStruct, footer_.columns().size());
    for (int i = 0; i < static_cast<int>(footer_.columns().size()); ++i) {
      RETURN_IF_ERROR(AddColumn(i, group));
    }
    const int64_t bytes = static_cast<int64_t>(out_.size()) - begin;
    group.Int(2, Type::kI64, bytes);
    group.Int(3, Type::kI64, static_cast<int64_t>(rows_.size()));
    group.Int(5, Type::kI64, begin);
    group.Int(6, Type::kI64, bytes);
    if (footer_.group_count() <= INT16_MAX)
      group.Int(7, Type::kI16, static_cast<int64_t>(footer_.group_count()));
    group.EndStruct();
    footer_.WriteWith({std::move(group_)}, static_cast<int64_t>(rows_.size()), out_);
    return std::move(out_);
  }

 private:
  Status AddColumn(int index, ThriftWriter& group) {
    const auto& column = footer_.columns()[static_cast<size_t>(index)];
    const auto found = StatisticsOf(rows_, index);
    if (found.nulls > 0 && !column.optional) {
      return MakeError(ErrorCode::kInvalidData,
                       fmt::format("a row without a value for the column {}", column.name));
    }
    page_.clear();
    if (column.optional) AppendLevels(rows_, index, page_);
    int bit = 0;
    for (const auto& row : rows_) {
      const auto& cells = row.batch->column(index);
      if (cells.IsNull(row.row)) continue;
      if (column.physical != PhysicalType::kBoolean) {
        AppendPlain(column.physical, cells, row.row, true, page_);
        continue;
      }
      if (bit == 0) page_ += '\0';
      page_.back() = static_cast<char>(page_.back() | (cells.Bit(row.row) ? 1 << bit : 0));
      bit = (bit + 1) % 8;
    }

    WrittenChunk chunk;
    chunk.physical = column.physical;
    chunk.name = column.name;
    chunk.rows = static_cast<int64_t>(rows_.size());
    chunk.begin = static_cast<int64_t>(out_.size());
    WritePageHeader(chunk.rows, kPlain, page_.size(), page_, out_);
    out_ += page_;
    chunk.bytes = chunk.unfolded_bytes = static_cast<int64_t>(out_.size()) - chunk.begin;
    chunk.nulls = found.nulls;
    if (found.usable) {
      chunk.bounds.emplace();
      const auto value = [&](const RowRef& row, std::string& text) {
        AppendPlain(column.physical, row.batch->column(index), row.row, false, text);
      };
      value(*found.min, chunk.bounds->min);
      value(*found.max, chunk.bounds->max);
      SignZeros(column.physical, *chunk.bounds);
    }
    WriteChunk(chunk, group);
    return Status::OK();
  }

  const ParquetFooter& footer_;
  const std::span<const RowRef> rows_;
  std::string out_;
  std::string group_;
  std::string page_;
};

}  // namespace

Result<std::string> AppendRowGroup(std::string_view bytes, const ParquetFooter& footer,
                                   std::span<const RowRef> rows) {
  if (rows.empty()) return MakeError(ErrorCode::kUsage, "a row group without rows");
  return Appender(bytes, footer, rows).Finish();
}

}  // namespace penstock::lake
