#include "workflow/item_reader.h"

#include <fmt/format.h>
#include <zlib.h>

#include <utility>

#include "base/json_text.h"
#include "base/utf8.h"
#include "store/object_store.h"
#include "workflow/task.h"

namespace penstock::workflow {
namespace {

constexpr int64_t kMaxObjectBytes = 10'000'000'000;

Status ReaderFailed(std::string cause) { return MakeTaskError("States.ItemReaderFailed", std::move(cause)); }

// What S3's SDK says, as the recordings have it.
Status StoreFailed(const Status& status) {
  if (CodeOf(status) == ErrorCode::kNotFound) {
    return ReaderFailed(
        "The specified key does not exist. (Service: Amazon S3; Status Code: 404; Error Code: NoSuchKey)");
  }
  return ReaderFailed(Describe(status));
}

Result<store::ObjectStore*> BucketOf(const json::value& arguments, const ItemSources& sources) {
  const auto name = GetString(arguments, "Bucket");
  if (!name.ok()) return ReaderFailed("ItemReader: " + name.status().message());
  if (!sources.bucket) return ReaderFailed("The specified bucket does not exist: " + *name);
  auto bucket = sources.bucket(*name);
  if (!bucket.ok()) return ReaderFailed("The specified bucket does not exist: " + *name);
  return bucket;
}

Result<json::array> List(store::ObjectStore& bucket, const json::value& arguments, int64_t max_items) {
  const auto prefix = GetStringOr(arguments, "Prefix", "");
  if (!prefix.ok()) return ReaderFailed("ItemReader: " + prefix.status().message());
  json::array items;
  store::ListOptions options;
  while (static_cast<int64_t>(items.size()) < max_items) {
    const auto page = bucket.List(*prefix, options);
    if (!page.ok()) return StoreFailed(page.status());
    for (const auto& object : page->objects) {
      if (static_cast<int64_t>(items.size()) >= max_items) break;
      const auto seconds =
          std::chrono::duration_cast<std::chrono::seconds>(object.modified.time_since_epoch());
      items.push_back(json::object{{"Etag", fmt::format("\"{}\"", object.etag)},
                                   {"Key", object.key},
                                   {"LastModified", seconds.count()},
                                   {"Size", object.size},
                                   {"StorageClass", "STANDARD"}});
    }
    if (page->next.empty()) break;
    options.start_after = page->next;
  }
  return items;
}

Result<std::string> Fetch(store::ObjectStore& bucket, const std::string& key) {
  const auto head = bucket.Head(key);
  if (!head.ok()) return StoreFailed(head.status());
  if (head->size > kMaxObjectBytes) return ReaderFailed("The object is larger than 10 GB: " + key);
  auto object = bucket.Get(key);
  if (!object.ok()) return StoreFailed(object.status());
  return std::move(object->bytes);
}

Result<std::string> Gunzip(const std::string& bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) return ReaderFailed("cannot begin to unpack");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out, chunk(1 << 16, '\0');
  int code = Z_OK;
  while (code == Z_OK && static_cast<int64_t>(out.size()) < kMaxObjectBytes) {
    stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_out = static_cast<uInt>(chunk.size());
    code = inflate(&stream, Z_NO_FLUSH);
    out.append(chunk, 0, chunk.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (code != Z_STREAM_END) return ReaderFailed("a file of the manifest is not gzip");
  return out;
}

Result<json::array> FromJson(std::string_view text, const std::string& pointer, int64_t max_items) {
  auto parsed = ParseJson(text);
  if (!parsed.ok()) return ReaderFailed("The JSON file cannot be read: " + parsed.status().message());
  json::value* found = &*parsed;
  if (!pointer.empty()) {
    boost::system::error_code error;
    found = parsed->find_pointer(pointer, error);
    if (found == nullptr) return ReaderFailed("The ItemsPointer leads nowhere: " + pointer);
  }
  json::array items;
  if (auto* array = found->if_array()) {
    items = std::move(*array);
  } else if (auto* object = found->if_object()) {
    for (auto& member : *object) {
      items.push_back(json::object{{"Key", member.key()}, {"Value", std::move(member.value())}});
    }
  } else {
    return ReaderFailed("Attempting to map over non-iterable node.");
  }
  if (static_cast<int64_t>(items.size()) > max_items) items.resize(static_cast<size_t>(max_items));
  return items;
}

Result<json::array> FromJsonLines(std::string_view text, int64_t max_items) {
  json::array items;
  for (size_t begin = 0, line = 1; begin < text.size() && static_cast<int64_t>(items.size()) < max_items;
       ++line) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view one = text.substr(begin, end - begin);
    begin = end + 1;
    if (one.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    auto value = ParseJson(one);
    if (!value.ok())
      return ReaderFailed(fmt::format("line {} is not JSON: {}", line, value.status().message()));
    items.push_back(*std::move(value));
  }
  return items;
}

// S3 Inventory, manifest.json: {"fileFormat": "CSV", "fileSchema": "Bucket, Key, Size", "files": [{"key"}]}.
Result<json::array> FromManifest(store::ObjectStore& bucket, std::string_view text, int64_t max_items) {
  const auto manifest = ParseJson(text);
  if (!manifest.ok()) return ReaderFailed("The manifest cannot be read: " + manifest.status().message());
  const auto* object = manifest->if_object();
  const auto* files = object == nullptr ? nullptr : object->if_contains("files");
  const auto format = GetStringOr(*manifest, "fileFormat", "CSV");
  const auto schema = GetString(*manifest, "fileSchema");
  if (!format.ok() || *format != "CSV") return ReaderFailed("The manifest's fileFormat must be CSV.");
  if (!schema.ok() || files == nullptr || !files->is_array()) {
    return ReaderFailed("The manifest needs fileSchema and files.");
  }
  std::vector<std::string> headers;
  for (size_t begin = 0; begin <= schema->size();) {
    const size_t end = std::min(schema->find(',', begin), schema->size());
    const size_t first = std::min(schema->find_first_not_of(' ', begin), end);
    headers.push_back(schema->substr(first, end - first));
    begin = end + 1;
  }
  json::array items;
  for (const auto& file : files->get_array()) {
    if (static_cast<int64_t>(items.size()) >= max_items) break;
    const auto key = GetString(file, "key");
    if (!key.ok()) return ReaderFailed("A file of the manifest has no key.");
    ASSIGN_OR_RETURN(std::string bytes, Fetch(bucket, *key));
    if (bytes.substr(0, 2) == "\x1f\x8b") {
      ASSIGN_OR_RETURN(bytes, Gunzip(bytes));
    }
    ASSIGN_OR_RETURN(json::array rows,
                     ReadCsvItems(bytes, headers, ',', max_items - static_cast<int64_t>(items.size())));
    for (auto& row : rows) items.push_back(std::move(row));
  }
  return items;
}

}  // namespace

Result<json::array> ReadItems(const ItemFormat& format, const json::value& arguments, int64_t max_items,
                              const ItemSources& sources) {
  ASSIGN_OR_RETURN(store::ObjectStore * bucket, BucketOf(arguments, sources));
  if (format.source == ItemFormat::Source::kList) return List(*bucket, arguments, max_items);
  const auto key = GetString(arguments, "Key");
  if (!key.ok()) return ReaderFailed("ItemReader: " + key.status().message());
  if (format.type == ItemFormat::Type::kParquet && !sources.parquet_rows) {
    return ReaderFailed("Parquet files cannot be read here: " + *key);
  }
  ASSIGN_OR_RETURN(std::string bytes, Fetch(*bucket, *key));
  if (format.type == ItemFormat::Type::kParquet) {
    auto rows = sources.parquet_rows(std::move(bytes), max_items);
    return rows.ok() ? std::move(rows) : ReaderFailed(Describe(rows.status()));
  }
  if (!IsUtf8(bytes)) return ReaderFailed("The file is not UTF-8: " + *key);
  switch (format.type) {
    case ItemFormat::Type::kCsv:
      return ReadCsvItems(bytes, format.header_in_first_row ? std::vector<std::string>() : format.headers,
                          format.delimiter, max_items);
    case ItemFormat::Type::kJsonl: return FromJsonLines(bytes, max_items);
    case ItemFormat::Type::kManifest: return FromManifest(*bucket, bytes, max_items);
    case ItemFormat::Type::kJson:
    case ItemFormat::Type::kParquet: break;
  }
  return FromJson(bytes, format.pointer, max_items);
}

}  // namespace penstock::workflow
