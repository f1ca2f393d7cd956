#include "pipeline/tenders/archive_message.h"

#include "base/sha256.h"

namespace penstock::pipeline {

std::string ArchiveQueueName(const Pipeline& pipeline) { return pipeline.name() + "-archives"; }

queue::QueueOptions ArchiveQueueOptions(const Pipeline& pipeline) {
  queue::QueueOptions options;
  options.visibility_timeout = std::chrono::seconds(30);
  options.redrive = queue::RedrivePolicy{3, pipeline.dead_letter_queue()};
  return options;
}

json::object ArchiveMessage::ToJson() const {
  return {{"archive", archive}, {"bytes", bytes}, {"sha256", sha256},      {"year", year},
          {"month", month},     {"url", url},     {"generated", generated}};
}

Result<ArchiveMessage> ArchiveMessage::Parse(std::string_view body) {
  ASSIGN_OR_RETURN(const json::value value, ParseJson(body));
  ArchiveMessage message;
  ASSIGN_OR_RETURN(message.archive, GetString(value, "archive"));
  ASSIGN_OR_RETURN(message.bytes, GetInt(value, "bytes"));
  ASSIGN_OR_RETURN(message.sha256, GetString(value, "sha256"));
  ASSIGN_OR_RETURN(message.year, GetInt(value, "year"));
  ASSIGN_OR_RETURN(message.month, GetInt(value, "month"));
  ASSIGN_OR_RETURN(message.url, GetStringOr(value, "url", ""));
  ASSIGN_OR_RETURN(message.generated, GetStringOr(value, "generated", ""));
  return message;
}

std::string ArchiveMessage::dedup_id() const { return Sha256Hex(archive + '\n' + sha256); }

Result<DeadLetter> LetterOfArchive(const queue::Message& message) {
  ASSIGN_OR_RETURN(const auto archive, ArchiveMessage::Parse(message.body));
  const auto reason = message.attributes.find(std::string(queue::kLastErrorAttribute));
  DeadLetter letter;
  letter.step = "start_extract_job";
  letter.input = {{"archives", json::array{json::value(archive.archive)}}};
  letter.error = InfoOf(ErrorCode::kTaskFailed).asl_name;
  letter.cause = reason == message.attributes.end() ? "it was received and never finished" : reason->second;
  return letter;
}

Status SendArchive(queue::Queue& queue, const ArchiveMessage& message) {
  return queue.Send(penstock::ToJson(message.ToJson()), {.dedup_id = message.dedup_id()}).status();
}

}  // namespace penstock::pipeline
