// The threads that deliver one stream, and that make its small objects of past days large.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/thread_annotations.h"
#include "lake/catalog.h"
#include "store/object_store.h"
#include "stream/delivery.h"
#include "stream/record_log.h"
#include "stream/stream_spec.h"
#include "stream/transform.h"

namespace penstock::stream {

// Where streams are delivered to. Outlives them.
struct DeliveryPlace {
  store::ObjectStore* store = nullptr;  // nullptr: nowhere, records stay in their logs
  lake::Catalog* catalog = nullptr;
  Random* random = nullptr;
};

// Thread-safe. What it is given outlives it.
class StreamWorker {
 public:
  // Begins at once. A transform or a delivery that cannot be opened is told by error() and tried again every
  // half a minute: records are taken meanwhile.
  StreamWorker(StreamSpec spec, std::string stream_folder, RecordLog& log, const DeliveryPlace& place,
               Clock& clock, Logger logger);
  // Stops: what is under way is given up, and done again by the next one.
  ~StreamWorker();

  void RequestStop() {
    thread_.request_stop();
    compactor_.request_stop();
  }
  // The log has more.
  void Wake();
  // Ends the threads, and delivers all that is durable in the log now.
  Status Flush(std::stop_token stop);

  DeliveryMetrics metrics() const;
  // Why nothing is delivered; empty: it is.
  std::string error() const;

 private:
  void Run(std::stop_token stop);
  void Compact(std::stop_token stop);
  Status OpenDelivery();

  const StreamSpec spec_;
  const std::string stream_folder_;
  RecordLog& log_;
  const DeliveryPlace place_;
  Clock& clock_;
  const Logger logger_;

  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  bool woken_ GUARDED_BY(mutex_) = false;
  std::string error_ GUARDED_BY(mutex_);
  std::unique_ptr<Transform> transform_;
  std::unique_ptr<Delivery> delivery_;  // set under mutex_, by the thread
  std::jthread compactor_;
  std::jthread thread_;  // last: it ends first
};

}  // namespace penstock::stream
