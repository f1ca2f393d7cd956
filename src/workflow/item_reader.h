// The items of a distributed Map: objects of a bucket, or what stands in one of them.
// Source: AWS Step Functions developer guide, "ItemReader (Map)"; RFC 4180 for CSV; Amazon S3 user guide,
// "Amazon S3 Inventory", for manifests.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"

namespace penstock::store {
class ObjectStore;
}

namespace penstock::workflow {

// What lies outside. Functions may be empty: then there is none of it.
struct ItemSources {
  // The bucket of this name. NotFound: there is none. What it answers outlives the engine.
  std::function<Result<store::ObjectStore*>(const std::string& bucket)> bucket;
  // The rows of a Parquet file as objects, at most so many.
  std::function<Result<json::array>(std::string bytes, int64_t max_rows)> parquet_rows;
};

// ItemReader without its arguments and MaxItems.
struct ItemFormat {
  enum class Source { kList, kObject };  // s3:listObjectsV2, s3:getObject
  enum class Type { kCsv, kJson, kJsonl, kParquet, kManifest };
  Source source = Source::kList;
  Type type = Type::kJson;
  bool header_in_first_row = true;  // CSV; otherwise `headers`
  std::vector<std::string> headers;
  char delimiter = ',';
  std::string pointer;  // ItemsPointer, RFC 6901: the array or object within a JSON file
};

// As many items as AWS reads at most.
inline constexpr int64_t kMaxItems = 100'000'000;

// At most `max_items` of them.
//   listing   {"Etag", "Key", "LastModified" (seconds since 1970), "Size", "StorageClass"}
//   CSV       an object a row; all values are strings, absent ones are empty
//   JSON      the elements of an array; of an object {"Key", "Value"} a member
//   JSONL     a value a line
//   MANIFEST  S3 Inventory: the rows of its CSV files (plain or gzip), named by its fileSchema
// A TaskError States.ItemReaderFailed, also for an object above 10 GB or what is not of its type.
Result<json::array> ReadItems(const ItemFormat& format, const json::value& arguments, int64_t max_items,
                              const ItemSources& sources);

// A row a line, RFC 4180. `headers` empty: they are the first row. Empty lines are left out. For ReadItems
// and its fuzz target.
Result<json::array> ReadCsvItems(std::string_view text, std::vector<std::string> headers, char delimiter,
                                 int64_t max_items);

}  // namespace penstock::workflow
