// Who serves the streams of a folder: one process, which others can find.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "store/folder_paths.h"

namespace penstock::stream {

struct StreamServer {
  int64_t pid = 0;
  std::string origin;  // http://127.0.0.1:8181; empty: it does not listen
};

// FOLDER/server.lock, locked as long as the object lives; in it {"pid", "origin"}.
class ServerLock {
 public:
  // Conflict: another process has it, which the text names.
  static Result<ServerLock> Take(const std::string& folder);
  // Where this process answers; of a wildcard address the loopback one is told.
  Status Publish(std::string_view origin);

  // The process that has it now; nothing: nobody.
  static Result<std::optional<StreamServer>> Find(const std::string& folder);

 private:
  ServerLock(store::FileHandle file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
  store::FileHandle file_;
  std::string path_;
};

}  // namespace penstock::stream
