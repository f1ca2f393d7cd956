#include "stream/live_table.h"

#include <errno.h>
#include <fmt/format.h>
#include <fnmatch.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "store/folder_store.h"
#include "stream/current_objects.h"
#include "stream/delivery_batch.h"
#include "stream/delivery_state.h"
#include "stream/java_time_format.h"
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

// The sequence of the first record of an object of this stream: not of another one, nor of an earlier stream
// of the same name, whose sequences were others.
std::optional<uint64_t> SequenceIn(const StreamSpec& spec, const TimeZone& zone, std::string_view key) {
  constexpr std::string_view kTime = "yyyy-MM-dd-HH-mm-ss";
  static const JavaTimeFormat kFormat = JavaTimeFormat::Parse(kTime).ValueOrDie();
  constexpr size_t kUuid = 36;
  std::string_view name = key.substr(key.rfind('/') + 1);
  if (!name.starts_with(spec.name)) return std::nullopt;
  name.remove_prefix(spec.name.size());
  const size_t digits = name.find_first_not_of("0123456789", 1);  // "-VERSION-"
  if (!name.starts_with('-') || digits == name.npos || digits == 1 || name[digits] != '-')
    return std::nullopt;
  name.remove_prefix(digits + 1);
  if (name.size() < kTime.size() + 1 + kUuid || name[kTime.size()] != '-') return std::nullopt;
  const auto sequence = FirstSequenceOf(name.substr(kTime.size() + 1, kUuid));
  if (sequence && name.substr(0, kTime.size()) < kFormat.Format(spec.created, zone)) return std::nullopt;
  return sequence;
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
      if (IsDue(record)) RETURN_IF_ERROR(Put());
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

  // As the buffering hints would cut it: a backlog of days is not of one day.
  bool IsDue(const Record& next) const {
    return batch_ != nullptr &&
           (batch_->counts().bytes >= static_cast<uint64_t>(spec_.buffering.size_mib) << 20 ||
            next.arrival - batch_->counts().oldest > std::chrono::seconds(spec_.buffering.interval_s));
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
    // In this order: delivered below, listed, and read from there on.
    std::vector<uint64_t> delivered;
    for (const auto& source : sources_) {
      ASSIGN_OR_RETURN(const auto state, ReadDeliveryState(source.folder));
      delivered.push_back(state.delivered);
    }
    LiveTable table;
    ASSIGN_OR_RETURN(const auto listed, store::ListAll(store_, options_.prefix));
    for (const auto& object : listed) {
      if (!IsOfTable(options_, object.key)) continue;
      bool counts = true;
      for (size_t i = 0; counts && i < sources_.size(); ++i) {
        ASSIGN_OR_RETURN(const auto zone, TimeZone::Find(sources_[i].spec.timezone));
        const auto sequence = SequenceIn(sources_[i].spec, zone, object.key);
        counts = !sequence || *sequence < delivered[i];
      }
      if (counts) table.keys.push_back(object.key);
    }
    table.keys = CurrentObjects(std::move(table.keys));
    for (size_t i = 0; options_.waiting && i < sources_.size(); ++i)
      RETURN_IF_ERROR(AddWaiting(sources_[i], delivered[i]));
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
  Status AddWaiting(const LiveSource& source, uint64_t from) {
    auto opened = LogReader::OpenAt(source.folder + "/log", from);
    if (CodeOf(opened.status()) == ErrorCode::kNotFound) return Status::OK();  // deleted, or never put into
    ASSIGN_OR_RETURN(const auto reader, std::move(opened));
    ASSIGN_OR_RETURN(const uint64_t end, reader->End());
    std::unique_ptr<LiveDelivery> delivery;
    size_t left_out = 0;
    for (;;) {
      if (stop_.stop_requested()) return MakeError(ErrorCode::kCancelled, "the query was stopped");
      ASSIGN_OR_RETURN(const auto records, reader->Next(kReadBytes, end));
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
    ASSIGN_OR_RETURN(auto json, JsonRows::Make(columns, spec.partition_keys));
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
