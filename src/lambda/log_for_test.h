// What was logged, for tests.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/log.h"

namespace penstock::lambda {

class LogForTest : public LogSink {
 public:
  void Write(LogLevel, std::string_view line) override {
    const std::lock_guard lock(mutex_);
    text_ += line;
  }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

}  // namespace penstock::lambda
