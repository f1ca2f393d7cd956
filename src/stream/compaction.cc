#include "stream/compaction.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/fault.h"
#include "base/json.h"
#include "lake/parquet_stream.h"
#include "stream/current_objects.h"
#include "stream/delivery_state.h"
#include "stream/delivery_table.h"
#include "stream/json_rows.h"
#include "stream/object_name.h"
#include "stream/object_sink.h"
#include "stream/stream_folder.h"

namespace penstock::stream {
namespace {

constexpr std::string_view kFile = "compaction.json";
constexpr std::string_view kPhases[] = {"planned", "hidden", "visible"};
constexpr Duration kRetry = std::chrono::minutes(1);
constexpr int64_t kPieceRows = 64 << 10;
constexpr int64_t kPieceBytes = 4 << 20;

std::string HiddenKey(std::string_view key) {
  const size_t name = key.rfind('/') + 1;
  return fmt::format("{}_{}", key.substr(0, name), key.substr(name));
}

// "x.gz" from 7 to 9: the first one's name, "….to-0000000000000009.gz".
std::string CompactedKey(std::string_view first, std::string_view last) {
  const std::string_view extension = ParseObjectName(first)->extension;
  std::string_view rest = extension;
  if (CompactedThrough(first)) rest.remove_prefix(4 + 16);
  const uint64_t through = CompactedThrough(last).value_or(*FirstSequenceOf(last));
  return fmt::format("{}.to-{:016x}{}", first.substr(0, first.size() - extension.size()), through, rest);
}

}  // namespace

Compaction::Compaction(const StreamSpec& spec, std::string stream_folder, store::ObjectStore& store,
                       Clock& clock, Logger logger, const CompactionOptions& options)
    : spec_(spec),
      stream_folder_(std::move(stream_folder)),
      store_(store),
      clock_(clock),
      logger_(std::move(logger)),
      options_(options) {}

Result<TimePoint> Compaction::Step(std::stop_token stop) {
  const Status status = Work(stop);
  if (CodeOf(status) == ErrorCode::kCancelled) return status;
  const TimePoint now = clock_.Now();
  if (!status.ok()) {
    loaded_ = false;  // what is on the disk counts
    logger_.Warning("stream_compaction_failed", {{"stream", spec_.name}, {"error", Describe(status)}});
    return now + kRetry;
  }
  TimePoint next = next_look_;
  for (const Job& job : jobs_) next = std::min(next, job.since + options_.grace);
  return std::max(next, now);
}

Status Compaction::Work(std::stop_token stop) {
  if (!loaded_) RETURN_IF_ERROR(Load());
  if (table_prefix_.empty()) {
    next_look_ = clock_.Now() + options_.every;
    return Status::OK();
  }
  if (clock_.Now() >= next_look_) {
    RETURN_IF_ERROR(Plan(stop));
    next_look_ = clock_.Now() + options_.every;
  }
  for (size_t i = 0; i < jobs_.size();) {
    if (stop.stop_requested()) return MakeError(ErrorCode::kCancelled, "compaction: stopped on request");
    ASSIGN_OR_RETURN(const bool done, Advance(&jobs_[i], stop));
    if (!done) {
      ++i;
      continue;
    }
    jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(i));
    RETURN_IF_ERROR(Save());
  }
  return Status::OK();
}

Result<bool> Compaction::Advance(Job* job, std::stop_token stop) {
  const auto enter = [&](Phase phase) {
    job->phase = phase;
    job->since = clock_.Now();
    return Save();
  };
  if (job->phase == Phase::kPlanned) {
    RETURN_IF_ERROR(FaultPoint("stream.compaction.planned"));
    const Status made = Make(*job, stop);
    if (CodeOf(made) == ErrorCode::kInvalidData || CodeOf(made) == ErrorCode::kCorrupt) {
      logger_.Warning("stream_compaction_left_out", {{"stream", spec_.name}, {"error", Describe(made)}});
      RETURN_IF_ERROR(store_.Delete(HiddenKey(job->key)));  // who died here may have put it
      return true;
    }
    RETURN_IF_ERROR(made);
    RETURN_IF_ERROR(FaultPoint("stream.compaction.hidden"));
    RETURN_IF_ERROR(enter(Phase::kHidden));
    ++metrics_.made;
  }
  // A clock that was set back makes the wait longer: never shorter than what a reader needs.
  if (clock_.Now() < job->since + options_.grace) return false;
  if (job->phase == Phase::kHidden) {
    const Status shown = Show(job->key);
    if (CodeOf(shown) == ErrorCode::kNotFound) {
      logger_.Warning("stream_compaction_left_out", {{"stream", spec_.name}, {"error", Describe(shown)}});
      return true;
    }
    RETURN_IF_ERROR(shown);
    RETURN_IF_ERROR(FaultPoint("stream.compaction.visible"));
    for (const auto& input : job->inputs) {
      RETURN_IF_ERROR(store_.Delete(input));
      RETURN_IF_ERROR(FaultPoint("stream.compaction.replaced"));
    }
    RETURN_IF_ERROR(enter(Phase::kVisible));
    metrics_.replaced += job->inputs.size();
    return false;
  }
  RETURN_IF_ERROR(store_.Delete(HiddenKey(job->key)));
  return true;
}

Status Compaction::Show(const std::string& key) {
  const std::string hidden = HiddenKey(key);
  const auto head = store_.Head(hidden);
  // Retention was here, or it is shown already.
  if (CodeOf(head.status()) == ErrorCode::kNotFound) return store_.Head(key).status();
  RETURN_IF_ERROR(head.status());
  ObjectSink sink(store_, key);
  for (int64_t at = 0; at < head->size; at += kPieceBytes) {
    ASSIGN_OR_RETURN(const auto piece, store_.GetRange(hidden, at, kPieceBytes));
    RETURN_IF_ERROR(sink.Write(piece.bytes));
  }
  return sink.Put();
}

Result<std::optional<std::string>> Compaction::Input(const std::string& key, std::stop_token stop) {
  if (stop.stop_requested()) return MakeError(ErrorCode::kCancelled, "compaction: stopped on request");
  auto object = store_.Get(key);
  if (CodeOf(object.status()) == ErrorCode::kNotFound) return std::nullopt;  // retention was here
  RETURN_IF_ERROR(object.status());
  return std::move(object->bytes);
}

bool Compaction::IsOfThisVersion(std::string_view key) const {
  return ParseObjectName(key)->version == fmt::format("{}", spec_.version);
}

Status Compaction::Make(const Job& job, std::stop_token stop) {
  if (!IsOfThisVersion(job.key)) {
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("{} was planned before the stream was changed", job.key));
  }
  if (spec_.parquet) return MakeParquet(job, stop);
  ObjectSink sink(store_, HiddenKey(job.key));
  for (const auto& input : job.inputs) {
    ASSIGN_OR_RETURN(const auto bytes, Input(input, stop));
    if (bytes) RETURN_IF_ERROR(sink.Write(*bytes));
  }
  return sink.Put();
}

Status Compaction::MakeParquet(const Job& job, std::stop_token stop) {
  ASSIGN_OR_RETURN(const auto schema, SchemaOf(spec_.parquet->columns));
  ObjectSink sink(store_, HiddenKey(job.key));
  lake::ParquetOptions options;
  options.codec = spec_.parquet->compression;
  ASSIGN_OR_RETURN(const auto writer,
                   lake::ParquetStreamWriter::Open(
                       schema, options, [&](std::string_view bytes) { return sink.Write(bytes); }));
  for (const auto& input : job.inputs) {
    ASSIGN_OR_RETURN(auto bytes, Input(input, stop));
    if (!bytes) continue;
    ASSIGN_OR_RETURN(const auto batch, lake::ReadParquetBatch(std::move(*bytes), input));
    if (!batch->schema()->Equals(*schema, false)) {
      return MakeError(ErrorCode::kInvalidData,
                       fmt::format("{} has other columns than the stream now", input));
    }
    for (int64_t at = 0; at < batch->num_rows(); at += kPieceRows) {
      RETURN_IF_ERROR(writer->Write(*batch->Slice(at, kPieceRows)));
    }
  }
  RETURN_IF_ERROR(writer->Close());
  return sink.Put();
}

Status Compaction::Plan(std::stop_token stop) {
  ASSIGN_OR_RETURN(const auto state, ReadDeliveryState(stream_folder_));
  ASSIGN_OR_RETURN(const auto objects, store::ListAll(store_, table_prefix_));
  if (stop.stop_requested()) return MakeError(ErrorCode::kCancelled, "compaction: stopped on request");
  std::vector<std::string> keys;
  std::map<std::string_view, const store::ObjectInfo*> infos;
  for (const auto& object : objects) {
    keys.push_back(object.key);
    infos[object.key] = &object;
  }
  std::set<std::string> taken;  // by jobs under way
  for (const Job& job : jobs_) {
    taken.insert(job.inputs.begin(), job.inputs.end());
    taken.insert({job.key, HiddenKey(job.key)});
  }
  const std::string id = StreamIdOf(spec_);
  std::map<std::string, std::vector<store::ObjectInfo>> folders;
  for (const auto& key : CurrentObjects(keys)) {
    const auto parsed = ParseObjectName(key);
    if (!parsed || parsed->stream_id != id || parsed->first_sequence >= state.delivered) continue;
    auto& folder = folders[key.substr(0, key.rfind('/') + 1)];
    if (taken.contains(key)) {
      folder.clear();  // this one later: ranges must not be taken apart
      folder.push_back({});
    } else if (folder.empty() || !folder[0].key.empty()) {
      folder.push_back(*infos[key]);
    }
  }
  // What arrived on an earlier day is delivered by now.
  const Duration slack = std::chrono::hours(1) + 2 * std::chrono::seconds(spec_.buffering.interval_s);
  const std::string today = FormatDate(prefixes_->zone.LocalDate(clock_.Now() - slack));
  const size_t before = jobs_.size();
  for (auto& [folder, inputs] : folders) {
    if (inputs.size() < 2 || inputs[0].key.empty()) continue;
    std::sort(inputs.begin(), inputs.end(),
              [](const auto& a, const auto& b) { return *FirstSequenceOf(a.key) < *FirstSequenceOf(b.key); });
    PlanFolder(inputs, today);
  }
  return jobs_.size() == before ? Status::OK() : Save();
}

void Compaction::PlanFolder(const std::vector<store::ObjectInfo>& objects, std::string_view today) {
  for (const auto& object : objects) {
    if (ParseObjectName(object.key)->time.substr(0, 10) >= today) return;
  }
  for (size_t begin = 0; begin < objects.size();) {
    if (!IsOfThisVersion(objects[begin].key)) {
      ++begin;
      continue;
    }
    size_t end = begin;
    int64_t bytes = 0;
    while (end < objects.size() && IsOfThisVersion(objects[end].key) &&
           (end == begin || bytes + objects[end].size <= options_.most_bytes)) {
      bytes += objects[end++].size;
    }
    if (end - begin > 1) {
      Job job;
      for (size_t i = begin; i < end; ++i) job.inputs.push_back(objects[i].key);
      job.key = CompactedKey(job.inputs.front(), job.inputs.back());
      job.since = clock_.Now();
      jobs_.push_back(std::move(job));
    }
    begin = end;
  }
}

Status Compaction::Load() {
  ASSIGN_OR_RETURN(prefixes_, PrefixesOf(spec_));
  const bool joins = spec_.parquet || (spec_.compression != Compression::kZip &&
                                       spec_.compression != Compression::kHadoopSnappy);
  if (!spec_.table.empty() && joins) {
    ASSIGN_OR_RETURN(const auto table, TableOf(spec_, *prefixes_));
    table_prefix_ = table.prefix;
  }
  const std::string path = fmt::format("{}/{}", stream_folder_, kFile);
  ASSIGN_OR_RETURN(const auto text, ReadFileOf(path));
  jobs_.clear();
  if (text) {
    ASSIGN_OR_RETURN(const auto document, ParseJson(*text));
    const auto* jobs = document.is_object() ? document.get_object().if_contains("jobs") : nullptr;
    if (jobs == nullptr || !jobs->is_array()) {
      return MakeError(ErrorCode::kCorrupt, fmt::format("{}: \"jobs\": expected a list", path));
    }
    for (const auto& item : jobs->get_array()) {
      Job job;
      ASSIGN_OR_RETURN(job.key, GetString(item, "key"));
      ASSIGN_OR_RETURN(const std::string phase, GetString(item, "phase"));
      job.phase =
          static_cast<Phase>(std::find(std::begin(kPhases), std::end(kPhases), phase) - std::begin(kPhases));
      ASSIGN_OR_RETURN(const std::string since, GetString(item, "since"));
      ASSIGN_OR_RETURN(job.since, ParseTimestamp(since));
      const auto* inputs = item.get_object().if_contains("inputs");
      if (inputs == nullptr || !inputs->is_array() || job.phase > Phase::kVisible) {
        return MakeError(ErrorCode::kCorrupt, fmt::format("{}: not a job: {}", path, penstock::ToJson(item)));
      }
      for (const auto& input : inputs->get_array()) {
        if (input.is_string()) job.inputs.emplace_back(std::string(input.get_string()));
      }
      jobs_.push_back(std::move(job));
    }
  }
  loaded_ = true;
  return Status::OK();
}

Status Compaction::Save() {
  json::array jobs;
  for (const Job& job : jobs_) {
    json::array inputs;
    for (const auto& input : job.inputs) inputs.emplace_back(input);
    jobs.push_back(json::object{{"key", job.key},
                                {"phase", kPhases[static_cast<size_t>(job.phase)]},
                                {"since", FormatTimestamp(job.since)},
                                {"inputs", std::move(inputs)}});
  }
  return ReplaceFile(stream_folder_, kFile, penstock::ToJson(json::object{{"jobs", std::move(jobs)}}) + "\n");
}

}  // namespace penstock::stream
