// Notices of one archive, parsed on several threads while the archive is read by one.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/status.h"
#include "base/thread_annotations.h"
#include "pipeline/tenders/notice_readers.h"

namespace penstock::pipeline {

// What could not be read.
struct RejectedNotice {
  std::string entry, reason;
  std::string xml;  // whole
};

// The rows of some notices, in the order in which they were added, however many threads parsed them.
struct ParsedNotices {
  std::vector<TenderTables> tables;
  std::vector<RejectedNotice> rejected;
  int64_t notices = 0;  // read
};

// Add and Take by one thread, which parses as well when the others are behind; so `threads` are at work, no
// more. Memory: 2 MiB of XML a thread, and the rows.
class ParallelNotices {
 public:
  // `archive` is what the rows say they are from.
  static Result<std::unique_ptr<ParallelNotices>> Start(const NoticeReaders& readers, int threads,
                                                        std::string archive);
  ~ParallelNotices();

  void Add(std::string_view entry, std::string_view xml);
  // All that was added since the last one. Fails with what a reader fails with beside InvalidData and
  // TooLarge.
  Result<ParsedNotices> Take();

 private:
  struct Batch;
  explicit ParallelNotices(std::string archive);
  void Work(source::ted::NoticeReader& reader);
  void Parse(source::ted::NoticeReader& reader, Batch& batch);
  void Submit();
  bool ParseOne();

  const std::string archive_;
  std::unique_ptr<source::ted::NoticeReader> own_;
  std::unique_ptr<Batch> open_;
  std::vector<std::unique_ptr<Batch>>
      batches_;  // since the last Take, in order; what is in them belongs to who parses it

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch*> waiting_ GUARDED_BY(mutex_);
  // Memory of batches that are parsed, for the next ones.
  std::vector<std::string> spare_ GUARDED_BY(mutex_);
  size_t in_work_ GUARDED_BY(mutex_) = 0;
  bool over_ GUARDED_BY(mutex_) = false;
  std::vector<std::unique_ptr<source::ted::NoticeReader>> theirs_;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace penstock::pipeline
