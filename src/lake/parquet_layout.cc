#include "lake/parquet_layout.h"

#include <arrow/util/crc32.h>

#include <cstring>

namespace penstock::lake {
namespace {

using Type = ThriftType;

bool IsZero(PhysicalType physical, std::string_view value) {
  if (physical == PhysicalType::kDouble) {
    double number = 0;
    std::memcpy(&number, value.data(), sizeof number);
    return number == 0;
  }
  float number = 0;
  std::memcpy(&number, value.data(), sizeof number);
  return number == 0;
}

}  // namespace

void SignZeros(PhysicalType physical, ValueBounds& bounds) {
  if (physical != PhysicalType::kDouble && physical != PhysicalType::kFloat) return;
  if (IsZero(physical, bounds.min)) bounds.min.back() = '\x80';
  if (IsZero(physical, bounds.max)) bounds.max.back() = '\0';
}

void WritePageHeader(int64_t rows, int32_t encoding, size_t unfolded_bytes, std::string_view stored,
                     std::string& out) {
  ThriftWriter header(out);
  header.BeginStruct();
  header.Int(1, Type::kI32, 0);  // DATA_PAGE
  header.Int(2, Type::kI32, static_cast<int64_t>(unfolded_bytes));
  header.Int(3, Type::kI32, static_cast<int64_t>(stored.size()));
  header.Int(4, Type::kI32, static_cast<int32_t>(arrow::internal::crc32(0, stored.data(), stored.size())));
  header.BeginStruct(5);
  header.Int(1, Type::kI32, rows);
  header.Int(2, Type::kI32, encoding);
  header.Int(3, Type::kI32, kRle);
  header.Int(4, Type::kI32, kRle);
  header.EndStruct();
  header.EndStruct();
}

void WriteChunk(const WrittenChunk& chunk, ThriftWriter& group) {
  group.BeginStruct();
  group.Int(2, Type::kI64, 0);  // file_offset: 0, says the format since 2.9
  group.BeginStruct(3);
  group.Int(1, Type::kI32, static_cast<int32_t>(chunk.physical));
  group.BeginList(2, Type::kI32, 2);
  group.IntElement(chunk.encoding);
  group.IntElement(kRle);
  group.BeginList(3, Type::kBinary, 1);
  group.BinaryElement(chunk.name);
  group.Int(4, Type::kI32, chunk.codec);
  group.Int(5, Type::kI64, chunk.rows);
  group.Int(6, Type::kI64, chunk.unfolded_bytes);
  group.Int(7, Type::kI64, chunk.bytes);
  group.Int(9, Type::kI64, chunk.begin);
  group.BeginStruct(12);
  group.Int(3, Type::kI64, chunk.nulls);
  if (chunk.bounds) {
    group.Binary(5, chunk.bounds->max);
    group.Binary(6, chunk.bounds->min);
    group.Bool(7, true);
    group.Bool(8, true);
  }
  group.EndStruct();
  group.EndStruct();
  if (chunk.offset_index_bytes > 0) {
    group.Int(4, Type::kI64, chunk.offset_index);
    group.Int(5, Type::kI32, chunk.offset_index_bytes);
  }
  if (chunk.column_index_bytes > 0) {
    group.Int(6, Type::kI64, chunk.column_index);
    group.Int(7, Type::kI32, chunk.column_index_bytes);
  }
  group.EndStruct();
}

void WriteColumnIndex(const std::vector<WrittenPage>& pages, bool ascending, std::string& out) {
  for (const auto& page : pages) {
    if (!page.bounds && page.nulls < page.rows) return;
  }
  ThriftWriter writer(out);
  writer.BeginStruct();
  writer.BeginList(1, Type::kTrue, pages.size());
  for (const auto& page : pages) out += static_cast<char>(page.bounds ? Type::kFalse : Type::kTrue);
  writer.BeginList(2, Type::kBinary, pages.size());
  for (const auto& page : pages) writer.BinaryElement(page.bounds ? page.bounds->min : "");
  writer.BeginList(3, Type::kBinary, pages.size());
  for (const auto& page : pages) writer.BinaryElement(page.bounds ? page.bounds->max : "");
  writer.Int(4, Type::kI32, ascending ? 1 : 0);  // enum BoundaryOrder: UNORDERED, ASCENDING
  writer.BeginList(5, Type::kI64, pages.size());
  for (const auto& page : pages) writer.IntElement(page.nulls);
  writer.EndStruct();
}

void WriteOffsetIndex(const std::vector<WrittenPage>& pages, std::string& out) {
  ThriftWriter writer(out);
  writer.BeginStruct();
  writer.BeginList(1, Type::kStruct, pages.size());
  for (const auto& page : pages) {
    writer.BeginStruct();
    writer.Int(1, Type::kI64, page.begin);
    writer.Int(2, Type::kI32, page.bytes);
    writer.Int(3, Type::kI64, page.first_row);
    writer.EndStruct();
  }
  writer.EndStruct();
}

}  // namespace penstock::lake
