#include <fmt/format.h>

#include <chrono>
#include <set>

#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"
#include "pipeline/step.h"
#include "pipeline/tenders/archive_message.h"
#include "pipeline/tenders/extraction.h"
#include "pipeline/tenders/steps.h"
#include "queue/heartbeat.h"
#include "queue/queue.h"

namespace penstock::pipeline {
namespace {

// Renewed while an archive is worked on; after a kill, somebody else takes it up so much later.
constexpr Duration kHidden = std::chrono::seconds(30);
constexpr Duration kBackoff =
    std::chrono::seconds(5);  // after the first failure; twice that after the second
constexpr int kMostReceives = 3;

// What was done so far.
struct Counts {
  int64_t archives = 0, already = 0, notices = 0, lots = 0, awards = 0, refused = 0, passed_over = 0,
          failed = 0;
  std::set<int> years;

  void Add(const Extraction& done) {
    ++archives;
    already += done.already_done;
    notices += done.marker.notices;
    lots += done.marker.lots;
    awards += done.marker.awards;
    refused += done.marker.refused;
    passed_over += done.marker.passed_over;
    for (const int year : done.marker.Years()) years.insert(year);
  }
  json::object ToJson(int64_t waiting) const {
    json::array all;
    for (const int year : years) all.emplace_back(year);
    return {
        {"archives", archives}, {"already", already},     {"notices", notices},         {"lots", lots},
        {"awards", awards},     {"refused", refused},     {"passed_over", passed_over}, {"failed", failed},
        {"waiting", waiting},   {"years", std::move(all)}};
  }
};

bool MayHelpToTryAgain(const Status& status) {
  switch (CodeOf(status)) {
    case ErrorCode::kNotFound:
    case ErrorCode::kInvalidData:
    case ErrorCode::kTooLarge:
    case ErrorCode::kCorrupt: return false;
    default: return true;
  }
}

// Of one message; a failure of the archive is counted, not returned.
Status ExtractMessage(const StepContext& context, const NoticeReaders& readers, queue::Queue& queue,
                      queue::Heartbeat& heartbeat, const queue::Message& message, Counts& counts) {
  const Runtime& runtime = context.runtime;
  const auto dead = [&](const Status& why) -> Status {
    ++counts.failed;
    runtime.log.Error("archive_failed", {{"message", message.id}, {"error", Describe(why)}});
    return queue.MoveToDeadLetter(message.receipt, Describe(why));
  };
  const auto archive = ArchiveMessage::Parse(message.body);
  if (!archive.ok()) return dead(archive.status());

  Status failure;
  {
    const auto held = heartbeat.Hold(message);
    std::stop_source stop;
    const auto request = [&stop] { stop.request_stop(); };
    const std::stop_callback on_stop(context.stop, request), on_lost(held->lost(), request);
    ExtractOptions options;
    options.sha256 = archive->sha256;
    options.execution = context.execution;
    options.stop = stop.get_token();
    const auto done = ExtractArchive(context.pipeline, runtime, readers, archive->archive, options);
    if (done.ok()) counts.Add(*done);
    failure = done.status();
    if (held->lost().stop_requested()) return Status::OK();  // it is somebody else's now
  }
  if (failure.ok()) return queue.Delete(message.receipt);
  if (context.stop.stop_requested()) {
    IgnoreError(queue.ChangeVisibility(message.receipt, Duration(0)), "it is seen again after its time, too");
    return failure;
  }
  // A wrong field map fails all archives alike: the step says so, and no message is lost to it.
  if (CodeOf(failure) == ErrorCode::kConfiguration) {
    IgnoreError(queue.ChangeVisibility(message.receipt, Duration(0)), "it is seen again after its time, too");
    return failure;
  }
  if (!MayHelpToTryAgain(failure) || message.receive_count >= kMostReceives) return dead(failure);
  runtime.log.Warning("archive_postponed", {{"archive", archive->archive}, {"error", Describe(failure)}});
  return queue.ChangeVisibility(message.receipt, kBackoff * message.receive_count, Describe(failure));
}

Result<json::value> ExtractQueue(const StepContext& context, const NoticeReaders& readers) {
  queue::Queue* const queue = context.runtime.archives;
  if (queue == nullptr) {
    return MakeError(ErrorCode::kConfiguration, "start_extract_job: this pipeline has no queue of archives",
                     "name them: {\"archives\":[KEY…]}");
  }
  queue::Heartbeat heartbeat(*queue, *context.runtime.clock, context.runtime.log, {kHidden});
  Counts counts;
  queue::ReceiveOptions receive;
  receive.visibility_timeout = kHidden;
  while (true) {
    if (context.stop.stop_requested()) return MakeError(ErrorCode::kCancelled, "stopped on request");
    ASSIGN_OR_RETURN(const auto messages, queue->Receive(receive));
    if (messages.empty()) break;
    for (const auto& message : messages) {
      RETURN_IF_ERROR(ExtractMessage(context, readers, *queue, heartbeat, message, counts));
    }
  }
  ASSIGN_OR_RETURN(const auto count, queue->Count());
  return counts.ToJson(count.visible + count.in_flight + count.delayed);
}

Result<json::value> ExtractNamed(const StepContext& context, const NoticeReaders& readers,
                                 const json::value& input, const json::value& archives) {
  if (!archives.is_array()) {
    return MakeError(ErrorCode::kUsage,
                     "start_extract_job: \"archives\": expected a list of keys of raw objects");
  }
  ASSIGN_OR_RETURN(const std::string entry, GetStringOr(input, "entry", ""));
  ExtractOptions options;
  ASSIGN_OR_RETURN(options.again, GetBoolOr(input, "again", false));
  // An archive that a person puts through again: an entry that is refused again is no success.
  ASSIGN_OR_RETURN(const bool whole, GetBoolOr(input, "refused", false));
  options.execution = context.execution;
  options.stop = context.stop;
  Counts counts;
  for (const auto& archive : archives.get_array()) {
    if (!archive.is_string())
      return MakeError(ErrorCode::kUsage, "start_extract_job: \"archives\": expected a list of keys");
    ASSIGN_OR_RETURN(const Extraction done, ExtractArchive(context.pipeline, context.runtime, readers,
                                                           std::string(archive.get_string()), options));
    counts.Add(done);
    if (!entry.empty()) {
      ASSIGN_OR_RETURN(const auto reason, ReasonOfRefusal(*context.runtime.store, done.marker, entry));
      if (reason)
        return MakeError(ErrorCode::kInvalidData, fmt::format("{}: still refused: {}", entry, *reason));
    }
    if (whole && done.marker.refused > 0) {
      return MakeError(ErrorCode::kInvalidData,
                       fmt::format("{}: still {} entries refused", done.marker.archive, done.marker.refused));
    }
  }
  return counts.ToJson(0);
}

}  // namespace

Result<json::value> RunStartExtractJobStep(const StepContext& context, const json::value& input) {
  if (!input.is_object()) return MakeError(ErrorCode::kUsage, "start_extract_job: expected an object");
  ASSIGN_OR_RETURN(const NoticeReaders readers, ReadersOf(context.pipeline));
  const auto* archives = input.get_object().if_contains("archives");
  context.runtime.progress->Begin("extract", 0);
  auto done =
      archives == nullptr ? ExtractQueue(context, readers) : ExtractNamed(context, readers, input, *archives);
  context.runtime.progress->End();
  return done;
}

}  // namespace penstock::pipeline
