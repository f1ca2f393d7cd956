// A child process in a process group of its own: started, limited, killed with all that it started, and
// waited for.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/status.h"

namespace penstock::lambda {

struct ChildOptions {
  std::vector<std::string> command;      // the program's path, then its arguments
  std::vector<std::string> environment;  // NAME=value, the whole of it
  std::string folder;                    // where it starts
  // NAME=value of `environment` that no other process has: by it are found what the child started and what
  // left its process group since (a daemon).
  std::string mark;
  // What each process may hold of private writable memory (RLIMIT_DATA), 0: no limit. RLIMIT_AS would count
  // what is only reserved, too: Node reserves gigabytes and does not start with less. A cgroup would count
  // what is used, but needs rights that few have.
  int64_t memory_bytes = 0;
};

struct ChildEnd {
  bool signaled = false;
  int code = 0;              // exit status, or the signal's number
  std::string Text() const;  // "exit status 1", "signal: killed"
};

// The program `name` as a shell would find it: by `path` (PATH's form), or, when it has a slash, relative to
// `folder`. NotFound: it is not there, or cannot be executed.
Result<std::string> FindProgram(const std::string& name, const std::string& folder, const std::string& path);

class ChildProcess {
 public:
  // Returns when the program runs. The child is killed by the kernel when the *thread* that called this ends,
  // so that it dies with us whatever kills us: call it from one that outlives the child. Configuration: it
  // cannot be started.
  static Result<std::unique_ptr<ChildProcess>> Start(const ChildOptions& options);
  // Kills, and waits.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  // Its stdout and stderr, non-blocking; they may stay open beyond its end, held by what it started.
  int output() const { return output_; }
  int errors() const { return errors_; }
  // Readable when it has ended.
  int ended() const { return ended_; }

  // SIGKILL to it, and to what it started. From any thread.
  void Kill();
  // Waits for its end; what it started is killed then. Once.
  ChildEnd Wait();

 private:
  ChildProcess() = default;
  void KillAll();

  pid_t pid_ = -1;
  int output_ = -1, errors_ = -1, ended_ = -1;
  std::string mark_;
  std::mutex mutex_;
  bool waited_ = false;  // its number may be another's now
};

}  // namespace penstock::lambda
