// Objects of a delivery as they grow by a record: bytes end to end, or rows of Parquet.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <string_view>

#include "lake/parquet_stream.h"
#include "lake/row_columns.h"
#include "store/object_store.h"
#include "stream/body_encoder.h"
#include "stream/object_sink.h"

namespace penstock::stream {

// By one thread. Nothing is to be seen before Put.
class DeliveredObject {
 public:
  DeliveredObject(store::ObjectStore& store, std::string key) : sink_(store, std::move(key)) {}
  virtual ~DeliveredObject() = default;
  // Once, behind the last record: all bytes are with the sink.
  virtual Status Close() = 0;
  Status Put() { return sink_.Put(); }
  const std::string& key() const { return sink_.key(); }
  int64_t bytes() const { return sink_.bytes(); }

 protected:
  ObjectSink sink_;
};

// Records end to end, as Firehose concatenates them.
class BytesObject : public DeliveredObject {
 public:
  static Result<std::unique_ptr<BytesObject>> Open(store::ObjectStore& store, std::string key,
                                                   Compression compression);
  Status Add(std::string_view data);
  Status Close() override;

 private:
  using DeliveredObject::DeliveredObject;
  std::unique_ptr<BodyEncoder> encoder_;
  std::string encoded_;
};

class ParquetObject : public DeliveredObject {
 public:
  // `compression`: as lake::ParquetOptions::codec.
  ParquetObject(store::ObjectStore& store, std::string key, std::shared_ptr<arrow::Schema> schema,
                std::string compression);
  // The rows that are not written yet; whoever adds some calls Added.
  lake::RowColumns* rows() { return &rows_; }
  // `bytes`: about what they take.
  Status Added(size_t bytes);
  bool empty() const { return writer_ == nullptr && rows_.rows() == 0; }
  Status Close() override;

 private:
  Status WriteRows();

  const std::shared_ptr<arrow::Schema> schema_;
  const std::string compression_;
  lake::RowColumns rows_;
  size_t row_bytes_ = 0;
  std::unique_ptr<lake::ParquetStreamWriter> writer_;  // from the first full piece on
};

}  // namespace penstock::stream
