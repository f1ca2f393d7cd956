#include "stream/streams.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

namespace penstock::stream {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSpecFile = "stream.json";

std::string SpecKey(std::string_view name) { return fmt::format("{}/{}", name, kSpecFile); }

Status NoSuchStream(std::string_view name) {
  return MakeError(ErrorCode::kNotFound,
                   fmt::format("Firehose {} under account 000000000000 not found.", name));
}

// Names that AWS would take and that mean something else here.
Status CheckFolderName(std::string_view name) {
  if (!name.starts_with('.') && name != "server.lock") return Status::OK();
  return MakeError(
      ErrorCode::kInvalidData,
      fmt::format("a delivery stream cannot be called '{}' here: its name is that of a folder", name));
}

Result<StreamSpec> ReadSpec(std::string_view bytes, const std::string& where) {
  const auto parse = [&]() -> Result<StreamSpec> {
    ASSIGN_OR_RETURN(const json::value document, ParseJson(bytes));
    if (!document.is_object()) return MakeError(ErrorCode::kInvalidData, "expected an object");
    return StreamSpecFromJson(document.get_object());
  };
  auto spec = parse();
  if (!spec.ok()) {
    return MakeError(
        ErrorCode::kCorrupt, fmt::format("{}: {}", where, spec.status().message()),
        "it was written by another version, or changed by hand; restore it, or move the folder away");
  }
  return spec;
}

// Folders with a specification, ascending.
Result<std::vector<std::string>> StreamFolders(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (fs::exists(at->path() / kSpecFile, ignored)) names.push_back(at->path().filename().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return MakeError(ErrorCode::kIo, fmt::format("cannot list {}: {}", folder, error.message()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

struct Streams::Counters {
  std::atomic<uint64_t> put_requests{0}, records{0}, bytes{0}, throttled_requests{0}, throttled_records{0},
      failed_records{0};
};

struct Streams::Stream {
  mutable std::mutex mutex;
  StreamSpec spec GUARDED_BY(mutex);
  TimePoint created;
  std::unique_ptr<RecordLog> log;
  // Apart, as the log's thread counts: it must not be the last to hold the log.
  std::shared_ptr<Counters> counters = std::make_shared<Counters>();
};

std::string LogFolderOf(const std::string& folder, std::string_view name) {
  return fmt::format("{}/{}/log", folder, name);
}

Result<std::vector<StreamSpec>> ReadStreamSpecs(const std::string& folder) {
  std::vector<StreamSpec> specs;
  ASSIGN_OR_RETURN(const auto names, StreamFolders(folder));
  if (names.empty()) return specs;
  ASSIGN_OR_RETURN(const auto files, store::FolderStore::Open(folder, {.create = false}));
  for (const auto& name : names) {
    const auto object = files->Get(SpecKey(name));
    if (CodeOf(object.status()) == ErrorCode::kNotFound) continue;  // deleted meanwhile
    RETURN_IF_ERROR(object.status());
    ASSIGN_OR_RETURN(specs.emplace_back(), ReadSpec(object->bytes, folder + "/" + SpecKey(name)));
  }
  return specs;
}

Result<std::unique_ptr<Streams>> Streams::Open(const std::string& folder, Clock& clock, Logger log,
                                               const StreamsOptions& options) {
  ASSIGN_OR_RETURN(auto files, store::FolderStore::Open(folder, {.clock = &clock}));
  ASSIGN_OR_RETURN(ServerLock lock, ServerLock::Take(folder));
  std::unique_ptr<Streams> streams(
      new Streams(folder, std::move(lock), std::move(files), clock, std::move(log), options));
  ASSIGN_OR_RETURN(const auto names, StreamFolders(folder));
  for (const auto& name : names) RETURN_IF_ERROR(streams->Load(name));
  return streams;
}

Streams::Streams(std::string folder, ServerLock lock, std::shared_ptr<store::FolderStore> files, Clock& clock,
                 Logger log, const StreamsOptions& options)
    : folder_(std::move(folder)),
      lock_(std::move(lock)),
      files_(std::move(files)),
      clock_(clock),
      log_(std::move(log)),
      options_(options) {}
Streams::~Streams() = default;

Status Streams::Load(const std::string& name) {
  ASSIGN_OR_RETURN(const auto object, files_->Get(SpecKey(name)));
  ASSIGN_OR_RETURN(const StreamSpec spec, ReadSpec(object.bytes, folder_ + "/" + SpecKey(name)));
  ASSIGN_OR_RETURN(auto stream, OpenStream(spec));
  const std::unique_lock lock(mutex_);
  streams_[name] = std::move(stream);
  return Status::OK();
}

Status Streams::Save(const StreamSpec& spec) {
  return files_->Put(SpecKey(spec.name), ToPrettyJson(ToJson(spec))).status();
}

Status Streams::RemoveFiles(const std::string& name) {
  // The specification first: what a kill leaves behind it is no stream any more.
  RETURN_IF_ERROR(files_->Delete(SpecKey(name)));
  std::error_code error;
  fs::remove_all(fmt::format("{}/{}", folder_, name), error);
  if (!error) return Status::OK();
  return MakeError(ErrorCode::kIo, fmt::format("cannot remove {}/{}: {}", folder_, name, error.message()));
}

Result<std::shared_ptr<Streams::Stream>> Streams::OpenStream(const StreamSpec& spec) {
  auto stream = std::make_shared<Stream>();
  stream->spec = spec;
  stream->created = spec.created;
  ASSIGN_OR_RETURN(stream->log, RecordLog::Open(LogFolderOf(folder_, spec.name), options_.log, clock_,
                                                log_.With({"stream", spec.name})));
  return stream;
}

std::shared_ptr<Streams::Stream> Streams::Find(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = streams_.find(name);
  return found == streams_.end() ? nullptr : found->second;
}

StreamInfo Streams::InfoOf(const Stream& stream) const {
  StreamInfo info;
  {
    const std::lock_guard lock(stream.mutex);
    info.spec = stream.spec;
  }
  const Counters& counters = *stream.counters;
  info.counts = {counters.put_requests,       counters.records,           counters.bytes,
                 counters.throttled_requests, counters.throttled_records, counters.failed_records};
  info.log = stream.log->metrics();
  info.first = stream.log->first();
  info.end = stream.log->end();
  info.health = stream.log->health();
  return info;
}

Result<StreamInfo> Streams::Create(StreamSpec spec) {
  RETURN_IF_ERROR(CheckStreamSpec(spec));
  RETURN_IF_ERROR(CheckFolderName(spec.name));
  const std::lock_guard changing(changing_);
  if (Find(spec.name) != nullptr) {
    return MakeError(ErrorCode::kAlreadyExists,
                     fmt::format("Firehose {} under accountId 000000000000 already exists", spec.name));
  }
  if (Names("", options_.most_streams).size() >= options_.most_streams) {
    return MakeError(ErrorCode::kResourceExhausted,
                     fmt::format("there are {} delivery streams already", options_.most_streams));
  }
  spec.version = 1;
  spec.created = spec.updated = clock_.Now();
  // What an interrupted create or delete left would be records of another stream.
  std::error_code error;
  fs::remove_all(fmt::format("{}/{}", folder_, spec.name), error);
  ASSIGN_OR_RETURN(auto stream, OpenStream(spec));
  RETURN_IF_ERROR(Save(spec));
  const StreamInfo info = InfoOf(*stream);
  const std::unique_lock lock(mutex_);
  streams_[spec.name] = std::move(stream);
  return info;
}

Result<StreamInfo> Streams::Ensure(StreamSpec spec) {
  const auto stream = Find(spec.name);
  if (stream == nullptr) return Create(std::move(spec));
  StreamInfo info = InfoOf(*stream);
  spec.version = info.spec.version;
  spec.created = info.spec.created;
  spec.updated = info.spec.updated;
  if (ToJson(spec) == ToJson(info.spec)) return info;
  return Change(spec.name,
                [&](StreamSpec& current) {
                  current = spec;
                  return Status::OK();
                },
                {});
}

Result<StreamInfo> Streams::Describe(std::string_view name) const {
  const auto stream = Find(name);
  if (stream == nullptr) return NoSuchStream(name);
  return InfoOf(*stream);
}

std::vector<StreamInfo> Streams::DescribeAll() const {
  std::vector<std::shared_ptr<Stream>> all;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [name, stream] : streams_) all.push_back(stream);
  }
  std::vector<StreamInfo> infos;
  for (const auto& stream : all) infos.push_back(InfoOf(*stream));
  return infos;
}

std::vector<std::string> Streams::Names(std::string_view after, size_t limit) const {
  std::vector<std::string> names;
  const std::shared_lock lock(mutex_);
  for (auto at = streams_.upper_bound(after); at != streams_.end() && names.size() < limit; ++at) {
    names.push_back(at->first);
  }
  return names;
}

Result<StreamInfo> Streams::Change(std::string_view name, const std::function<Status(StreamSpec&)>& change,
                                   const ChangeOptions& options) {
  const std::lock_guard changing(changing_);
  const auto stream = Find(name);
  if (stream == nullptr) return NoSuchStream(name);
  StreamSpec spec = InfoOf(*stream).spec;
  if (options.if_version && *options.if_version != spec.version) {
    return MakeError(
        ErrorCode::kPreconditionFailed,
        fmt::format("Cannot update firehose: {} since the current version id: {} and specified version "
                    "id: {} do not match",
                    name, spec.version, *options.if_version));
  }
  const StreamSpec before = spec;
  RETURN_IF_ERROR(change(spec));
  spec.name = before.name;
  spec.created = before.created;
  spec.version = before.version + (options.raises_version ? 1 : 0);
  spec.updated = options.raises_version ? clock_.Now() : before.updated;
  RETURN_IF_ERROR(CheckStreamSpec(spec));
  RETURN_IF_ERROR(Save(spec));
  {
    const std::lock_guard lock(stream->mutex);
    stream->spec = std::move(spec);
  }
  return InfoOf(*stream);
}

Status Streams::Delete(std::string_view name) {
  const std::lock_guard changing(changing_);
  std::shared_ptr<Stream> stream;
  {
    const std::unique_lock lock(mutex_);
    const auto found = streams_.find(name);
    if (found == streams_.end()) return NoSuchStream(name);
    stream = std::move(found->second);
    streams_.erase(found);
  }
  return RemoveFiles(std::string(name));
}

void Streams::Put(std::string_view name, RecordGroup group, Take take, PutDone done) {
  const auto stream = Find(name);
  if (stream == nullptr) return done({NoSuchStream(name), 0, 0, {}});
  const size_t asked = group.sizes.size();
  stream->counters->put_requests.fetch_add(1, std::memory_order_relaxed);
  // Of a group that does not fit, what does: AWS refuses records, too, not the batch.
  const size_t waiting = stream->log->metrics().pending_bytes, most = options_.log.pending_bytes;
  size_t room = most - std::min(most, waiting);
  if (waiting > 0 && group.bytes.size() > room) {
    size_t fitting = 0;
    while (take == Take::kWhatFits && fitting < asked && group.sizes[fitting] <= room)
      room -= group.sizes[fitting++];
    group.sizes.resize(fitting);
    group.bytes.resize(std::accumulate(group.sizes.begin(), group.sizes.end(), size_t{0}));
  }
  const size_t taken = group.sizes.size(), bytes = group.bytes.size();
  auto finish = [counters = stream->counters, created = stream->created, asked, taken, bytes,
                 done = std::move(done)](Status status, uint64_t first) {
    PutResult result{std::move(status), 0, first, created};
    const bool throttled = CodeOf(result.status) == ErrorCode::kThrottled || taken < asked;
    if (result.status.ok()) {
      result.accepted = taken;
      counters->records.fetch_add(taken, std::memory_order_relaxed);
      counters->bytes.fetch_add(bytes, std::memory_order_relaxed);
      if (taken < asked) result.status = MakeError(ErrorCode::kThrottled, "Slow down.");
    }
    if (const size_t refused = asked - result.accepted; refused > 0) {
      (throttled ? counters->throttled_records : counters->failed_records)
          .fetch_add(refused, std::memory_order_relaxed);
      if (throttled) counters->throttled_requests.fetch_add(1, std::memory_order_relaxed);
    }
    done(result);
  };
  if (taken == 0) return finish(MakeError(ErrorCode::kThrottled, "Slow down."), 0);
  stream->log->Append(std::move(group), std::move(finish));
}

Status Streams::health() const {
  for (const auto& info : DescribeAll()) {
    if (!info.health.ok()) return WithContext(info.health, info.spec.name);
  }
  return Status::OK();
}

}  // namespace penstock::stream
