#include "stream/delivered_object.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

namespace penstock::stream {
namespace {

// Rows become Parquet in pieces of this: a delivery's memory is that of the encoded pieces.
constexpr size_t kPieceBytes = 8 << 20;
constexpr int64_t kPieceRows = 64 << 10;

}  // namespace

Result<std::unique_ptr<BytesObject>> BytesObject::Open(store::ObjectStore& store, std::string key,
                                                       Compression compression) {
  const std::string name = key.substr(key.rfind('/') + 1);
  std::unique_ptr<BytesObject> object(new BytesObject(store, std::move(key)));
  // Within a zip, the file is named as the object is without its ".zip".
  ASSIGN_OR_RETURN(object->encoder_, MakeBodyEncoder(compression, name.substr(0, name.rfind(".zip"))));
  return object;
}

Status BytesObject::Add(std::string_view data) {
  RETURN_IF_ERROR(encoder_->Append(data, &encoded_));
  if (encoded_.empty()) return Status::OK();
  RETURN_IF_ERROR(sink_.Write(encoded_));
  encoded_.clear();
  return Status::OK();
}

Status BytesObject::Close() {
  RETURN_IF_ERROR(encoder_->Finish(&encoded_));
  return sink_.Write(encoded_);
}

ParquetObject::ParquetObject(store::ObjectStore& store, std::string key,
                             std::shared_ptr<arrow::Schema> schema, std::string compression)
    : DeliveredObject(store, std::move(key)),
      schema_(std::move(schema)),
      compression_(std::move(compression)),
      rows_(schema_) {}

Status ParquetObject::Added(size_t bytes) {
  row_bytes_ += bytes;
  return row_bytes_ < kPieceBytes && rows_.rows() < kPieceRows ? Status::OK() : WriteRows();
}

Status ParquetObject::WriteRows() {
  if (writer_ == nullptr) {
    lake::ParquetOptions options;
    options.codec = compression_;
    ASSIGN_OR_RETURN(writer_,
                     lake::ParquetStreamWriter::Open(
                         schema_, options, [this](std::string_view bytes) { return sink_.Write(bytes); }));
  }
  ASSIGN_OR_RETURN(const auto batch, rows_.Finish());
  rows_ = lake::RowColumns(schema_);
  row_bytes_ = 0;
  return writer_->Write(*batch);
}

Status ParquetObject::Close() {
  if (rows_.rows() > 0 || writer_ == nullptr) RETURN_IF_ERROR(WriteRows());
  const Status closed = writer_->Close();
  writer_.reset();
  return closed;
}

}  // namespace penstock::stream
