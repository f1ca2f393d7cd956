// Time as a parameter. Nothing else in the tree reads a clock or sleeps.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <string>

#include "base/status.h"

namespace penstock {

// UTC, microseconds since the epoch.
using TimePoint = std::chrono::sys_time<std::chrono::microseconds>;
using Duration = std::chrono::microseconds;

// Thread-safe. Lives for the whole process; passed by reference.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;
  // Waits until Now() >= `deadline`. False when `stop` was requested first.
  virtual bool SleepUntil(TimePoint deadline, std::stop_token stop = {}) = 0;
  bool SleepFor(Duration span, std::stop_token stop = {}) { return SleepUntil(Now() + span, stop); }
};

// The machine's clock. PENSTOCK_NOW (ISO 8601, UTC) starts it at that moment instead, for replays of the
// past.
class SystemClock : public Clock {
 public:
  SystemClock() = default;
  explicit SystemClock(Duration offset) : offset_(offset) {}
  TimePoint Now() const override;
  bool SleepUntil(TimePoint deadline, std::stop_token stop = {}) override;

 private:
  Duration offset_{0};
};

// Time since the machine started, its sleep included, from the epoch on: the same for all processes, and set
// by nobody. For spans; it begins anew with the machine.
class BootClock : public Clock {
 public:
  TimePoint Now() const override;
  bool SleepUntil(TimePoint deadline, std::stop_token stop = {}) override;
};

// A clock that a test moves. With `auto_advance`, a sleep jumps to its deadline at once; otherwise it blocks
// until Advance() reaches it.
class ManualClock : public Clock {
 public:
  explicit ManualClock(TimePoint start, bool auto_advance = true)
      : now_(start), auto_advance_(auto_advance) {}
  TimePoint Now() const override;
  bool SleepUntil(TimePoint deadline, std::stop_token stop = {}) override;
  void Advance(Duration span);
  void Set(TimePoint now);
  // How many threads are asleep now.
  int sleepers() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  TimePoint now_;
  const bool auto_advance_;
  int sleepers_ = 0;
};

// 2026-11-20T17:44:14.123Z (RFC 3339, UTC, milliseconds).
std::string FormatTimestamp(TimePoint time);
// Accepts RFC 3339 with 'Z' or an offset, with or without fractions. InvalidData otherwise.
Result<TimePoint> ParseTimestamp(std::string_view text);
// RFC 9110 section 5.6.7 IMF-fixdate: Sun, 06 Nov 1994 08:49:37 GMT.
std::string FormatHttpDate(TimePoint time);
Result<TimePoint> ParseHttpDate(std::string_view text);

}  // namespace penstock
