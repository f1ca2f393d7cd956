// Draws progress on standard error: a bar that redraws on a terminal, a plain line now and then elsewhere
// (ALL-2).
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/thread_annotations.h"
#include "cli/terminal.h"
#include "pipeline/progress.h"

namespace penstock::cli {

class ProgressBar : public pipeline::Progress {
 public:
  // `write` gets what to print, control characters included.
  ProgressBar(const Clock& clock, Terminal terminal, std::function<void(std::string_view)> write);

  void Begin(std::string_view stage, int64_t total) override;
  void Advance(int64_t done, int64_t failed) override;
  void End() override;

 private:
  // Draws it a last time. Nothing when there is none.
  void EndStage() REQUIRES(mutex_);
  void Draw(TimePoint now, bool last) REQUIRES(mutex_);

  const Clock& clock_;
  const Terminal terminal_;
  const std::function<void(std::string_view)> write_;
  std::mutex mutex_;
  std::string stage_ GUARDED_BY(mutex_);
  int64_t total_ GUARDED_BY(mutex_) = 0;
  int64_t done_ GUARDED_BY(mutex_) = 0;
  int64_t failed_ GUARDED_BY(mutex_) = 0;
  TimePoint begun_ GUARDED_BY(mutex_);
  TimePoint drawn_ GUARDED_BY(mutex_);
};

}  // namespace penstock::cli
