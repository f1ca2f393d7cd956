#include "lake/parquet_file.h"

#include <arrow/array.h>
#include <arrow/chunked_array.h>
#include <arrow/io/memory.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/file_writer.h>

#include "lake/columns.h"

namespace penstock::lake {
namespace {

// Collects the file in a std::string, so that nothing is copied at its end.
class StringSink : public arrow::io::OutputStream {
 public:
  StringSink() { bytes_.reserve(32 * 1024); }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return static_cast<int64_t>(bytes_.size()); }
  arrow::Status Write(const void* data, int64_t size) override {
    bytes_.append(static_cast<const char*>(data), static_cast<size_t>(size));
    return arrow::Status::OK();
  }
  using arrow::io::OutputStream::Write;
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
  bool closed_ = false;
};

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

struct ParquetEncoder::State {
  std::shared_ptr<arrow::Schema> schema;
  std::shared_ptr<parquet::WriterProperties> properties;
  std::shared_ptr<parquet::ArrowWriterProperties> arrow_properties =
      parquet::ArrowWriterProperties::Builder().build();
  std::shared_ptr<const arrow::KeyValueMetadata> metadata;
  std::shared_ptr<parquet::schema::GroupNode> root;
  std::vector<int> sorted_by;
  int64_t rows_a_group = 0;
  Status failure;
};

ParquetEncoder::ParquetEncoder(std::shared_ptr<arrow::Schema> schema, const ParquetOptions& options) {
  auto state = std::make_unique<State>();
  state->schema = schema->RemoveMetadata();
  state->rows_a_group = options.rows_a_group;
  parquet::WriterProperties::Builder builder;
  // No dictionaries: zstd makes as little of repeated cells, and each costs a page, a hash table and 0.03 ms.
  builder.created_by("penstock")
      ->disable_dictionary()
      ->enable_statistics()
      ->enable_write_page_index()
      ->enable_page_checksum()
      ->max_row_group_length(options.rows_a_group)
      ->set_size_statistics_level(parquet::SizeStatisticsLevel::None);
  for (const auto& field : schema->fields()) {
    const std::string& name = field->name();
    if (std::find(options.repeating.begin(), options.repeating.end(), name) == options.repeating.end()) {
      if (options.zstd_level == 0) continue;
      builder.compression(name, arrow::Compression::ZSTD)->compression_level(name, options.zstd_level);
    } else {
      const bool text = field->type()->id() == arrow::Type::STRING;
      builder.encoding(name,
                       text ? parquet::Encoding::DELTA_BYTE_ARRAY : parquet::Encoding::DELTA_BINARY_PACKED);
    }
  }
  std::vector<parquet::SortingColumn> sorting;
  std::string names;
  for (const auto& name : options.sorted_by) {
    const int index = schema->GetFieldIndex(name);
    if (index < 0)
      state->failure = MakeError(ErrorCode::kInternal, fmt::format("sorted by an unknown column: {}", name));
    state->sorted_by.push_back(index);
    sorting.push_back({index, false, true});
    names += (names.empty() ? "" : ",") + name;
  }
  auto metadata = options.metadata;
  if (!sorting.empty()) {
    builder.set_sorting_columns(std::move(sorting));
    metadata["sorted_by"] = names;
  }
  std::vector<std::string> keys;
  std::vector<std::string> values;
  for (const auto& [key, value] : metadata) {
    keys.push_back(key);
    values.push_back(value);
  }
  if (!keys.empty()) state->metadata = arrow::key_value_metadata(std::move(keys), std::move(values));
  try {
    state->properties = builder.build();
    std::shared_ptr<parquet::SchemaDescriptor> descriptor;
    const auto status = parquet::arrow::ToParquetSchema(state->schema.get(), *state->properties,
                                                        *state->arrow_properties, &descriptor);
    if (status.ok()) {
      state->root = std::static_pointer_cast<parquet::schema::GroupNode>(descriptor->schema_root());
    } else if (state->failure.ok()) {
      state->failure = WithContext(status, "schema of a Parquet file");
    }
  } catch (const std::exception& error) {
    state->failure =
        MakeError(ErrorCode::kInternal, fmt::format("schema of a Parquet file: {}", error.what()));
  }
  state_ = std::move(state);
}

ParquetEncoder::~ParquetEncoder() = default;

Result<std::string> ParquetEncoder::Encode(const arrow::RecordBatch& batch) const {
  RETURN_IF_ERROR(state_->failure);
  if (!batch.schema()->Equals(*state_->schema, false)) {
    return MakeError(ErrorCode::kInternal,
                     fmt::format("writing Parquet: expected columns {}, got {}", state_->schema->ToString(),
                                 batch.schema()->ToString()));
  }
  if (!state_->sorted_by.empty()) {
    ASSIGN_OR_RETURN(const auto view, BatchView::Make(batch.Slice(0)));
    for (int64_t row = 1; row < view->rows(); ++row) {
      int order = 0;
      for (const int column : state_->sorted_by) {
        order = CompareCells(view->column(column), row - 1, view->column(column), row);
        if (order != 0) break;
      }
      if (order > 0)
        return MakeError(ErrorCode::kInternal, fmt::format("writing Parquet: row {} is out of order", row));
    }
  }
  try {
    const auto sink = std::make_shared<StringSink>();
    auto file = parquet::ParquetFileWriter::Open(sink, state_->root, state_->properties, state_->metadata);
    std::unique_ptr<parquet::arrow::FileWriter> writer;
    RETURN_IF_ERROR(parquet::arrow::FileWriter::Make(arrow::default_memory_pool(), std::move(file),
                                                     state_->schema, state_->arrow_properties, &writer));
    for (int64_t row = 0; row < batch.num_rows(); row += state_->rows_a_group) {
      const auto table_slice = batch.Slice(row, state_->rows_a_group);
      RETURN_IF_ERROR(writer->NewRowGroup());
      for (const auto& column : table_slice->columns()) RETURN_IF_ERROR(writer->WriteColumnChunk(*column));
    }
    RETURN_IF_ERROR(writer->Close());
    return sink->Take();
  } catch (const std::bad_alloc&) {
    return MakeError(ErrorCode::kResourceExhausted, "writing Parquet: out of memory");
  } catch (const std::exception& error) {
    return MakeError(ErrorCode::kInternal, fmt::format("writing Parquet: {}", error.what()));
  }
}

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
