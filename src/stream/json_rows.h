// Records of JSON: their partition keys, and the rows that they become by a table's columns.
// Source: Amazon Data Firehose developer guide, "Convert input data format": columns by name whatever the
// case (OpenX JSON SerDe), its forms of times, several objects in one record; the codes and words of refusals
// are the service's.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "lake/row_columns.h"
#include "stream/error_record.h"
#include "stream/prefix_expression.h"

namespace penstock::stream {

// The schema of files with these columns; times are UTC microseconds. InvalidData: a type that
// lake::ParseHiveType refuses, with its column.
Result<std::shared_ptr<arrow::Schema>> SchemaOf(const std::vector<lake::CatalogColumn>& columns);

// Reads one record after another; not thread-safe. A core takes 200,000 records a second of 250 bytes, and
// encodes them.
class JsonRows {
 public:
  // Columns and keys may be empty. InvalidData: as SchemaOf, ParseJqPath and JodaTimePattern.
  static Result<std::unique_ptr<JsonRows>> Make(const std::vector<lake::CatalogColumn>& columns,
                                                const std::vector<PartitionKey>& keys,
                                                const JsonInput& input = {});
  virtual ~JsonRows() = default;

  // Parses the record, for the calls below. The failure is what they would say.
  virtual void Read(std::string_view record) = 0;

  // The values of the partition keys. DynamicPartitioning.MetadataExtractionFailed: not one JSON object, or a
  // key that is not there, null, empty, a list or an object.
  virtual std::optional<RecordFailure> Keys(PartitionValues* values) = 0;

  // Adds a row for each object of the record: {"a":1}{"a":2} has two. Fields without a column are left out,
  // columns without a field are null. Nothing is added when it fails: DataFormatConversion.ParseError (not
  // JSON), DataFormatConversion. MalformedData (a value that does not fit its column, or null in one that is
  // not nullable).
  virtual std::optional<RecordFailure> Rows(lake::RowColumns* rows) = 0;
};

}  // namespace penstock::stream
