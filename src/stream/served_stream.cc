#include "stream/served_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "stream/delivery_state.h"
#include "stream/stream_folder.h"

namespace penstock::stream {

struct ServedStream::Counters {
  std::atomic<uint64_t> put_requests{0}, records{0}, bytes{0}, throttled_requests{0}, throttled_records{0},
      failed_records{0};
  std::atomic<int64_t> under_way{0};  // puts
};

Status NoSuchStream(std::string_view name) {
  return MakeError(ErrorCode::kNotFound,
                   fmt::format("Firehose {} under account 000000000000 not found.", name));
}

Result<std::shared_ptr<ServedStream>> ServedStream::Open(const std::string& folder, StreamSpec spec,
                                                         LogOptions options, const DeliveryPlace& place,
                                                         Clock& clock, const Logger& logger) {
  const std::string own = StreamFolderOf(folder, spec.name), log = LogFolderOf(folder, spec.name);
  ASSIGN_OR_RETURN(const DeliveryState state, ReadDeliveryState(own));
  options.at_least = std::max(options.at_least, state.at_least());
  const Logger named = logger.With({"stream", spec.name});
  std::shared_ptr<ServedStream> stream(
      new ServedStream(own, std::move(spec), options.pending_bytes, place, clock, named));
  ASSIGN_OR_RETURN(stream->log_, RecordLog::Open(log, options, clock, named));
  stream->log_->OnAppend([waking = stream.get()] { waking->Wake(); });
  return stream;
}

ServedStream::ServedStream(std::string folder, StreamSpec spec, size_t pending_bytes,
                           const DeliveryPlace& place, Clock& clock, Logger logger)
    : folder_(std::move(folder)),
      created_(spec.created),
      pending_bytes_(pending_bytes),
      place_(place),
      clock_(clock),
      logger_(std::move(logger)),
      spec_(std::move(spec)),
      counters_(std::make_shared<Counters>()) {}

ServedStream::~ServedStream() {
  StopDelivery();
  log_.reset();  // while what its threads wake is there
}

// Not to be ended under worker_mutex_: the thread that ends may be waited for by one that wakes it.
std::unique_ptr<StreamWorker> ServedStream::TakeWorker() {
  const std::lock_guard lock(worker_mutex_);
  return std::move(worker_);
}

void ServedStream::Wake() {
  const std::lock_guard lock(worker_mutex_);
  if (worker_ != nullptr) worker_->Wake();
}

void ServedStream::RequestStop() {
  const std::lock_guard lock(worker_mutex_);
  if (worker_ != nullptr) worker_->RequestStop();
}

void ServedStream::StopDelivery() { TakeWorker().reset(); }

std::unique_ptr<StreamWorker> ServedStream::MakeWorker() const {
  return std::make_unique<StreamWorker>(spec(), folder_, *log_, place_, clock_, logger_);
}

void ServedStream::StartDelivery() {
  if (place_.store == nullptr) return;
  const std::lock_guard lock(worker_mutex_);  // it is woken from its beginning
  worker_ = MakeWorker();
}

Status ServedStream::Flush(std::stop_token stop) {
  const auto worker = TakeWorker();
  return worker == nullptr ? Status::OK() : worker->Flush(std::move(stop));
}

Status ServedStream::Drain(std::stop_token stop) {
  if (place_.store == nullptr) return Status::OK();
  StopDelivery();
  const auto worker = MakeWorker();  // that nobody else can stop
  while (counters_->under_way > 0 && clock_.SleepFor(std::chrono::milliseconds(10), stop)) {
  }
  return worker->Flush(std::move(stop));
}

StreamSpec ServedStream::spec() const {
  const std::lock_guard lock(mutex_);
  return spec_;
}

void ServedStream::SetSpec(StreamSpec spec) {
  const std::lock_guard lock(mutex_);
  spec_ = std::move(spec);
}

void ServedStream::SetState(StreamState state, std::string deleting_error) {
  const std::lock_guard lock(mutex_);
  state_ = state;
  deleting_error_ = std::move(deleting_error);
}

StreamInfo ServedStream::info() const {
  StreamInfo info;
  {
    const std::lock_guard lock(worker_mutex_);
    if (worker_ != nullptr) {
      info.delivery = worker_->metrics();
      info.delivery_error = worker_->error();
    }
  }
  {
    const std::lock_guard lock(mutex_);
    info.spec = spec_;
    info.state = state_;
    info.deleting_error = deleting_error_;
  }
  info.counts = {counters_->put_requests,       counters_->records,           counters_->bytes,
                 counters_->throttled_requests, counters_->throttled_records, counters_->failed_records};
  info.log = log_->metrics();
  info.first = log_->first();
  info.end = log_->end();
  info.health = log_->health();
  return info;
}

void ServedStream::Put(RecordGroup group, Take take, PutDone done) {
  // Before it is looked whether records are taken: Drain waits for those that saw they are.
  counters_->under_way.fetch_add(1);
  if (!taking_) {
    counters_->under_way.fetch_sub(1);
    return done({NoSuchStream(spec().name), 0, 0, {}});
  }
  const size_t asked = group.sizes.size();
  counters_->put_requests.fetch_add(1, std::memory_order_relaxed);
  // Of a group that does not fit, what does: AWS refuses records, too, not the batch.
  const size_t waiting = log_->metrics().pending_bytes;
  size_t room = pending_bytes_ - std::min(pending_bytes_, waiting);
  if (waiting > 0 && group.bytes.size() > room) {
    size_t fitting = 0;
    while (take == Take::kWhatFits && fitting < asked && group.sizes[fitting] <= room)
      room -= group.sizes[fitting++];
    group.sizes.resize(fitting);
    group.bytes.resize(std::accumulate(group.sizes.begin(), group.sizes.end(), size_t{0}));
  }
  const size_t taken = group.sizes.size(), bytes = group.bytes.size();
  auto finish = [counters = counters_, created = created_, asked, taken, bytes, done = std::move(done)](
                    Status status, uint64_t first) {
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
  log_->Append(std::move(group), std::move(finish));
}

}  // namespace penstock::stream
