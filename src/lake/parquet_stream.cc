#include "lake/parquet_stream.h"

#include <arrow/array.h>
#include <arrow/io/interfaces.h>
#include <arrow/io/memory.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/properties.h>

#include <cstring>

namespace penstock::lake {
namespace {

constexpr int64_t kMostMemory = 1LL << 30;

// Never destroyed: batches out of it may live to the end.
arrow::MemoryPool* Pool() {
  static auto* const kPool = new arrow::CappedMemoryPool(arrow::default_memory_pool(), kMostMemory);
  return kPool;
}

class Sink : public arrow::io::OutputStream {
 public:
  explicit Sink(std::function<Status(std::string_view)> to) : to_(std::move(to)) {}
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return at_; }
  arrow::Status Write(const void* data, int64_t size) override {
    at_ += size;
    return to_({static_cast<const char*>(data), static_cast<size_t>(size)});
  }
  using arrow::io::OutputStream::Write;

 private:
  const std::function<Status(std::string_view)> to_;
  int64_t at_ = 0;
  bool closed_ = false;
};

// An object, of which only what is asked for is fetched.
class StoredFile : public arrow::io::RandomAccessFile {
 public:
  StoredFile(store::ObjectStore& store, std::string key, int64_t size)
      : store_(store), key_(std::move(key)), size_(size) {}
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return at_; }
  arrow::Status Seek(int64_t at) override {
    at_ = at;
    return arrow::Status::OK();
  }
  arrow::Result<int64_t> GetSize() override { return size_; }
  arrow::Result<int64_t> ReadAt(int64_t at, int64_t size, void* to) override {
    ASSIGN_OR_RETURN(const auto buffer, ReadAt(at, size));
    std::memcpy(to, buffer->data(), static_cast<size_t>(buffer->size()));
    return buffer->size();
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t at, int64_t size) override {
    ASSIGN_OR_RETURN(auto object, store_.GetRange(key_, at, size));
    return arrow::Buffer::FromString(std::move(object.bytes));
  }
  arrow::Result<int64_t> Read(int64_t size, void* to) override {
    ASSIGN_OR_RETURN(const int64_t got, ReadAt(at_, size, to));
    at_ += got;
    return got;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t size) override {
    ASSIGN_OR_RETURN(auto buffer, ReadAt(at_, size));
    at_ += buffer->size();
    return buffer;
  }

 private:
  store::ObjectStore& store_;
  const std::string key_;
  const int64_t size_;
  int64_t at_ = 0;
  bool closed_ = false;
};

Result<std::shared_ptr<arrow::RecordBatch>> Decode(std::string bytes, std::string_view name,
                                                   const std::vector<std::string>& columns) {
  const auto input = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(bytes)));
  parquet::ReaderProperties properties(Pool());
  properties.set_page_checksum_verification(true);
  parquet::arrow::FileReaderBuilder builder;
  RETURN_IF_ERROR(builder.Open(input, properties));
  ASSIGN_OR_RETURN(auto reader, builder.memory_pool(Pool())->Build());
  std::shared_ptr<arrow::Table> table;
  if (columns.empty()) {
    ASSIGN_OR_RETURN(table, reader->ReadTable());
  } else {
    std::shared_ptr<arrow::Schema> schema;
    RETURN_IF_ERROR(reader->GetSchema(&schema));
    std::vector<int> indices;
    for (const auto& column : columns) {
      indices.push_back(schema->GetFieldIndex(column));
      if (indices.back() < 0) {
        return MakeError(ErrorCode::kUsage, fmt::format("{} has no column {}", name, column));
      }
    }
    ASSIGN_OR_RETURN(table, reader->ReadTable(indices));
    ASSIGN_OR_RETURN(table, table->SelectColumns([&] {
      std::vector<int> order;
      for (const auto& column : columns) order.push_back(table->schema()->GetFieldIndex(column));
      return order;
    }()));
  }
  ASSIGN_OR_RETURN(auto batch, table->CombineChunksToBatch(Pool()));
  return batch->ReplaceSchemaMetadata(nullptr);
}

Result<arrow::Compression::type> CodecOf(std::string_view name) {
  if (name == "zstd") return arrow::Compression::ZSTD;
  if (name == "snappy") return arrow::Compression::SNAPPY;
  if (name == "gzip") return arrow::Compression::GZIP;
  if (name == "none") return arrow::Compression::UNCOMPRESSED;
  return MakeError(ErrorCode::kUsage, fmt::format("Parquet's compression is zstd, snappy, gzip or none, got {}", name));
}

class StreamWriter : public ParquetStreamWriter {
 public:
  StreamWriter(std::shared_ptr<arrow::Schema> schema, std::unique_ptr<parquet::arrow::FileWriter> writer)
      : schema_(std::move(schema)), writer_(std::move(writer)) {}

  Status Write(const arrow::RecordBatch& batch) override {
    if (!batch.schema()->Equals(*schema_, false)) {
      return MakeError(ErrorCode::kInternal, fmt::format("writing Parquet: expected columns {}, got {}",
                                                         schema_->ToString(), batch.schema()->ToString()));
    }
    return Guarded([&] { return writer_->WriteRecordBatch(batch); });
  }
  Status Close() override {
    return Guarded([&] { return writer_->Close(); });
  }

 private:
  template <typename Work>
  static Status Guarded(const Work& work) {
    try {
      return work();
    } catch (const std::bad_alloc&) {
      return MakeError(ErrorCode::kResourceExhausted, "writing Parquet: out of memory");
    } catch (const std::exception& error) {
      return MakeError(ErrorCode::kInternal, fmt::format("writing Parquet: {}", error.what()));
    }
  }

  const std::shared_ptr<arrow::Schema> schema_;
  const std::unique_ptr<parquet::arrow::FileWriter> writer_;
};

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> ReadParquetBatch(std::string bytes, std::string_view name,
                                                             const std::vector<std::string>& columns) {
  try {
    auto batch = Decode(std::move(bytes), name, columns);
    if (batch.ok() || DetailOf(batch.status()) != nullptr) return batch;
    if (batch.status().IsOutOfMemory() || batch.status().IsCapacityError()) {
      return MakeError(ErrorCode::kResourceExhausted,
                       fmt::format("reading {}: {}", name, batch.status().message()));
    }
    return CorruptParquet(name, batch.status().message());
  } catch (const std::exception& error) {
    return CorruptParquet(name, error.what());
  }
}

Result<std::shared_ptr<arrow::Schema>> ReadParquetSchema(store::ObjectStore& store, const std::string& key) {
  ASSIGN_OR_RETURN(const auto info, store.Head(key));
  try {
    parquet::arrow::FileReaderBuilder builder;
    const Status opened = builder.Open(std::make_shared<StoredFile>(store, key, info.size));
    if (DetailOf(opened) != nullptr) return opened;
    if (!opened.ok()) return CorruptParquet(key, opened.message());
    ASSIGN_OR_RETURN(const auto reader, builder.memory_pool(Pool())->Build());
    std::shared_ptr<arrow::Schema> schema;
    RETURN_IF_ERROR(reader->GetSchema(&schema));
    return schema->RemoveMetadata();
  } catch (const std::exception& error) {
    return CorruptParquet(key, error.what());
  }
}

Result<std::unique_ptr<ParquetStreamWriter>> ParquetStreamWriter::Open(
    const std::shared_ptr<arrow::Schema>& schema, const ParquetOptions& options,
    std::function<Status(std::string_view)> sink) {
  parquet::WriterProperties::Builder builder;
  ASSIGN_OR_RETURN(const auto codec, CodecOf(options.codec));
  if (codec == arrow::Compression::ZSTD) builder.compression_level(options.zstd_level);
  builder.created_by("penstock")
      ->compression(codec)
      ->enable_statistics()
      ->enable_write_page_index()
      ->enable_page_checksum()
      ->max_row_group_length(options.rows_a_group)
      ->set_size_statistics_level(parquet::SizeStatisticsLevel::None);
  std::vector<parquet::SortingColumn> sorting;
  auto metadata = options.metadata;
  for (const auto& name : options.sorted_by) {
    const int index = schema->GetFieldIndex(name);
    if (index < 0)
      return MakeError(ErrorCode::kInternal, fmt::format("sorted by an unknown column: {}", name));
    sorting.push_back({index, false, true});
    metadata["sorted_by"] += (sorting.size() == 1 ? "" : ",") + name;
  }
  if (!sorting.empty()) builder.set_sorting_columns(std::move(sorting));
  const auto plain = schema->RemoveMetadata();
  try {
    ASSIGN_OR_RETURN(auto writer, parquet::arrow::FileWriter::Open(*plain, arrow::default_memory_pool(),
                                                                   std::make_shared<Sink>(std::move(sink)),
                                                                   builder.build()));
    for (const auto& [key, value] : metadata) {
      RETURN_IF_ERROR(writer->AddKeyValueMetadata(arrow::key_value_metadata({key}, {value})));
    }
    return std::make_unique<StreamWriter>(plain, std::move(writer));
  } catch (const std::exception& error) {
    return MakeError(ErrorCode::kInternal, fmt::format("writing Parquet: {}", error.what()));
  }
}

}  // namespace penstock::lake
