// For tests only: an S3 server of this test program.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "aws/credentials.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/temporary_folder.h"
#include "base/uuid.h"

namespace penstock::store {

// versitygw (tools/install-versitygw) over a temporary folder, on loopback, for as long as it lives. Its
// region is us-east-1.
class VersitygwProcess {
 public:
  // NotFound: it is not installed.
  static Result<std::unique_ptr<VersitygwProcess>> Start(const std::string& source_folder) {
    const std::string program = source_folder + "/.deps/versitygw/versitygw";
    if (!std::filesystem::exists(program)) {
      return MakeError(ErrorCode::kNotFound, "versitygw is not there: " + program,
                       "run tools/install-versitygw");
    }
    std::unique_ptr<VersitygwProcess> server(new VersitygwProcess());
    Random random;
    server->credentials_ = {"test" + RandomUuid(random).substr(0, 8), RandomUuid(random), "", std::nullopt};
    std::filesystem::create_directory(server->folder_ / "objects");
    for (int attempt = 0; attempt < 20; ++attempt) {
      if (server->StartOnce(program)) return server;
    }
    return MakeError(ErrorCode::kUnavailable, "versitygw does not start");
  }
  ~VersitygwProcess() { Stop(); }

  const std::string& endpoint() const { return endpoint_; }
  const aws::Credentials& credentials() const { return credentials_; }
  // Where it keeps a bucket's objects, and what else it writes there.
  std::string FolderOf(const std::string& bucket) const { return folder_ / ("objects/" + bucket); }

 private:
  VersitygwProcess() = default;

  static sockaddr_in Loopback(uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  static uint16_t FreePort() {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof address;
    ::bind(probe, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(probe);
    return ntohs(address.sin_port);
  }

  // False: the port was taken meanwhile, so that it ended.
  bool StartOnce(const std::string& program) {
    const uint16_t port = FreePort();
    const std::string address = fmt::format("127.0.0.1:{}", port), root = folder_ / "objects";
    const std::string id = "ROOT_ACCESS_KEY_ID=" + credentials_.access_key_id;
    const std::string secret = "ROOT_SECRET_ACCESS_KEY=" + credentials_.secret_access_key;
    const char* const arguments[] = {program.c_str(), "--port", address.c_str(), "--quiet",
                                     "--keep-alive",  "posix",  root.c_str(),    nullptr};
    const char* const variables[] = {id.c_str(), secret.c_str(), "GOMAXPROCS=2", nullptr};
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const int null = ::open("/dev/null", O_RDWR);
      for (int fd = 0; fd <= 2; ++fd) ::dup2(null, fd);
      ::execve(program.c_str(), const_cast<char* const*>(arguments), const_cast<char* const*>(variables));
      ::_exit(127);
    }
    endpoint_ = "http://" + address;
    SystemClock clock;
    for (int waited_ms = 0; waited_ms < 20'000; waited_ms += 10) {
      if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
        pid_ = -1;
        return false;
      }
      const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const sockaddr_in to = Loopback(port);
      const bool answers = ::connect(probe, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
      ::close(probe);
      if (answers) return true;
      clock.SleepFor(std::chrono::milliseconds(10));
    }
    Stop();
    return false;
  }

  void Stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  TemporaryFolder folder_;
  std::string endpoint_;
  aws::Credentials credentials_;
  pid_t pid_ = -1;
};

}  // namespace penstock::store
