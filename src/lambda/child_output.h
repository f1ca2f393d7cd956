// What a handler prints, line by line to the log.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/log.h"

namespace penstock::lambda {

// Thread-safe.
class ChildOutput {
 public:
  // Reads from the two, which are non-blocking and outlive it. Of what is printed during one invocation
  // `most_bytes` are logged; the rest is read and counted, and the log says how much it was.
  ChildOutput(int output, int errors, int64_t most_bytes, Logger logger);

  // Reads what is there now, at most a few MiB. False when both have ended.
  bool Read();
  // What is read from here on belongs to `request_id`; a line that has not ended yet ends.
  void BeginRequest(std::string request_id);
  // The descriptors that may still give something, -1 for one that has ended.
  std::array<int, 2> open() const;
  // The last it printed, on stderr if there was anything, otherwise on stdout; at most 4 KiB.
  std::string Tail() const;
  // Logs lines that have not ended.
  void Flush();

 private:
  struct Stream {
    int fd = -1;
    std::string_view name;
    std::string line = {};
    std::string tail = {};
  };
  void Take(Stream& stream, std::string_view bytes);
  void WriteLine(Stream& stream);
  void FlushLocked();

  mutable std::mutex mutex_;
  std::array<Stream, 2> streams_;
  const int64_t most_bytes_;
  const Logger logger_;
  std::string request_id_;
  int64_t logged_ = 0;
  int64_t cut_ = 0;
};

}  // namespace penstock::lambda
