// For tests of pipelines of records: a source whose answers are written down, and a bucket around it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "lake/catalog.h"
#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"
#include "queue/memory_queue.h"
#include "source/api/records.h"
#include "source/record_source.h"
#include "store/memory_store.h"

namespace penstock::pipeline {

class ScriptedRecords : public source::RecordSource {
 public:
  // What a Fetch gives: pages, then how it ends.
  std::vector<std::string> pages;
  std::string cursor;  // to go on from
  Status end;
  std::string extension = "json";
  mutable std::vector<std::string> asked_from;  // cursors

  explicit ScriptedRecords(const Clock& clock) : clock_(clock) {}

  Result<source::FetchedSeries> Fetch(const source::RecordSeries&, std::string_view from,
                                      const std::function<Status(source::RecordAnswer)>& on_page,
                                      std::stop_token) const override {
    asked_from.emplace_back(from);
    const TimePoint now = clock_.Now();
    int number = 0;
    for (const auto& page : pages) {
      source::RecordAnswer answer;
      answer.body = page;
      answer.extension = extension;
      answer.requested_at = now;
      answer.page = ++number;
      RETURN_IF_ERROR(on_page(std::move(answer)));
    }
    RETURN_IF_ERROR(end);
    return source::FetchedSeries{number, cursor};
  }
  Result<std::shared_ptr<arrow::RecordBatch>> Read(std::string_view bytes,
                                                   std::string_view kind) const override {
    return source::ReadRecords(bytes, kind, {});
  }
  Status Check(const source::RecordSeries&) const override { return Status::OK(); }

 private:
  const Clock& clock_;
};

// A pipeline of kind iex over a bucket in memory.
struct RecordsBucket {
  RecordsBucket() {
    pipeline.config.name = "iex";
    pipeline.config.prefix = "iex/";
    pipeline.config.source.kind = "iex";
    dead_letters = queues.Get("iex-dlq").ValueOrDie();
    runtime.store = &store;
    runtime.catalog = &catalog;
    runtime.clock = &clock;
    runtime.dead_letters = dead_letters.get();
    runtime.progress = &progress;
  }
  // The keys below a prefix.
  std::vector<std::string> Keys(const std::string& prefix) {
    std::vector<std::string> keys;
    for (const auto& object : store::ListAll(store, prefix).ValueOrDie()) keys.push_back(object.key);
    return keys;
  }

  ManualClock clock{ParseTimestamp("2019-03-01T14:05:09.500Z").ValueOrDie()};
  store::MemoryStore store{clock};
  lake::StoreCatalog catalog{store};
  queue::MemoryQueues queues{clock};
  std::shared_ptr<queue::Queue> dead_letters;
  NoProgress progress;
  Pipeline pipeline;
  Runtime runtime;
  ScriptedRecords source{clock};
};

}  // namespace penstock::pipeline
