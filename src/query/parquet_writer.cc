// Results as one Parquet file, written as the rows come.
#include <arrow/array.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/properties.h>

#include "query/result_writer.h"

namespace penstock::query {
namespace {

constexpr int64_t kRowGroupRows = 64 * 1024;

class SinkStream : public arrow::io::OutputStream {
 public:
  explicit SinkStream(const ByteSink& sink) : sink_(sink) {}
  Status Write(const void* data, int64_t size) override {
    position_ += size;
    return sink_(std::string_view(static_cast<const char*>(data), static_cast<size_t>(size)));
  }
  using arrow::io::OutputStream::Write;
  Result<int64_t> Tell() const override { return position_; }
  Status Close() override {
    closed_ = true;
    return Status::OK();
  }
  bool closed() const override { return closed_; }

 private:
  const ByteSink& sink_;
  int64_t position_ = 0;
  bool closed_ = false;
};

bool FitsParquet(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
    case arrow::Type::SPARSE_UNION:
    case arrow::Type::DENSE_UNION: return false;
    default: break;
  }
  for (const auto& child : type.fields()) {
    if (!FitsParquet(*child->type())) return false;
  }
  return true;
}

Result<std::shared_ptr<arrow::Schema>> FileSchema(const arrow::Schema& schema) {
  const auto names = UniqueNames(schema);
  arrow::FieldVector fields;
  for (int i = 0; i < schema.num_fields(); ++i) {
    if (!FitsParquet(*schema.field(i)->type())) {
      return MakeError(
          ErrorCode::kUsage,
          "column " + names[i] + " has a type that Parquet has not: " + schema.field(i)->type()->ToString(),
          "cast it in the query: CAST(" + names[i] + " AS VARCHAR)");
    }
    fields.push_back(schema.field(i)->WithName(names[i]));
  }
  return arrow::schema(std::move(fields));
}

Result<int64_t> Write(ResultStream& stream, const ByteSink& sink) {
  ASSIGN_OR_RETURN(const auto schema, FileSchema(*stream.schema()));
  const auto properties = parquet::WriterProperties::Builder()
                              .compression(parquet::Compression::ZSTD)
                              ->max_row_group_length(kRowGroupRows)
                              ->enable_write_page_index()
                              ->created_by("penstock")
                              ->build();
  const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  ASSIGN_OR_RETURN(auto writer, parquet::arrow::FileWriter::Open(*schema, arrow::default_memory_pool(),
                                                                 std::make_shared<SinkStream>(sink),
                                                                 properties, arrow_properties));
  int64_t rows = 0;
  for (;;) {
    ASSIGN_OR_RETURN(const auto batch, stream.Next());
    if (batch == nullptr) break;
    RETURN_IF_ERROR(
        writer->WriteRecordBatch(*arrow::RecordBatch::Make(schema, batch->num_rows(), batch->columns())));
    rows += batch->num_rows();
  }
  RETURN_IF_ERROR(writer->Close());
  return rows;
}

}  // namespace

Result<int64_t> WriteParquet(ResultStream& stream, const ByteSink& sink) {
  try {
    return Write(stream, sink);
  } catch (const parquet::ParquetStatusException& e) {
    return e.status();
  } catch (const std::exception& e) {
    return MakeError(ErrorCode::kIo, std::string("cannot write the result as Parquet: ") + e.what());
  }
}

}  // namespace penstock::query
