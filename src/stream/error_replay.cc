#include "stream/error_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <future>

#include "base/fault.h"
#include "base/json.h"
#include "stream/error_record.h"
#include "stream/log_reader.h"
#include "stream/object_name.h"
#include "stream/stream_folder.h"

namespace penstock::stream {
namespace {

constexpr std::string_view kRequest = "replay-request.json";
constexpr std::string_view kState = "replay.json";
constexpr size_t kGroupBytes = 1 << 20;

std::string PathOf(const std::string& folder, std::string_view name) {
  return fmt::format("{}/{}", folder, name);
}

// Nothing: no such file.
Result<std::optional<json::object>> ReadDocument(const std::string& path) {
  ASSIGN_OR_RETURN(const auto text, ReadFileOf(path));
  if (!text) return std::nullopt;
  auto document = ParseJson(*text);
  if (!document.ok() || !document->is_object()) {
    return MakeError(ErrorCode::kCorrupt, fmt::format("{}: not a JSON object", path),
                     "remove it, and ask for the replay again");
  }
  return std::move(document->get_object());
}

std::vector<std::string> KeysIn(const json::object& document) {
  std::vector<std::string> keys;
  const auto* list = document.if_contains("keys");
  if (list == nullptr || !list->is_array()) return keys;
  for (const auto& key : list->get_array()) {
    if (key.is_string()) keys.emplace_back(std::string(key.get_string()));
  }
  return keys;
}

json::array JsonOf(const std::vector<std::string>& keys) {
  json::array list;
  for (const auto& key : keys) list.emplace_back(key);
  return list;
}

}  // namespace

Result<std::vector<store::ObjectInfo>> ListErrorObjects(store::ObjectStore& store, const StreamSpec& spec,
                                                        const StreamPrefixes& prefixes) {
  std::string begin;
  for (const auto& part : prefixes.error_prefix.parts()) {
    if (part.kind != PrefixExpression::Kind::kText) break;
    begin += part.text;
  }
  const std::string id = StreamIdOf(spec);
  std::vector<store::ObjectInfo> objects;
  ASSIGN_OR_RETURN(const auto all, store::ListAll(store, begin));
  for (const auto& object : all) {
    // Errors have no extension, and every error prefix says their type.
    const auto parsed = ParseObjectName(object.key);
    if (!parsed || !parsed->extension.empty()) continue;
    const bool typed = object.key.find(kProcessingFailed) != object.key.npos ||
                       object.key.find(kConversionFailed) != object.key.npos;
    if (typed && (parsed->stream_id == id || parsed->stream == spec.name)) objects.push_back(object);
  }
  std::sort(objects.begin(), objects.end(),
            [](const auto& a, const auto& b) { return *FirstSequenceOf(a.key) < *FirstSequenceOf(b.key); });
  return objects;
}

Status RequestReplay(const std::string& stream_folder, const std::vector<std::string>& keys) {
  ASSIGN_OR_RETURN(const auto before, ReadDocument(PathOf(stream_folder, kRequest)));
  if (before) {
    return MakeError(ErrorCode::kConflict, "a replay that was asked for earlier has not begun",
                     "it begins when the stream is served: start `penstock serve`");
  }
  return ReplaceFile(stream_folder, kRequest, penstock::ToJson(json::object{{"keys", JsonOf(keys)}}) + "\n");
}

Result<bool> IsReplayPending(const std::string& stream_folder) {
  for (const auto name : {kRequest, kState}) {
    ASSIGN_OR_RETURN(const auto document, ReadDocument(PathOf(stream_folder, name)));
    if (document) return true;
  }
  return false;
}

Status ErrorReplay::Load() {
  keys_.clear();
  current_.reset();
  ASSIGN_OR_RETURN(const auto document, ReadDocument(PathOf(stream_folder_, kState)));
  loaded_ = true;
  if (!document) return Status::OK();
  keys_ = KeysIn(*document);
  const auto* current = document->if_contains("current");
  if (current == nullptr) return Status::OK();
  Current out;
  ASSIGN_OR_RETURN(out.key, GetString(*current, "key"));
  ASSIGN_OR_RETURN(out.etag, GetString(*current, "etag"));
  ASSIGN_OR_RETURN(const int64_t done, GetInt(*current, "done"));
  ASSIGN_OR_RETURN(const int64_t from, GetInt(*current, "from"));
  ASSIGN_OR_RETURN(const int64_t count, GetInt(*current, "count"));
  ASSIGN_OR_RETURN(const int64_t arrival, GetInt(*current, "arrival"));
  out.arrival = TimePoint(Duration(arrival));
  out.done = static_cast<uint64_t>(done);
  out.from = static_cast<uint64_t>(from);
  out.count = static_cast<uint64_t>(count);
  current_ = std::move(out);
  return Status::OK();
}

Status ErrorReplay::Save() {
  if (keys_.empty() && !current_) return RemoveFile(stream_folder_, kState);
  json::object document{{"keys", JsonOf(keys_)}};
  if (current_) {
    document["current"] =
        json::object{{"key", current_->key},     {"etag", current_->etag},
                     {"done", current_->done},   {"from", current_->from},
                     {"count", current_->count}, {"arrival", current_->arrival.time_since_epoch().count()}};
  }
  return ReplaceFile(stream_folder_, kState, penstock::ToJson(document) + "\n");
}

Status ErrorReplay::TakeRequest() {
  ASSIGN_OR_RETURN(const auto request, ReadDocument(PathOf(stream_folder_, kRequest)));
  if (!request) return Status::OK();
  for (const auto& key : KeysIn(*request)) {
    if (std::find(keys_.begin(), keys_.end(), key) == keys_.end()) keys_.push_back(key);
  }
  RETURN_IF_ERROR(Save());
  return RemoveFile(stream_folder_, kRequest);
}

Status ErrorReplay::Work(std::stop_token stop) {
  const auto work = [&]() -> Status {
    if (!loaded_) RETURN_IF_ERROR(Load());
    RETURN_IF_ERROR(TakeRequest());
    while (!keys_.empty()) {
      RETURN_IF_ERROR(Replay(keys_.front(), stop));
      keys_.erase(keys_.begin());
      current_.reset();
      RETURN_IF_ERROR(Save());
    }
    return Status::OK();
  };
  const Status status = work();
  if (!status.ok()) {
    loaded_ = false;  // what is on the disk counts; until then nothing is cut off that could be in doubt
  }
  return status;
}

Status ErrorReplay::Replay(const std::string& key, std::stop_token stop) {
  auto object = store_.Get(key);
  if (CodeOf(object.status()) == ErrorCode::kNotFound) return Status::OK();  // it was put already
  RETURN_IF_ERROR(object.status());
  auto failed = ReadErrorRecords(object->bytes);
  if (!failed.ok()) {
    logger_.Error("stream_error_object_not_read", {{"key", key}, {"error", Describe(failed.status())}});
    return Status::OK();
  }
  object->bytes = std::string();
  std::vector<std::string> records;
  for (auto& each : *failed) records.push_back(std::move(each.raw));

  uint64_t done = 0;
  if (current_ && current_->key == key && current_->etag == object->info.etag) {
    done = current_->done;
    ASSIGN_OR_RETURN(const bool appended, WasAppended(records));
    if (appended) done += current_->count;
  }
  while (done < records.size()) {
    if (stop.stop_requested()) return MakeError(ErrorCode::kCancelled, "replay: stopped on request");
    RecordGroup group{.bytes = {}, .sizes = {}, .arrival = clock_.Now()};
    for (uint64_t i = done; i < records.size() && (group.sizes.empty() || group.bytes.size() < kGroupBytes);
         ++i) {
      group.bytes += records[i];
      group.sizes.push_back(static_cast<uint32_t>(records[i].size()));
    }
    current_ = Current{key, object->info.etag, done, log_.end(), group.sizes.size(), *group.arrival};
    RETURN_IF_ERROR(Save());
    RETURN_IF_ERROR(FaultPoint("stream.replay.planned"));
    std::promise<Status> durable;
    log_.Append(std::move(group), [&](const Status& status, uint64_t) { durable.set_value(status); });
    RETURN_IF_ERROR(durable.get_future().get());
    RETURN_IF_ERROR(FaultPoint("stream.replay.appended"));
    done += current_->count;
  }
  // Whoever dies here finds all of it appended.
  const Status deleted = store_.Delete(key, object->info.etag);
  if (!deleted.ok() && CodeOf(deleted) != ErrorCode::kPreconditionFailed) return deleted;
  logger_.Info("stream_errors_replayed", {{"key", key}, {"records", records.size()}});
  return FaultPoint("stream.replay.deleted");
}

Result<bool> ErrorReplay::WasAppended(const std::vector<std::string>& records) {
  const uint64_t begin = current_->done, count = current_->count;
  if (begin + count > records.size()) return false;
  ASSIGN_OR_RETURN(const auto reader, LogReader::Open(log_.folder(), current_->from));
  // A group lies in the log as it was appended, with others before and behind it.
  std::deque<std::string> window;
  for (;;) {
    ASSIGN_OR_RETURN(const auto piece, reader->Next(1 << 20));
    if (piece.empty()) return false;
    for (const Record& record : piece) {
      if (record.arrival != current_->arrival) {
        window.clear();
        continue;
      }
      window.emplace_back(record.data);
      if (window.size() < count) continue;
      if (window.size() > count) window.pop_front();
      if (window.back() == records[begin + count - 1] &&
          std::equal(window.begin(), window.end(), records.begin() + static_cast<std::ptrdiff_t>(begin))) {
        return true;
      }
    }
  }
}

}  // namespace penstock::stream
