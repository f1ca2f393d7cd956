// Why an execution as a whole stops before its end.
#pragma once

#include <mutex>
#include <stop_token>
#include <string>

#include "base/status.h"

namespace penstock::workflow {

// Thread-safe. The first reason counts.
class Halt {
 public:
  enum class Reason {
    kNone,
    kInterrupted,  // the caller stopped waiting: it stays running, and can be resumed
    kAborted,      // Stop()
    kTimedOut,     // TimeoutSeconds of the definition
    kFailed,       // the machinery failed (disk full, …): it stays running
  };

  void Request(Reason reason, std::string error = "", std::string cause = "", Status status = Status::OK()) {
    {
      std::lock_guard lock(mutex_);
      if (reason_ != Reason::kNone) return;
      reason_ = reason, error_ = std::move(error), cause_ = std::move(cause), status_ = std::move(status);
    }
    source_.request_stop();
  }
  Reason reason() const { return std::lock_guard(mutex_), reason_; }
  std::string error() const { return std::lock_guard(mutex_), error_; }
  std::string cause() const { return std::lock_guard(mutex_), cause_; }
  Status status() const { return std::lock_guard(mutex_), status_; }
  std::stop_token token() const { return source_.get_token(); }

 private:
  mutable std::mutex mutex_;
  std::stop_source source_;
  Reason reason_ = Reason::kNone;
  std::string error_, cause_;
  Status status_;
};

}  // namespace penstock::workflow
