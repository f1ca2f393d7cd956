#include "cli/progress_bar.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace penstock::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string Span(double left_s) {
  if (left_s < 100) return fmt::format("{:.0f} s", left_s);
  if (left_s < 6000) return fmt::format("{:.0f} min", left_s / 60);
  return fmt::format("{:.1f} h", left_s / 3600);
}

}  // namespace

ProgressBar::ProgressBar(const Clock& clock, Terminal terminal, std::function<void(std::string_view)> write)
    : clock_(clock), terminal_(terminal), write_(std::move(write)) {}

void ProgressBar::Begin(std::string_view stage, int64_t total) {
  std::lock_guard lock(mutex_);
  EndStage();
  stage_ = stage;
  total_ = total;
  done_ = failed_ = 0;
  begun_ = drawn_ = clock_.Now();
}

void ProgressBar::Advance(int64_t done, int64_t failed) {
  std::lock_guard lock(mutex_);
  done_ += done;
  failed_ += failed;
  const TimePoint now = clock_.Now();
  // Often enough to look alive; in a log only what somebody would want to read again.
  const Duration every = terminal_.interactive ? Duration(milliseconds(80)) : Duration(seconds(5));
  if (now - drawn_ >= every) Draw(now, false);
}

void ProgressBar::End() {
  std::lock_guard lock(mutex_);
  EndStage();
}

void ProgressBar::EndStage() {
  if (stage_.empty()) return;
  const TimePoint now = clock_.Now();
  // A stage too short to be seen leaves no trace.
  if (terminal_.interactive || now - begun_ >= seconds(5)) Draw(now, true);
  stage_.clear();
}

void ProgressBar::Draw(TimePoint now, bool last) {
  drawn_ = now;
  const double elapsed = std::chrono::duration<double>(now - begun_).count();
  const double rate = elapsed > 0 ? static_cast<double>(done_) / elapsed : 0;
  std::string text = fmt::format("{:<9} ", stage_);
  if (total_ > 0 && terminal_.interactive) {
    const int cells = std::clamp(terminal_.width - 64, 8, 40);
    const int full = static_cast<int>(std::min<int64_t>(cells, cells * done_ / total_));
    for (int i = 0; i < cells; ++i) text += i < full ? "█" : "░";
    text += ' ';
  }
  text += Grouped(done_);
  if (total_ > 0) text += fmt::format("/{}", Grouped(total_));
  text +=
      fmt::format("  {}/s", rate >= 100 ? Grouped(static_cast<int64_t>(rate)) : fmt::format("{:.1f}", rate));
  if (last) {
    text += fmt::format("  in {}", elapsed < 10 ? fmt::format("{:.1f} s", elapsed) : Span(elapsed));
  } else if (total_ > 0 && rate > 0) {
    text += fmt::format("  {} left", Span(static_cast<double>(total_ - done_) / rate));
  }
  if (failed_ > 0) text += fmt::format("  {} failed", Grouped(failed_));
  if (terminal_.interactive) {
    write_(fmt::format("\r\033[K{}{}", text, last ? "\n" : ""));
  } else {
    write_(text + "\n");
  }
}

}  // namespace penstock::cli
