#include "stream/delivery.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/fault.h"
#include "stream/delivery_table.h"

namespace penstock::stream {
namespace {

constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();
// Whoever calls is woken by the log; a replay that another process asks for is looked for.
constexpr Duration kIdle = std::chrono::seconds(2);

Status Stopped() { return MakeError(ErrorCode::kCancelled, "delivery: stopped on request"); }

}  // namespace

Delivery::Delivery(StreamSpec spec, StreamPrefixes prefixes, std::string stream_folder, RecordLog& log,
                   store::ObjectStore& store, lake::Catalog& catalog, Transform* transform, Clock& clock,
                   Logger logger, const DeliveryOptions& options)
    : spec_(std::move(spec)),
      prefixes_(std::move(prefixes)),
      stream_folder_(std::move(stream_folder)),
      log_(log),
      store_(store),
      catalog_(catalog),
      transform_(transform),
      clock_(clock),
      logger_(std::move(logger)),
      options_(options),
      replay_(stream_folder_, log, store, clock, logger_) {}

Delivery::~Delivery() = default;

Result<std::unique_ptr<Delivery>> Delivery::Open(StreamSpec spec, std::string stream_folder, RecordLog& log,
                                                 store::ObjectStore& store, lake::Catalog& catalog,
                                                 Transform* transform, Clock& clock, Logger logger,
                                                 const DeliveryOptions& options) {
  ASSIGN_OR_RETURN(auto prefixes, PrefixesOf(spec));
  const auto columns = spec.parquet ? spec.parquet->columns : std::vector<lake::CatalogColumn>();
  ASSIGN_OR_RETURN(auto schema, SchemaOf(columns));
  ASSIGN_OR_RETURN(auto json, JsonRows::Make(columns, spec.partition_keys,
                                             spec.parquet ? spec.parquet->input : JsonInput()));
  if (!spec.table.empty()) RETURN_IF_ERROR(TableOf(spec, prefixes).status());
  ASSIGN_OR_RETURN(auto state, ReadDeliveryState(stream_folder));
  std::unique_ptr<Delivery> delivery(new Delivery(std::move(spec), std::move(prefixes),
                                                  std::move(stream_folder), log, store, catalog, transform,
                                                  clock, std::move(logger), options));
  delivery->json_ = std::move(json);
  delivery->schema_ = std::move(schema);
  delivery->state_ = std::move(state);
  delivery->Publish();
  return delivery;
}

Result<TimePoint> Delivery::Step(std::stop_token stop) {
  const TimePoint now = clock_.Now();
  // A clock that was set back does not make the wait longer.
  if (now < retry_at_ && retry_at_ - now <= options_.retry_most) return retry_at_;
  const bool waits = now < replay_at_ && replay_at_ - now <= options_.retry_most;
  const Status replayed = waits ? Status::OK() : Replay(stop);
  const Status status = replayed.ok() ? Work(std::nullopt, stop) : replayed;
  if (CodeOf(status) == ErrorCode::kCancelled) {
    Discard();
    return status;
  }
  if (!status.ok()) return GiveUp(status);
  if (batch_ == nullptr || batch_->counts().records == 0) return now + kIdle;
  return std::min(now + kIdle, batch_->counts().oldest + std::chrono::seconds(spec_.buffering.interval_s));
}

Status Delivery::Replay(std::stop_token stop) {
  if (state_.plan) return Status::OK();
  const Status status = replay_.Work(stop);
  if (status.ok() || CodeOf(status) == ErrorCode::kCancelled) return status;
  // Not with each record that comes.
  replay_at_ = clock_.Now() + options_.retry_most;
  logger_.Warning("stream_replay_failed", {{"stream", spec_.name}, {"error", Describe(status)}});
  return Status::OK();
}

Status Delivery::Flush(std::stop_token stop) {
  const auto flush = [&]() -> Status {
    if (state_.plan) RETURN_IF_ERROR(Work(state_.plan->end, stop));
    RETURN_IF_ERROR(Replay(stop));
    const uint64_t target = log_.end();
    return state_.delivered >= target ? Status::OK() : Work(target, stop);
  };
  const Status status = flush();
  if (CodeOf(status) == ErrorCode::kCancelled)
    Discard();
  else if (!status.ok())
    GiveUp(status);
  return status;
}

Status Delivery::Work(std::optional<uint64_t> flush_to, std::stop_token stop) {
  for (;;) {
    if (stop.stop_requested()) return Stopped();
    const uint64_t limit = state_.plan ? state_.plan->end : flush_to.value_or(kNoLimit);
    ASSIGN_OR_RETURN(const bool more, Collect(limit, stop));
    if (!more) RETURN_IF_ERROR(CheckRead(limit));
    const bool has_records = batch_ != nullptr && batch_->counts().records > 0;
    const bool due = has_records && (flush_to || IsAged(clock_.Now()));
    if (IsCut() || (!more && (state_.plan || due))) {
      RETURN_IF_ERROR(Finish(stop));
    } else if (!more) {
      Publish();
      return Status::OK();
    }
  }
}

Status Delivery::ReadPiece(uint64_t limit) {
  if (reader_ == nullptr) {
    ASSIGN_OR_RETURN(reader_, LogReader::Open(log_.folder(), state_.delivered));
  }
  auto piece = reader_->Next(options_.read_bytes, limit);
  if (CodeOf(piece.status()) == ErrorCode::kNotFound) {
    // An older delivery.json, from a backup: what the log lacks was delivered before it was cut off.
    logger_.Error("stream_log_begins_later", {{"stream", spec_.name},
                                              {"delivered", static_cast<int64_t>(state_.delivered)},
                                              {"first", static_cast<int64_t>(log_.first())}});
    ASSIGN_OR_RETURN(reader_, LogReader::Open(log_.folder(), log_.first()));
    piece = reader_->Next(options_.read_bytes, limit);
  }
  RETURN_IF_ERROR(piece.status());
  piece_ = std::move(*piece);
  if (piece_.empty()) return Status::OK();
  const std::lock_guard lock(mutex_);
  if (!oldest_) oldest_ = piece_.front().arrival;
  return Status::OK();
}

Status Delivery::CheckRead(uint64_t limit) const {
  const uint64_t end = std::min(limit, log_.end());
  if (limit == kNoLimit || reader_ == nullptr || reader_->next() >= end) return Status::OK();
  return MakeError(ErrorCode::kUnavailable,
                   fmt::format("the log {} has records up to {}, and gives them up to {} only", log_.folder(),
                               end, reader_->next()),
                   "look for log_end_not_written in the log of `penstock serve`, and at the disk");
}

Result<bool> Delivery::Collect(uint64_t limit, std::stop_token stop) {
  if (piece_at_ == piece_.size()) {
    piece_at_ = 0;
    piece_.clear();
    RETURN_IF_ERROR(ReadPiece(limit));
    if (piece_.empty()) return false;
  }
  if (batch_ == nullptr) {
    batch_ = std::make_unique<DeliveryBatch>(spec_, prefixes_, *json_, schema_, store_, clock_);
  }
  static const PartitionValues kNoKeys;
  while (piece_at_ < piece_.size() && !IsCut()) {
    const Record& record = piece_[piece_at_];
    if (record.sequence >= limit) return false;
    ++piece_at_;
    batch_->Count(record);
    batch_end_ = record.sequence + 1;
    if (transform_ == nullptr) {
      RETURN_IF_ERROR(batch_->Add(record, record.data, kNoKeys));
      continue;
    }
    held_.push_back({record.sequence, record.arrival, held_bytes_.size(), record.data.size()});
    held_bytes_ += record.data;
    if (held_bytes_.size() >= options_.transform_bytes) RETURN_IF_ERROR(AddHeld(stop));
  }
  return true;
}

Status Delivery::AddHeld(std::stop_token stop) {
  if (held_.empty()) return Status::OK();
  std::vector<TransformRecord> records;
  records.reserve(held_.size());
  const auto data_of = [&](const Held& held) {
    return std::string_view(held_bytes_).substr(held.at, held.size);
  };
  for (const Held& held : held_)
    records.push_back({fmt::format("{}", held.sequence), data_of(held), held.arrival});
  ASSIGN_OR_RETURN(const auto transformed, transform_->Apply(records, stop));
  if (transformed.size() != held_.size()) {
    return MakeError(ErrorCode::kInternal,
                     fmt::format("a transform answered {} of {} records", transformed.size(), held_.size()));
  }
  for (size_t i = 0; i < held_.size(); ++i) {
    RETURN_IF_ERROR(AddTransformed({held_[i].sequence, held_[i].arrival, data_of(held_[i])}, transformed[i]));
  }
  held_.clear();
  held_bytes_.clear();
  return Status::OK();
}

Status Delivery::AddTransformed(const Record& record, const Transformed& transformed) {
  switch (transformed.result) {
    case Transformed::Result::kDropped: batch_->Drop(); return Status::OK();
    case Transformed::Result::kFailed:
      return batch_->Fail(record, {kProcessingFailed, transformed.error_code, transformed.error_message,
                                   transformed.attempts, transform_->function_arn()});
    case Transformed::Result::kOk: break;
  }
  return batch_->Add(record, transformed.data, transformed.partition_keys);
}

bool Delivery::IsCut() const {
  if (batch_ == nullptr || state_.plan) return false;
  return batch_->IsFull() || (piece_at_ < piece_.size() && batch_->IsCutBefore(piece_[piece_at_]));
}

bool Delivery::IsAged(TimePoint now) const {
  // A record of the future: the clock was set back, and nobody knows how old it is.
  const TimePoint oldest = batch_->counts().oldest;
  return now < oldest || now - oldest >= std::chrono::seconds(spec_.buffering.interval_s);
}

Status Delivery::Finish(std::stop_token stop) {
  const bool saw_records = batch_ != nullptr;
  if (!saw_records) {
    batch_ = std::make_unique<DeliveryBatch>(spec_, prefixes_, *json_, schema_, store_, clock_);
    batch_end_ = state_.delivered;
  }
  RETURN_IF_ERROR(AddHeld(stop));
  RETURN_IF_ERROR(batch_->Close());
  const auto keys = batch_->keys();
  DeliveryPlan plan{state_.delivered, state_.plan ? state_.plan->end : batch_end_, keys};
  if (state_.plan) plan.keys.insert(plan.keys.end(), state_.plan->keys.begin(), state_.plan->keys.end());
  std::sort(plan.keys.begin(), plan.keys.end());
  plan.keys.erase(std::unique(plan.keys.begin(), plan.keys.end()), plan.keys.end());
  RETURN_IF_ERROR(FaultPoint("stream.delivery.begun"));
  if (!plan.keys.empty()) {
    DeliveryState planned = state_;
    planned.plan = plan;
    RETURN_IF_ERROR(WriteDeliveryState(stream_folder_, planned));
  }
  state_.plan = std::move(plan);
  RETURN_IF_ERROR(FaultPoint("stream.delivery.planned"));
  if (stop.stop_requested()) return Stopped();
  RETURN_IF_ERROR(batch_->Put());
  return Complete(keys, saw_records);
}

Status Delivery::Complete(const std::vector<std::string>& keys, bool saw_records) {
  if (batch_->counts().delivered > 0) RETURN_IF_ERROR(Register());
  if (saw_records) {
    for (const auto& key : state_.plan->keys) {
      if (!std::binary_search(keys.begin(), keys.end(), key)) RETURN_IF_ERROR(store_.Delete(key));
    }
  } else if (!state_.plan->keys.empty()) {
    logger_.Error("stream_plan_without_records",
                  {{"stream", spec_.name}, {"first", state_.plan->first}, {"end", state_.plan->end}});
  }
  RETURN_IF_ERROR(FaultPoint("stream.delivery.put_all"));
  DeliveryState done;
  done.delivered = std::max(state_.plan->end, batch_end_);
  RETURN_IF_ERROR(WriteDeliveryState(stream_folder_, done));
  state_ = std::move(done);
  RETURN_IF_ERROR(FaultPoint("stream.delivery.delivered"));

  const BatchCounts counts = batch_->counts();
  batch_.reset();
  retry_wait_ = Duration(0);
  {
    const std::lock_guard lock(mutex_);
    metrics_.delivered_records += counts.delivered;
    metrics_.delivered_bytes += counts.bytes;
    metrics_.dropped_records += counts.dropped;
    metrics_.failed_records += counts.failed;
    metrics_.objects += counts.objects;
    metrics_.object_bytes += counts.object_bytes;
    ++metrics_.deliveries;
    metrics_.last_error.clear();
    oldest_ = piece_at_ < piece_.size() ? std::optional(piece_[piece_at_].arrival) : std::nullopt;
  }
  TellDamage();
  Publish();
  logger_.Debug("stream_delivered", {{"stream", spec_.name},
                                     {"records", counts.records},
                                     {"objects", counts.objects},
                                     {"bytes", counts.object_bytes},
                                     {"failed", counts.failed}});
  if (const Status removed = log_.RemoveBefore(std::min(state_.delivered, replay_.keep_from()));
      !removed.ok()) {
    logger_.Warning("stream_log_not_removed", {{"stream", spec_.name}, {"error", Describe(removed)}});
  }
  return Status::OK();
}

void Delivery::TellDamage() {
  const uint64_t passed = reader_ == nullptr ? 0 : reader_->damaged().records;
  if (passed <= told_) return;
  logger_.Error("stream_records_lost",
                {{"stream", spec_.name}, {"records", passed - told_}, {"why", "the log is damaged"}});
  const std::lock_guard lock(mutex_);
  metrics_.lost_records += passed - std::exchange(told_, passed);
}

Status Delivery::Register() {
  if (registered_ || spec_.table.empty()) return Status::OK();
  RETURN_IF_ERROR(RegisterTableOf(spec_, prefixes_, catalog_));
  registered_ = true;
  return Status::OK();
}

void Delivery::Discard() {
  batch_.reset();
  held_.clear();
  held_bytes_.clear();
  piece_.clear();
  piece_at_ = 0;
  reader_.reset();
  told_ = 0;
}

TimePoint Delivery::GiveUp(const Status& status) {
  Discard();
  retry_wait_ =
      retry_wait_ == Duration(0) ? options_.retry_first : std::min(retry_wait_ * 2, options_.retry_most);
  retry_at_ = clock_.Now() + retry_wait_;
  {
    const std::lock_guard lock(mutex_);
    ++metrics_.failures;
    metrics_.last_error = Describe(status);
  }
  Publish();
  logger_.Warning("stream_delivery_failed",
                  {{"stream", spec_.name},
                   {"error", Describe(status)},
                   {"retry_in_s", std::chrono::duration<double>(retry_wait_).count()}});
  return retry_at_;
}

void Delivery::Publish() {
  const std::lock_guard lock(mutex_);
  metrics_.delivered = state_.delivered;
  const BatchCounts counts = batch_ == nullptr ? BatchCounts() : batch_->counts();
  metrics_.buffered_records = counts.records;
  metrics_.buffered_bytes = counts.bytes;
  metrics_.partitions = counts.partitions;
}

DeliveryMetrics Delivery::metrics() const {
  const std::lock_guard lock(mutex_);
  DeliveryMetrics metrics = metrics_;
  if (oldest_) metrics.freshness = std::max(clock_.Now() - *oldest_, Duration(0));
  return metrics;
}

}  // namespace penstock::stream
