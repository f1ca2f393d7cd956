#include "stream/live_table.h"

#include <errno.h>
#include <fmt/format.h>
#include <fnmatch.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "store/folder_store.h"
#include "stream/current_objects.h"
#include "stream/delivery_batch.h"
#include "stream/delivery_state.h"
#include "stream/log_reader.h"
#include "stream/object_name.h"
#include "stream/transform.h"

namespace penstock::stream {
namespace {

constexpr size_t kReadBytes = 1 << 20;
constexpr int kMostTries = 10;

// Removed with all that is in it.
class OwnFolder {
 public:
  static Result<std::shared_ptr<OwnFolder>> Make(std::string parent) {
    if (parent.empty()) {
      const char* temporary = ::getenv("TMPDIR");
      parent = temporary == nullptr || *temporary == '\0' ? "/tmp" : temporary;
    }
    std::string path = parent + "/penstock-live-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return store::ErrnoStatus(errno, "make a folder in", parent);
    return std::make_shared<OwnFolder>(std::filesystem::absolute(path).string());
  }
  explicit OwnFolder(std::string path) : path_(std::move(path)) {}
  ~OwnFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  OwnFolder(const OwnFolder&) = delete;
  OwnFolder& operator=(const OwnFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

bool IsOfTable(const LiveTableOptions& options, std::string_view key) {
  return key.starts_with(options.prefix) &&
         ::fnmatch(options.pattern.c_str(), std::string(key.substr(options.prefix.size())).c_str(),
                   FNM_PATHNAME | FNM_NOESCAPE) == 0;
}

// What waits in one stream's log, delivered into a folder of its own.
class LiveDelivery {
 public:
  LiveDelivery(const StreamSpec& spec, StreamPrefixes prefixes, std::unique_ptr<JsonRows> json,
               std::shared_ptr<arrow::Schema> schema, std::unique_ptr<Transform> transform,
               store::ObjectStore& store, const Clock& clock)
      : spec_(spec),
        prefixes_(std::move(prefixes)),
        json_(std::move(json)),
        schema_(std::move(schema)),
        transform_(std::move(transform)),
        store_(store),
        clock_(clock) {}

  Status Add(std::span<const Record> records, std::stop_token stop) {
    std::vector<Transformed> transformed;
    if (transform_ != nullptr) {
      std::vector<TransformRecord> in;
      for (const Record& record : records)
        in.push_back({fmt::format("{}", record.sequence), record.data, record.arrival});
      ASSIGN_OR_RETURN(transformed, transform_->Apply(in, stop));
    }
    for (size_t i = 0; i < records.size(); ++i) {
      const Record& record = records[i];
      // A backlog of days is not of one day.
      if (batch_ != nullptr && batch_->IsCutBefore(record)) RETURN_IF_ERROR(Put());
      if (batch_ == nullptr)
        batch_ = std::make_unique<DeliveryBatch>(spec_, prefixes_, *json_, schema_, store_, clock_);
      batch_->Count(record);
      if (transform_ == nullptr) {
        RETURN_IF_ERROR(batch_->Add(record, record.data, {}));
      } else if (transformed[i].result == Transformed::Result::kOk) {
        RETURN_IF_ERROR(batch_->Add(record, transformed[i].data, transformed[i].partition_keys));
      }
    }
    return Status::OK();
  }

  Status Put() {
    if (batch_ == nullptr) return Status::OK();
    RETURN_IF_ERROR(batch_->Close());
    RETURN_IF_ERROR(batch_->Put());
    batch_.reset();
    return Status::OK();
  }

 private:
  const StreamSpec& spec_;
  const StreamPrefixes prefixes_;
  const std::unique_ptr<JsonRows> json_;
  const std::shared_ptr<arrow::Schema> schema_;
  const std::unique_ptr<Transform> transform_;
  store::ObjectStore& store_;
  const Clock& clock_;
  std::unique_ptr<DeliveryBatch> batch_;
};

class Snapshot {
 public:
  Snapshot(std::span<const LiveSource> sources, store::ObjectStore& store, const LiveTableOptions& options,
           Clock& clock, Random& random, const Logger& logger, std::stop_token stop)
      : sources_(sources),
        store_(store),
        options_(options),
        clock_(clock),
        random_(random),
        logger_(logger),
        stop_(std::move(stop)) {}

  // NotFound: what was to be read was delivered meanwhile, and is gone from the log.
  Result<LiveTable> Take() {
    // In this order: what waits is in the log for as long as it is not delivered, and what is delivered is
    // listed however long a listing takes.
    std::map<std::string, uint64_t, std::less<>> delivered;  // by StreamIdOf
    for (const auto& source : sources_) {
      ASSIGN_OR_RETURN(const auto state, ReadDeliveryState(source.folder));
      auto reader = LogReader::OpenAt(source.folder + "/log", state.delivered);
      // Deleted meanwhile: all that it had is delivered.
      if (CodeOf(reader.status()) == ErrorCode::kNotFound) continue;
      RETURN_IF_ERROR(reader.status());
      delivered[StreamIdOf(source.spec)] = state.delivered;
      if (options_.waiting) RETURN_IF_ERROR(AddWaiting(source, **reader));
    }
    LiveTable table;
    ASSIGN_OR_RETURN(const auto listed, store::ListAll(store_, options_.prefix));
    for (const auto& object : listed) {
      if (!IsOfTable(options_, object.key)) continue;
      const auto parsed = ParseObjectName(object.key);
      const auto stream = delivered.find(parsed ? parsed->stream_id : std::string_view());
      if (stream == delivered.end() || parsed->first_sequence < stream->second)
        table.keys.push_back(object.key);
    }
    table.keys = CurrentObjects(std::move(table.keys));
    if (own_ == nullptr) return table;
    ASSIGN_OR_RETURN(const auto live, store::ListAll(*live_, options_.prefix));
    for (const auto& object : live) {
      if (IsOfTable(options_, object.key)) table.files.push_back(own_->path() + "/" + object.key);
    }
    table.folder = own_->path() + "/";
    table.hold = own_;
    return table;
  }

 private:
  Status AddWaiting(const LiveSource& source, LogReader& reader) {
    ASSIGN_OR_RETURN(const uint64_t end, reader.End());
    std::unique_ptr<LiveDelivery> delivery;
    size_t left_out = 0;
    for (;;) {
      if (stop_.stop_requested()) return MakeError(ErrorCode::kCancelled, "the query was stopped");
      ASSIGN_OR_RETURN(const auto records, reader.Next(kReadBytes, end));
      if (records.empty()) break;
      if (source.spec.transform.handler) {
        left_out += records.size();
        continue;
      }
      if (delivery == nullptr) {
        ASSIGN_OR_RETURN(delivery, Open(source.spec));
      }
      RETURN_IF_ERROR(delivery->Add(records, stop_));
    }
    if (left_out > 0) {
      logger_.Warning("waiting_records_not_seen",
                      {{"stream", source.spec.name},
                       {"records", left_out},
                       {"why", "they wait for the stream's handler, and a query runs no programs"}});
    }
    return delivery == nullptr ? Status::OK() : delivery->Put();
  }

  Result<std::unique_ptr<LiveDelivery>> Open(const StreamSpec& spec) {
    if (own_ == nullptr) {
      ASSIGN_OR_RETURN(own_, OwnFolder::Make(options_.temporary_folder));
      ASSIGN_OR_RETURN(live_, store::FolderStore::Open(own_->path(), {.fsync = false}));
    }
    ASSIGN_OR_RETURN(auto prefixes, PrefixesOf(spec));
    const auto columns = spec.parquet ? spec.parquet->columns : std::vector<lake::CatalogColumn>();
    ASSIGN_OR_RETURN(auto schema, SchemaOf(columns));
    ASSIGN_OR_RETURN(auto json, JsonRows::Make(columns, spec.partition_keys,
                                               spec.parquet ? spec.parquet->input : JsonInput()));
    ASSIGN_OR_RETURN(auto transform, MakeTransform(spec, {}, clock_, random_, logger_));
    return std::make_unique<LiveDelivery>(spec, std::move(prefixes), std::move(json), std::move(schema),
                                          std::move(transform), *live_, clock_);
  }

  const std::span<const LiveSource> sources_;
  store::ObjectStore& store_;
  const LiveTableOptions& options_;
  Clock& clock_;
  Random& random_;
  const Logger& logger_;
  const std::stop_token stop_;
  std::shared_ptr<OwnFolder> own_;  // made for the first record
  std::shared_ptr<store::FolderStore> live_;
};

}  // namespace

Result<LiveTable> TakeLiveTable(std::span<const LiveSource> sources, store::ObjectStore& store,
                                const LiveTableOptions& options, Clock& clock, Random& random,
                                const Logger& logger, std::stop_token stop) {
  for (int attempt = 1;; ++attempt) {
    auto table = Snapshot(sources, store, options, clock, random, logger, stop).Take();
    if (table.ok() || CodeOf(table.status()) != ErrorCode::kNotFound || attempt == kMostTries) return table;
  }
}

}  // namespace penstock::stream
