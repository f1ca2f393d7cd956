#include "pipeline/tenders/parallel_notices.h"

#include <arrow/table.h>

#include <utility>

namespace penstock::pipeline {
namespace {

// Fits a cache, and is worth waking a thread for.
constexpr size_t kBatchBytes = 1 << 20;
constexpr size_t kBatchNotices = 128;

bool IsOfTheNotice(const Status& status) {
  return CodeOf(status) == ErrorCode::kInvalidData || CodeOf(status) == ErrorCode::kTooLarge;
}

}  // namespace

struct ParallelNotices::Batch {
  struct Entry {
    std::string name;
    size_t offset, size;
  };
  std::string xml;  // one behind the other; gone when parsed
  std::vector<Entry> entries;
  TenderTables tables;
  std::vector<RejectedNotice> rejected;
  Status failure;
};

ParallelNotices::ParallelNotices(std::string archive) : archive_(std::move(archive)) {}

Result<std::unique_ptr<ParallelNotices>> ParallelNotices::Start(const NoticeReaders& readers, int threads,
                                                                std::string archive) {
  std::unique_ptr<ParallelNotices> self(new ParallelNotices(std::move(archive)));
  ASSIGN_OR_RETURN(self->own_, readers.make());
  for (int i = 1; i < threads; ++i) {
    ASSIGN_OR_RETURN(auto reader, readers.make());
    self->theirs_.push_back(std::move(reader));
  }
  for (const auto& reader : self->theirs_) {
    self->threads_.emplace_back([raw = self.get(), &reader = *reader] { raw->Work(reader); });
  }
  return self;
}

ParallelNotices::~ParallelNotices() {
  {
    std::lock_guard lock(mutex_);
    over_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
}

void ParallelNotices::Work(source::ted::NoticeReader& reader) {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return over_ || !waiting_.empty(); });
    if (over_) return;
    Batch& batch = *waiting_.front();
    waiting_.pop_front();
    ++in_work_;
    lock.unlock();
    Parse(reader, batch);
    lock.lock();
    --in_work_;
    changed_.notify_all();
  }
}

void ParallelNotices::Parse(source::ted::NoticeReader& reader, Batch& batch) {
  for (auto& entry : batch.entries) {
    const auto xml = std::string_view(batch.xml).substr(entry.offset, entry.size);
    const Status added = reader.Add(xml, {archive_, entry.name});
    if (added.ok()) continue;
    if (!IsOfTheNotice(added)) {
      batch.failure = WithContext(added, entry.name);
      return;
    }
    batch.rejected.push_back({std::move(entry.name), added.message(), std::string(xml)});
  }
  batch.xml.clear();
  if (batch.xml.capacity() <= 2 * kBatchBytes) {
    const std::lock_guard lock(mutex_);
    spare_.push_back(std::move(batch.xml));
  }
  batch.xml = {};
  auto tables = reader.Finish();
  if (tables.ok()) {
    batch.tables = {tables->notices, tables->lots, tables->awards};
  } else {
    batch.failure = tables.status();
  }
}

// Whether there was one to parse.
bool ParallelNotices::ParseOne() {
  Batch* batch = nullptr;
  {
    std::lock_guard lock(mutex_);
    if (waiting_.empty()) return false;
    batch = waiting_.front();
    waiting_.pop_front();
  }
  Parse(*own_, *batch);
  return true;
}

void ParallelNotices::Submit() {
  if (open_ == nullptr) return;
  size_t behind = 0;
  {
    std::lock_guard lock(mutex_);
    waiting_.push_back(open_.get());
    behind = waiting_.size();
  }
  batches_.push_back(std::move(open_));
  changed_.notify_one();
  if (behind > threads_.size()) ParseOne();
}

void ParallelNotices::Add(std::string_view entry, std::string_view xml) {
  if (open_ == nullptr) {
    open_ = std::make_unique<Batch>();
    const std::lock_guard lock(mutex_);
    if (!spare_.empty()) {
      open_->xml = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  if (open_->xml.capacity() == 0) open_->xml.reserve(kBatchBytes + kBatchBytes / 4);
  open_->entries.push_back({std::string(entry), open_->xml.size(), xml.size()});
  open_->xml += xml;
  if (open_->xml.size() >= kBatchBytes || open_->entries.size() >= kBatchNotices) Submit();
}

Result<ParsedNotices> ParallelNotices::Take() {
  Submit();
  while (ParseOne()) {
  }
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return in_work_ == 0; });
  }
  ParsedNotices out;
  for (auto& batch : std::exchange(batches_, {})) {
    RETURN_IF_ERROR(batch->failure);
    out.notices += static_cast<int64_t>(batch->entries.size() - batch->rejected.size());
    out.tables.push_back(std::move(batch->tables));
    for (auto& rejected : batch->rejected) out.rejected.push_back(std::move(rejected));
  }
  return out;
}

}  // namespace penstock::pipeline
