#include "stream/streams.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "stream/delivery_state.h"
#include "stream/log_reader.h"

namespace penstock::stream {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSpecFile = "stream.json";

constexpr const char* kDeletingFile = "deleting";

std::string DeletingKey(std::string_view name) { return fmt::format("{}/{}", name, kDeletingFile); }
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
  std::atomic<int64_t> under_way{0};  // puts
};

struct Streams::Stream {
  mutable std::mutex mutex;
  StreamSpec spec GUARDED_BY(mutex);
  StreamState state GUARDED_BY(mutex) = StreamState::kActive;
  std::string deleting_error GUARDED_BY(mutex);
  TimePoint created;
  std::atomic<bool> taking{true};  // records; false: puts that are under way are the last ones
  std::unique_ptr<RecordLog> log;
  // Apart, as the log's thread counts: it must not be the last to hold the log.
  std::shared_ptr<Counters> counters = std::make_shared<Counters>();
  std::mutex worker_mutex;                                        // taken before mutex
  std::unique_ptr<StreamWorker> worker GUARDED_BY(worker_mutex);  // nullptr: nothing is delivered

  // Not under worker_mutex: the thread that ends may be waited for by one that wakes it.
  std::unique_ptr<StreamWorker> TakeWorker() {
    const std::lock_guard lock(worker_mutex);
    return std::move(worker);
  }
  void StopDelivery() { TakeWorker().reset(); }
  ~Stream() {
    StopDelivery();
    log.reset();  // while what its threads wake is there
  }
  void Wake() {
    const std::lock_guard lock(worker_mutex);
    if (worker != nullptr) worker->Wake();
  }
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

Result<WaitingRecords> ReadWaiting(const std::string& folder, std::string_view name) {
  WaitingRecords waiting;
  ASSIGN_OR_RETURN(const auto state, ReadDeliveryState(fmt::format("{}/{}", folder, name)));
  auto reader = LogReader::Open(LogFolderOf(folder, name), state.delivered);
  if (CodeOf(reader.status()) == ErrorCode::kNotFound) return waiting;
  RETURN_IF_ERROR(reader.status());
  while (true) {
    ASSIGN_OR_RETURN(const auto records, (*reader)->Next(1 << 20));
    if (records.empty()) return waiting;
    if (!waiting.oldest) waiting.oldest = records.front().arrival;
    waiting.records += records.size();
    for (const auto& record : records) waiting.bytes += record.data.size();
  }
}

Result<std::unique_ptr<Streams>> Streams::Open(const std::string& folder, Clock& clock, Logger log,
                                               const StreamsOptions& options, const DeliveryPlace& place) {
  ASSIGN_OR_RETURN(auto files, store::FolderStore::Open(folder, {.clock = &clock}));
  ASSIGN_OR_RETURN(ServerLock lock, ServerLock::Take(folder));
  std::unique_ptr<Streams> streams(
      new Streams(folder, std::move(lock), std::move(files), clock, std::move(log), options, place));
  ASSIGN_OR_RETURN(const auto names, StreamFolders(folder));
  for (const auto& name : names) RETURN_IF_ERROR(streams->Load(name));
  return streams;
}

Streams::Streams(std::string folder, ServerLock lock, std::shared_ptr<store::FolderStore> files, Clock& clock,
                 Logger log, const StreamsOptions& options, const DeliveryPlace& place)
    : folder_(std::move(folder)),
      lock_(std::move(lock)),
      files_(std::move(files)),
      clock_(clock),
      log_(std::move(log)),
      options_(options),
      place_(place) {}

Streams::~Streams() {
  {
    const std::lock_guard changing(changing_);
    deletions_.clear();
  }
  // All at once, then one after the other.
  const std::unique_lock lock(mutex_);
  for (const auto& [name, stream] : streams_) {
    const std::lock_guard worker_lock(stream->worker_mutex);
    if (stream->worker != nullptr) stream->worker->RequestStop();
  }
  for (const auto& [name, stream] : streams_) stream->StopDelivery();
  streams_.clear();
}

Status Streams::Load(const std::string& name) {
  ASSIGN_OR_RETURN(const auto object, files_->Get(SpecKey(name)));
  ASSIGN_OR_RETURN(const StreamSpec spec, ReadSpec(object.bytes, folder_ + "/" + SpecKey(name)));
  ASSIGN_OR_RETURN(auto stream, OpenStream(spec));
  const auto deleting = files_->Get(DeletingKey(name));
  if (CodeOf(deleting.status()) != ErrorCode::kNotFound) RETURN_IF_ERROR(deleting.status());
  {
    const std::unique_lock lock(mutex_);
    streams_[name] = stream;
  }
  if (deleting.ok() && place_.store == nullptr) {
    // Its records are delivered first, and here is nowhere to: it stays for who can.
    stream->taking = false;
    const std::lock_guard lock(stream->mutex);
    stream->state = StreamState::kDeleting;
  } else if (deleting.ok()) {
    const std::lock_guard changing(changing_);
    StartDeletion(name, stream, deleting->bytes == "force");
  } else {
    StartDelivery(*stream);
  }
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
  LogOptions options = options_.log;
  ASSIGN_OR_RETURN(const DeliveryState state, ReadDeliveryState(fmt::format("{}/{}", folder_, spec.name)));
  options.at_least = std::max(options.at_least, state.at_least());
  ASSIGN_OR_RETURN(stream->log, RecordLog::Open(LogFolderOf(folder_, spec.name), options, clock_,
                                                log_.With({"stream", spec.name})));
  stream->log->OnAppend([waking = stream.get()] { waking->Wake(); });
  return stream;
}

void Streams::StartDelivery(Stream& stream) {
  if (place_.store == nullptr) return;
  StreamSpec spec = InfoOf(stream).spec;
  const std::lock_guard lock(stream.worker_mutex);
  stream.worker = std::make_unique<StreamWorker>(spec, fmt::format("{}/{}", folder_, spec.name), *stream.log,
                                                 place_, clock_, log_.With({"stream", spec.name}));
}

std::shared_ptr<Streams::Stream> Streams::Find(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = streams_.find(name);
  return found == streams_.end() ? nullptr : found->second;
}

StreamInfo Streams::InfoOf(Stream& stream) const {
  StreamInfo info;
  {
    const std::lock_guard worker_lock(stream.worker_mutex);
    if (stream.worker != nullptr) {
      info.delivery = stream.worker->metrics();
      info.delivery_error = stream.worker->error();
    }
  }
  {
    const std::lock_guard lock(stream.mutex);
    info.spec = stream.spec;
    info.state = stream.state;
    info.deleting_error = stream.deleting_error;
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
  StartDelivery(*stream);
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
  const StreamInfo info = InfoOf(*stream);
  if (info.state != StreamState::kActive) {
    return MakeError(ErrorCode::kConflict,
                     fmt::format("Firehose {} under account 000000000000 is being deleted.", name));
  }
  StreamSpec spec = info.spec;
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
  if (options.raises_version) stream->StopDelivery();
  {
    const std::lock_guard lock(stream->mutex);
    stream->spec = std::move(spec);
  }
  if (options.raises_version) StartDelivery(*stream);
  return InfoOf(*stream);
}

Status Streams::Delete(std::string_view name, bool force) {
  const std::lock_guard changing(changing_);
  const auto stream = Find(name);
  if (stream == nullptr) return NoSuchStream(name);
  const std::string key(name);
  if (place_.store == nullptr) return FinishDeletion(key, *stream, true, {});
  if (InfoOf(*stream).state == StreamState::kDeleting) {
    return MakeError(ErrorCode::kConflict,
                     fmt::format("Firehose {} under account 000000000000 is being deleted.", name));
  }
  RETURN_IF_ERROR(files_->Put(DeletingKey(name), force ? "force" : "").status());
  StartDeletion(key, stream, force);
  return Status::OK();
}

void Streams::StartDeletion(const std::string& name, std::shared_ptr<Stream> stream, bool force) {
  stream->taking = false;
  {
    const std::lock_guard lock(stream->mutex);
    stream->state = StreamState::kDeleting;
    stream->deleting_error.clear();
  }
  deletions_.emplace_back([this, name, stream = std::move(stream), force](std::stop_token stop) {
    const Status status = FinishDeletion(name, *stream, force, stop);
    if (status.ok() || stop.stop_requested()) return;
    log_.Error("stream_not_deleted", {{"stream", name}, {"error", penstock::Describe(status)}});
    const std::lock_guard lock(stream->mutex);
    stream->state = StreamState::kDeletingFailed;
    stream->deleting_error = penstock::Describe(status);
  });
}

Status Streams::FinishDeletion(const std::string& name, Stream& stream, bool force, std::stop_token stop) {
  stream.taking = false;
  if (place_.store != nullptr) {
    // One that was stopped, or never begun since the deletion did: it is the same records.
    if (auto running = stream.TakeWorker()) running->RequestStop();
    StreamWorker worker(InfoOf(stream).spec, fmt::format("{}/{}", folder_, name), *stream.log, place_, clock_,
                        log_.With({"stream", name}));
    while (stream.counters->under_way > 0 && clock_.SleepFor(std::chrono::milliseconds(10), stop)) {
    }
    const Status flushed = worker.Flush(stop);
    if (!flushed.ok() && (!force || stop.stop_requested())) return flushed;
    if (!flushed.ok()) {
      log_.Error("records_deleted",
                 {{"stream", name}, {"why", "deleted by force"}, {"error", penstock::Describe(flushed)}});
    }
  }
  RETURN_IF_ERROR(RemoveFiles(name));
  const std::unique_lock lock(mutex_);
  streams_.erase(name);
  return Status::OK();
}

void Streams::Put(std::string_view name, RecordGroup group, Take take, PutDone done) {
  const auto stream = Find(name);
  if (stream == nullptr) return done({NoSuchStream(name), 0, 0, {}});
  // Before it is looked whether records are taken: a deletion waits for those that saw they are.
  stream->counters->under_way.fetch_add(1);
  if (!stream->taking) {
    stream->counters->under_way.fetch_sub(1);
    return done({NoSuchStream(name), 0, 0, {}});
  }
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
    counters->under_way.fetch_sub(1);
    done(result);
  };
  if (taken == 0) return finish(MakeError(ErrorCode::kThrottled, "Slow down."), 0);
  stream->log->Append(std::move(group), std::move(finish));
}

Status Streams::Flush(std::string_view name, std::stop_token stop) {
  const std::lock_guard changing(changing_);
  const auto stream = Find(name);
  if (stream == nullptr) return NoSuchStream(name);
  auto worker = stream->TakeWorker();
  if (worker == nullptr) return Status::OK();
  const Status flushed = worker->Flush(std::move(stop));
  worker.reset();
  StartDelivery(*stream);
  return flushed;
}

Status Streams::health() const {
  for (const auto& info : DescribeAll()) {
    if (!info.health.ok()) return WithContext(info.health, info.spec.name);
  }
  return Status::OK();
}

}  // namespace penstock::stream
