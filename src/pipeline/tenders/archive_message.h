// The queue between transfer and extraction: one message an archive (TED-3).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/status.h"
#include "pipeline/dead_letter.h"
#include "pipeline/pipeline.h"
#include "queue/queue.h"

namespace penstock::pipeline {

// "ted-archives"
std::string ArchiveQueueName(const Pipeline& pipeline);
// A message that failed three times goes to the pipeline's dead-letter queue. Who extracts holds it longer
// than the visibility timeout by asking for more.
queue::QueueOptions ArchiveQueueOptions(const Pipeline& pipeline);

struct ArchiveMessage {
  std::string archive;  // its key in the bucket
  int64_t bytes = 0;
  std::string sha256;  // of the archive
  int64_t year = 0, month = 0;
  std::string url;  // masked: where it came from
  std::string
      generated;  // what a stand-in of the provider said of made-up contents; empty: the provider's own

  json::object ToJson() const;
  // InvalidData: not such a message.
  static Result<ArchiveMessage> Parse(std::string_view body);
  // The same archive with the same bytes is one message while it waits.
  std::string dedup_id() const;
};

// What is to be done with a message that the queue gave up: extract that archive, without the queue.
// InvalidData: no such message.
Result<DeadLetter> LetterOfArchive(const queue::Message& message);

Status SendArchive(queue::Queue& queue, const ArchiveMessage& message);

}  // namespace penstock::pipeline
