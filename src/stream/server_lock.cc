#include "stream/server_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/json.h"

namespace penstock::stream {
namespace {

constexpr size_t kMostBytes = 4096;

// A lock of the open file, as flock(2) has them, that can be asked for without being taken: who looks never
// stands in the way of who takes. Source: fcntl(2), "Open file description locks".
bool Control(int fd, int command, short type, struct flock* lock) {
  *lock = {};
  lock->l_type = type;
  lock->l_whence = SEEK_SET;
  return ::fcntl(fd, command, lock) == 0;
}

// Of an address that stands for all of this machine's, the one by which others reach it here.
std::string Reachable(std::string origin) {
  for (const auto& [any, loopback] :
       {std::pair("//0.0.0.0:", "//127.0.0.1:"), std::pair("//[::]:", "//[::1]:")}) {
    if (const size_t at = origin.find(any); at != std::string::npos)
      origin.replace(at, std::string(any).size(), loopback);
  }
  return origin;
}

std::string PathOf(const std::string& folder) { return folder + "/server.lock"; }

// Nothing: it says nothing yet.
StreamServer ReadServer(int fd, const std::string& path) {
  StreamServer server;
  std::string text;
  if (!store::ReadAt(fd, 0, kMostBytes, path, &text).ok()) return server;
  const auto document = ParseJson(text);
  if (!document.ok()) return server;
  server.pid = GetIntOr(*document, "pid", 0).ValueOr(0);
  server.origin = GetStringOr(*document, "origin", "").ValueOr("");
  return server;
}

}  // namespace

Result<ServerLock> ServerLock::Take(const std::string& folder) {
  const std::string path = PathOf(folder);
  store::FileHandle file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file.valid()) return store::ErrnoStatus(errno, "open", path);
  struct flock lock_of_file;
  if (!Control(file.get(), F_OFD_SETLK, F_WRLCK, &lock_of_file)) {
    if (errno != EAGAIN && errno != EACCES) return store::ErrnoStatus(errno, "lock", path);
    const StreamServer other = ReadServer(file.get(), path);
    return MakeError(ErrorCode::kConflict,
                     fmt::format("the streams of {} are served by process {}{}", folder, other.pid,
                                 other.origin.empty() ? "" : " at " + other.origin),
                     "use that one, or stop it first");
  }
  ServerLock lock(std::move(file), path);
  RETURN_IF_ERROR(lock.Publish(""));
  return lock;
}

Status ServerLock::Publish(std::string_view origin) {
  // In one write that is longer than what it replaces, or cut afterwards: a reader sees one or the other.
  std::string text = ToJson(
      json::object{{"pid", static_cast<int64_t>(::getpid())}, {"origin", Reachable(std::string(origin))}});
  text.resize(kMostBytes, ' ');
  if (::pwrite(file_.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return store::ErrnoStatus(errno, "write", path_);
  }
  return Status::OK();
}

Result<std::optional<StreamServer>> ServerLock::Find(const std::string& folder) {
  const std::string path = PathOf(folder);
  const store::FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) {
    if (errno == ENOENT) return std::nullopt;
    return store::ErrnoStatus(errno, "open", path);
  }
  struct flock other;
  if (!Control(file.get(), F_OFD_GETLK, F_RDLCK, &other)) return store::ErrnoStatus(errno, "look at", path);
  if (other.l_type == F_UNLCK) return std::nullopt;
  return ReadServer(file.get(), path);
}

}  // namespace penstock::stream
