#include "stream/stream_worker.h"

#include <fmt/format.h>

#include <algorithm>

#include "stream/compaction.h"

namespace penstock::stream {
namespace {

constexpr std::chrono::seconds kReopen{30};
constexpr std::chrono::hours kLongest{1};  // between two looks

}  // namespace

StreamWorker::StreamWorker(StreamSpec spec, std::string stream_folder, RecordLog& log,
                           const DeliveryPlace& place, Clock& clock, Logger logger)
    : spec_(std::move(spec)),
      stream_folder_(std::move(stream_folder)),
      log_(log),
      place_(place),
      clock_(clock),
      logger_(std::move(logger)),
      compactor_([this](std::stop_token stop) { Compact(std::move(stop)); }),
      thread_([this](std::stop_token stop) { Run(std::move(stop)); }) {}

StreamWorker::~StreamWorker() { RequestStop(); }

void StreamWorker::Wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  wake_.notify_one();
}

Status StreamWorker::OpenDelivery() {
  TransformOptions options;
  options.stream_arn =
      fmt::format("arn:aws:firehose:{}:000000000000:deliverystream/{}", options.region, spec_.name);
  ASSIGN_OR_RETURN(transform_, MakeTransform(spec_, options, clock_, *place_.random, logger_));
  ASSIGN_OR_RETURN(auto delivery, Delivery::Open(spec_, stream_folder_, log_, *place_.store, *place_.catalog,
                                                 transform_.get(), clock_, logger_));
  const std::lock_guard lock(mutex_);
  delivery_ = std::move(delivery);
  error_.clear();
  return Status::OK();
}

void StreamWorker::Run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    Duration wait = kReopen;
    if (delivery_ == nullptr) {
      if (const Status status = OpenDelivery(); !status.ok()) {
        logger_.Error("delivery_not_opened", {{"error", Describe(status)}});
        const std::lock_guard lock(mutex_);
        error_ = Describe(status);
      }
    }
    if (delivery_ != nullptr) {
      const auto due = delivery_->Step(stop);
      if (!due.ok()) return;
      wait = std::clamp<Duration>(*due - clock_.Now(), Duration(0), kLongest);
    }
    std::unique_lock lock(mutex_);
    // What could not be opened cannot be for the next record either.
    wake_.wait_for(lock, stop, wait, [this] { return woken_ && delivery_ != nullptr; });
    woken_ = false;
  }
}

void StreamWorker::Compact(std::stop_token stop) {
  Compaction compaction(spec_, stream_folder_, *place_.store, clock_, logger_);
  while (!stop.stop_requested()) {
    const auto due = compaction.Step(stop);
    if (!due.ok() || !clock_.SleepUntil(*due, stop)) return;
  }
}

Status StreamWorker::Flush(std::stop_token stop) {
  RequestStop();
  if (thread_.joinable()) thread_.join();
  if (compactor_.joinable()) compactor_.join();
  if (delivery_ == nullptr) RETURN_IF_ERROR(OpenDelivery());
  return delivery_->Flush(std::move(stop));
}

DeliveryMetrics StreamWorker::metrics() const {
  const std::lock_guard lock(mutex_);
  return delivery_ == nullptr ? DeliveryMetrics() : delivery_->metrics();
}

std::string StreamWorker::error() const {
  const std::lock_guard lock(mutex_);
  return delivery_ == nullptr ? error_ : delivery_->metrics().last_error;
}

}  // namespace penstock::stream
