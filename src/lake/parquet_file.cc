#include "lake/parquet_file.h"

#include <arrow/array.h>
#include <arrow/chunked_array.h>
#include <arrow/io/memory.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>

namespace penstock::lake {
namespace {

// A page of a few bytes can claim to unfold to gigabytes.
int64_t MemoryLimit(size_t file_bytes) {
  return std::max<int64_t>(256LL << 20, static_cast<int64_t>(file_bytes) * 200);
}

// The same data in memory of its own: the capped pool ends with the reading.
Result<std::shared_ptr<arrow::ArrayData>> CopyOf(const arrow::ArrayData& data) {
  auto copy = std::make_shared<arrow::ArrayData>(data);
  for (auto& buffer : copy->buffers) {
    if (buffer == nullptr) continue;
    ASSIGN_OR_RETURN(buffer, buffer->CopySlice(0, buffer->size(), arrow::default_memory_pool()));
  }
  for (auto& child : copy->child_data) {
    ASSIGN_OR_RETURN(child, CopyOf(*child));
  }
  if (copy->dictionary != nullptr) {
    ASSIGN_OR_RETURN(copy->dictionary, CopyOf(*copy->dictionary));
  }
  return copy;
}

Result<std::shared_ptr<arrow::Table>> CopyOf(const arrow::Table& table) {
  arrow::ChunkedArrayVector columns;
  for (const auto& column : table.columns()) {
    arrow::ArrayVector chunks;
    for (const auto& chunk : column->chunks()) {
      ASSIGN_OR_RETURN(auto data, CopyOf(*chunk->data()));
      chunks.push_back(arrow::MakeArray(std::move(data)));
    }
    columns.push_back(std::make_shared<arrow::ChunkedArray>(std::move(chunks), column->type()));
  }
  return arrow::Table::Make(table.schema(), std::move(columns), table.num_rows());
}

Result<std::shared_ptr<arrow::Table>> Decode(std::string bytes) {
  arrow::CappedMemoryPool pool(arrow::default_memory_pool(), MemoryLimit(bytes.size()));
  const auto input = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(bytes)));
  parquet::ReaderProperties properties(&pool);
  properties.set_page_checksum_verification(true);
  parquet::arrow::FileReaderBuilder builder;
  RETURN_IF_ERROR(builder.Open(input, properties));
  ASSIGN_OR_RETURN(auto reader, builder.memory_pool(&pool)->Build());
  ASSIGN_OR_RETURN(auto table, reader->ReadTable());
  RETURN_IF_ERROR(table->ValidateFull());
  return CopyOf(*table);
}

}  // namespace

Status CorruptParquet(std::string_view name, std::string_view why) {
  return MakeError(ErrorCode::kCorrupt,
                   fmt::format("{} is not a sound Parquet file: {}", name.empty() ? "the input" : name, why),
                   "see what else is damaged with `penstock tables check TABLE`; delete the file and run "
                   "`penstock process --again` to make it anew from the raw answers");
}

Result<std::string> WriteParquet(const arrow::Table& table, const ParquetOptions& options) {
  ASSIGN_OR_RETURN(const auto batch, table.CombineChunksToBatch());
  const auto schema = table.schema()->RemoveMetadata();
  return ParquetEncoder(schema, options).Encode(*batch->ReplaceSchemaMetadata(nullptr));
}

Result<std::shared_ptr<arrow::Table>> ReadParquet(std::string bytes, std::string_view name) {
  try {
    auto table = Decode(std::move(bytes));
    if (!table.ok()) return CorruptParquet(name, table.status().message());
    return table;
  } catch (const std::exception& error) {
    return CorruptParquet(name, error.what());
  }
}

std::string MetadataOf(const arrow::Schema& schema, const std::string& key) {
  if (schema.metadata() == nullptr) return "";
  return schema.metadata()->Get(key).ValueOr("");
}

}  // namespace penstock::lake
