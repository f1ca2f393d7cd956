#include "aws/process_credentials.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "aws/credential_document.h"
#include "base/json.h"

extern char** environ;

namespace penstock::aws {
namespace {

constexpr size_t kLongestOutput = 64 << 10;
constexpr std::chrono::milliseconds kSlice{100};  // how soon a stop is seen

// A child in a process group of its own, whose standard output we read. Killed and waited for at the latest
// here.
class Child {
 public:
  ~Child() {
    if (pid_ > 0) {
      ::kill(-pid_, SIGKILL);
      while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
      }
    }
    if (output_ >= 0) ::close(output_);
  }

  Status Start(const std::string& command) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return Fail("cannot make a pipe", errno);
    output_ = ends[0];
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
    std::string shell = "sh", option = "-c", text = command;
    char* arguments[] = {shell.data(), option.data(), text.data(), nullptr};
    const int error = ::posix_spawn(&pid_, "/bin/sh", &files, &attributes, arguments, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    ::close(ends[1]);
    if (error != 0) {
      pid_ = -1;
      return Fail("cannot run /bin/sh", error);
    }
    return Status::OK();
  }

  // All that it prints until it closes its output.
  Result<std::string> Read(std::chrono::milliseconds limit, std::stop_token stop) {
    std::string text;
    std::chrono::milliseconds waited{0};
    for (;;) {
      if (stop.stop_requested()) {
        return MakeError(ErrorCode::kCancelled, "cancelled while credential_process ran");
      }
      pollfd waiting{output_, POLLIN, 0};
      const int ready = ::poll(&waiting, 1, static_cast<int>(std::min(kSlice, limit).count()));
      if (ready == 0 && (waited += kSlice) >= limit) {
        return MakeError(ErrorCode::kTimeout,
                         fmt::format("credential_process was silent for {} s", limit.count() / 1000),
                         "run the command by hand: it has to end by itself");
      }
      if (ready <= 0) continue;
      char piece[4096];
      const ssize_t size = ::read(output_, piece, sizeof piece);
      if (size == 0) return text;
      if (size < 0 && errno != EINTR) return Fail("cannot read what it prints", errno);
      if (size > 0) text.append(piece, static_cast<size_t>(size));
      if (text.size() > kLongestOutput) {
        return MakeError(ErrorCode::kInvalidData, "credential_process printed more than 64 KiB");
      }
    }
  }

  // The status that waitpid gives. It closed its output: it is about to end.
  Result<int> End(std::chrono::milliseconds limit, std::stop_token stop) {
    int status = 0;
    for (std::chrono::milliseconds waited{0}; waited < limit && !stop.stop_requested(); waited += kSlice) {
      for (int i = 0; i < 20; ++i) {
        if (::waitpid(pid_, &status, WNOHANG) == pid_) {
          pid_ = -1;
          return status;
        }
        ::poll(nullptr, 0, static_cast<int>(kSlice.count() / 20));
      }
    }
    return MakeError(stop.stop_requested() ? ErrorCode::kCancelled : ErrorCode::kTimeout,
                     "credential_process closed its output and did not end");
  }

 private:
  static Status Fail(std::string_view what, int error) {
    return MakeError(ErrorCode::kIo, fmt::format("credential_process: {}: {}", what, std::strerror(error)));
  }

  pid_t pid_ = -1;
  int output_ = -1;
};

}  // namespace

Result<Credentials> RunCredentialProcess(const std::string& command, std::chrono::milliseconds limit,
                                         std::stop_token stop) {
  Child child;
  RETURN_IF_ERROR(child.Start(command));
  ASSIGN_OR_RETURN(const std::string text, child.Read(limit, stop));
  ASSIGN_OR_RETURN(const int status, child.End(limit, stop));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return MakeError(ErrorCode::kUnauthenticated,
                     WIFEXITED(status)
                         ? fmt::format("credential_process ended with code {}", WEXITSTATUS(status))
                         : fmt::format("credential_process was ended by signal {}", WTERMSIG(status)),
                     "run the command of the profile by hand");
  }
  ASSIGN_OR_RETURN(Credentials credentials, ParseCredentialDocument(text, "credential_process"));
  const auto version = GetInt(*ParseJson(text), "Version");
  if (!version.ok() || *version != 1) {
    return MakeError(ErrorCode::kInvalidData, "credential_process gave a document that is not of Version 1");
  }
  return credentials;
}

}  // namespace penstock::aws
