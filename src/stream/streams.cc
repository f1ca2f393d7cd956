#include "stream/streams.h"

#include <fmt/format.h>

#include <filesystem>

#include "store/folder_paths.h"
#include "stream/stream_folder.h"

namespace penstock::stream {
namespace {

constexpr std::string_view kDeletingFile = "deleting";
constexpr std::string_view kForce = "force";

Status IsBeingDeleted(std::string_view name) {
  return MakeError(ErrorCode::kConflict,
                   fmt::format("Firehose {} under account 000000000000 is being deleted.", name));
}

// Names that AWS would take and that mean something else here.
Status CheckFolderName(std::string_view name) {
  if (!name.starts_with('.') && name != "server.lock") return Status::OK();
  return MakeError(
      ErrorCode::kInvalidData,
      fmt::format("a delivery stream cannot be called '{}' here: its name is that of a folder", name));
}

}  // namespace

Result<std::unique_ptr<Streams>> Streams::Open(const std::string& folder, Clock& clock, Logger log,
                                               const StreamsOptions& options, const DeliveryPlace& place) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return store::ErrnoStatus(error.value(), "make the folder", folder);
  ASSIGN_OR_RETURN(ServerLock lock, ServerLock::Take(folder));
  std::unique_ptr<Streams> streams(
      new Streams(folder, std::move(lock), clock, std::move(log), options, place));
  ASSIGN_OR_RETURN(const auto names, StreamNames(folder));
  for (const auto& name : names) RETURN_IF_ERROR(streams->Load(name));
  return streams;
}

Streams::Streams(std::string folder, ServerLock lock, Clock& clock, Logger log, const StreamsOptions& options,
                 const DeliveryPlace& place)
    : folder_(std::move(folder)),
      lock_(std::move(lock)),
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
  for (const auto& [name, stream] : streams_) stream->RequestStop();
  for (const auto& [name, stream] : streams_) stream->StopDelivery();
  streams_.clear();
}

Status Streams::Load(const std::string& name) {
  ASSIGN_OR_RETURN(const StreamSpec spec, ReadStreamSpec(folder_, name));
  ASSIGN_OR_RETURN(auto stream, OpenStream(spec));
  ASSIGN_OR_RETURN(const auto deleting,
                   ReadFileOf(fmt::format("{}/{}", StreamFolderOf(folder_, name), kDeletingFile)));
  {
    const std::unique_lock lock(mutex_);
    streams_[name] = stream;
  }
  if (deleting && place_.store == nullptr) {
    // Its records are delivered first, and here is nowhere to: it stays for who can.
    stream->Close();
    stream->SetState(StreamState::kDeleting);
  } else if (deleting) {
    const std::lock_guard changing(changing_);
    StartDeletion(name, std::move(stream), *deleting == kForce);
  } else {
    stream->StartDelivery();
  }
  return Status::OK();
}

Result<std::shared_ptr<ServedStream>> Streams::OpenStream(const StreamSpec& spec) {
  return ServedStream::Open(folder_, spec, options_.log, place_, clock_, log_);
}

std::shared_ptr<ServedStream> Streams::Find(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = streams_.find(name);
  return found == streams_.end() ? nullptr : found->second;
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
  // To the digit that its file keeps: names of objects and of records are made of it.
  spec.created = spec.updated = std::chrono::floor<std::chrono::milliseconds>(clock_.Now());
  // What an interrupted create or delete left would be records of another stream.
  RETURN_IF_ERROR(RemoveStream(folder_, spec.name));
  ASSIGN_OR_RETURN(auto stream, OpenStream(spec));
  RETURN_IF_ERROR(WriteStreamSpec(folder_, spec));
  stream->StartDelivery();
  StreamInfo info = stream->info();
  const std::unique_lock lock(mutex_);
  streams_[spec.name] = std::move(stream);
  return info;
}

Result<StreamInfo> Streams::Ensure(StreamSpec spec) {
  const auto stream = Find(spec.name);
  if (stream == nullptr) return Create(std::move(spec));
  StreamInfo info = stream->info();
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
  return stream->info();
}

std::vector<StreamInfo> Streams::DescribeAll() const {
  std::vector<std::shared_ptr<ServedStream>> all;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [name, stream] : streams_) all.push_back(stream);
  }
  std::vector<StreamInfo> infos;
  for (const auto& stream : all) infos.push_back(stream->info());
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
  if (stream->info().state != StreamState::kActive) return IsBeingDeleted(name);
  StreamSpec spec = stream->spec();
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
  RETURN_IF_ERROR(WriteStreamSpec(folder_, spec));
  if (options.raises_version) stream->StopDelivery();
  stream->SetSpec(std::move(spec));
  if (options.raises_version) stream->StartDelivery();
  return stream->info();
}

Status Streams::Delete(std::string_view name, bool force) {
  const std::lock_guard changing(changing_);
  const auto stream = Find(name);
  if (stream == nullptr) return NoSuchStream(name);
  const std::string key(name);
  if (place_.store == nullptr) return FinishDeletion(key, *stream, true, {});
  if (stream->info().state == StreamState::kDeleting) return IsBeingDeleted(name);
  RETURN_IF_ERROR(ReplaceFile(StreamFolderOf(folder_, name), kDeletingFile, force ? kForce : ""));
  StartDeletion(key, stream, force);
  return Status::OK();
}

void Streams::StartDeletion(const std::string& name, std::shared_ptr<ServedStream> stream, bool force) {
  stream->Close();
  stream->SetState(StreamState::kDeleting);
  deletions_.emplace_back([this, name, stream = std::move(stream), force](std::stop_token stop) {
    const Status status = FinishDeletion(name, *stream, force, stop);
    if (status.ok() || stop.stop_requested()) return;
    log_.Error("stream_not_deleted", {{"stream", name}, {"error", penstock::Describe(status)}});
    stream->SetState(StreamState::kDeletingFailed, penstock::Describe(status));
  });
}

Status Streams::FinishDeletion(const std::string& name, ServedStream& stream, bool force,
                               std::stop_token stop) {
  stream.Close();
  const Status drained = stream.Drain(stop);
  if (!drained.ok()) {
    if (!force || stop.stop_requested()) return drained;
    log_.Error("records_deleted",
               {{"stream", name}, {"why", "deleted by force"}, {"error", penstock::Describe(drained)}});
  }
  RETURN_IF_ERROR(RemoveStream(folder_, name));
  const std::unique_lock lock(mutex_);
  streams_.erase(name);
  return Status::OK();
}

void Streams::Put(std::string_view name, RecordGroup group, Take take, PutDone done) {
  const auto stream = Find(name);
  if (stream == nullptr) return done({NoSuchStream(name), 0, 0, {}});
  stream->Put(std::move(group), take, std::move(done));
}

Status Streams::Flush(std::string_view name, std::stop_token stop) {
  const std::lock_guard changing(changing_);
  const auto stream = Find(name);
  if (stream == nullptr) return NoSuchStream(name);
  if (stream->info().state != StreamState::kActive) return IsBeingDeleted(name);
  const Status flushed = stream->Flush(std::move(stop));
  stream->StartDelivery();
  return flushed;
}

Status Streams::health() const {
  for (const auto& info : DescribeAll()) {
    if (!info.health.ok()) return WithContext(info.health, info.spec.name);
  }
  return Status::OK();
}

}  // namespace penstock::stream
