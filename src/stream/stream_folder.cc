#include "stream/stream_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "base/json.h"
#include "store/folder_paths.h"

namespace penstock::stream {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSpecFile = "stream.json";

std::string PathOf(const std::string& folder, std::string_view name) {
  return fmt::format("{}/{}", folder, name);
}

Status SyncFolder(const std::string& folder) {
  const store::FileHandle handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle.valid() && ::fsync(handle.get()) == 0) return Status::OK();
  return store::ErrnoStatus(errno, "sync", folder);
}

Result<StreamSpec> ParseSpec(std::string_view bytes) {
  ASSIGN_OR_RETURN(const json::value document, ParseJson(bytes));
  return StreamSpecFromJson(document);
}

}  // namespace

std::string StreamFolderOf(const std::string& folder, std::string_view name) { return PathOf(folder, name); }
std::string LogFolderOf(const std::string& folder, std::string_view name) {
  return PathOf(StreamFolderOf(folder, name), "log");
}

Result<std::vector<std::string>> StreamNames(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (fs::exists(at->path() / kSpecFile, ignored)) names.push_back(at->path().filename().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return store::ErrnoStatus(error.value(), "list", folder);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<StreamSpec> ReadStreamSpec(const std::string& folder, std::string_view name) {
  const std::string path = PathOf(StreamFolderOf(folder, name), kSpecFile);
  // What a person typed may be no name at all.
  const bool is_name = !name.empty() && name[0] != '.' && name.find('/') == name.npos;
  ASSIGN_OR_RETURN(const auto text, is_name ? ReadFileOf(path) : std::nullopt);
  if (!text) {
    return MakeError(ErrorCode::kNotFound, fmt::format("no delivery stream {} in {}", name, folder),
                     "`penstock stream ls` lists them");
  }
  auto spec = ParseSpec(*text);
  if (spec.ok()) return spec;
  return MakeError(
      ErrorCode::kCorrupt, fmt::format("{}: {}", path, spec.status().message()),
      "it was written by another version, or changed by hand; restore it, or move the folder away");
}

Result<std::vector<StreamSpec>> ReadStreamSpecs(const std::string& folder) {
  std::vector<StreamSpec> specs;
  ASSIGN_OR_RETURN(const auto names, StreamNames(folder));
  for (const auto& name : names) {
    auto spec = ReadStreamSpec(folder, name);
    if (CodeOf(spec.status()) == ErrorCode::kNotFound) continue;  // deleted meanwhile
    RETURN_IF_ERROR(spec.status());
    specs.push_back(*std::move(spec));
  }
  return specs;
}

Status WriteStreamSpec(const std::string& folder, const StreamSpec& spec) {
  return ReplaceFile(StreamFolderOf(folder, spec.name), kSpecFile, ToPrettyJson(ToJson(spec)));
}

Status RemoveStream(const std::string& folder, std::string_view name) {
  const std::string path = StreamFolderOf(folder, name);
  RETURN_IF_ERROR(RemoveFile(path, kSpecFile));
  std::error_code error;
  fs::remove_all(path, error);
  return error ? store::ErrnoStatus(error.value(), "remove", path) : Status::OK();
}

Result<std::optional<std::string>> ReadFileOf(const std::string& path) {
  const store::FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) {
    if (errno == ENOENT) return std::nullopt;
    return store::ErrnoStatus(errno, "read", path);
  }
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) return store::ErrnoStatus(errno, "read", path);
  std::string text;
  RETURN_IF_ERROR(store::ReadAt(file.get(), 0, info.st_size, path, &text));
  return text;
}

Status ReplaceFile(const std::string& folder, std::string_view name, std::string_view bytes) {
  const std::string path = PathOf(folder, name);
  const std::string temporary = path + ".new";
  {
    const store::FileHandle file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file.valid()) return store::ErrnoStatus(errno, "write", temporary);
    RETURN_IF_ERROR(store::WriteAll(file.get(), bytes, temporary));
    if (::fsync(file.get()) != 0) return store::ErrnoStatus(errno, "sync", temporary);
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return store::ErrnoStatus(errno, "replace", path);
  return SyncFolder(folder);
}

Status RemoveFile(const std::string& folder, std::string_view name) {
  const std::string path = PathOf(folder, name);
  if (::unlink(path.c_str()) == 0) return SyncFolder(folder);
  return errno == ENOENT ? Status::OK() : store::ErrnoStatus(errno, "remove", path);
}

}  // namespace penstock::stream
