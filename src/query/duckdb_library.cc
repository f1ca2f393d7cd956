#include "query/duckdb_library.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace penstock::query {

std::vector<std::string> DuckDbCandidates() {
  std::vector<std::string> candidates;
  if (const char* path = std::getenv("PENSTOCK_DUCKDB"); path != nullptr && *path != '\0') {
    return {path};  // what was asked for, or nothing
  }
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) {
    candidates.push_back((program.parent_path() / "../lib/libduckdb.so").lexically_normal().string());
    candidates.push_back((program.parent_path() / "libduckdb.so").string());
  }
#ifdef PENSTOCK_DUCKDB_LIBRARY
  candidates.push_back(PENSTOCK_DUCKDB_LIBRARY);
#endif
  return candidates;
}

Status CheckDuckDbVersion(std::string_view version, std::string_view path) {
  if (version == kDuckDbVersion) return Status::OK();
  return MakeError(
      ErrorCode::kConfiguration,
      std::string(path) + " is DuckDB " + std::string(version) + ", and this program works with " +
          std::string(kDuckDbVersion),
      "put libduckdb.so of that version there, or name one with PENSTOCK_DUCKDB=/path/libduckdb.so");
}

Result<DuckDbApi> LoadDuckDb(const std::vector<std::string>& candidates) {
  std::string looked;
  for (const std::string& path : candidates) {
    looked += (looked.empty() ? "" : ", ") + path;
    if (access(path.c_str(), F_OK) != 0) continue;
    // RTLD_LOCAL: no symbol of it is offered to others. The other way round needs no RTLD_DEEPBIND: libarrow,
    // libparquet and libduckdb share no symbol but libstdc++'s type names (a test counts them).
    void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
      return MakeError(
          ErrorCode::kConfiguration, "cannot load DuckDB: " + std::string(dlerror()),
          "install it again (make build), or name another one with PENSTOCK_DUCKDB=/path/libduckdb.so");
    }
    DuckDbApi api;
    api.path = path;
    std::string absent;
#define PENSTOCK_DUCKDB_LOAD(name)                                                 \
  api.name = reinterpret_cast<decltype(api.name)>(dlsym(handle, "duckdb_" #name)); \
  if (api.name == nullptr && absent.empty()) absent = "duckdb_" #name;
    PENSTOCK_DUCKDB_FUNCTIONS(PENSTOCK_DUCKDB_LOAD)
#undef PENSTOCK_DUCKDB_LOAD
    if (api.library_version != nullptr) RETURN_IF_ERROR(CheckDuckDbVersion(api.library_version(), path));
    if (!absent.empty()) {
      return MakeError(ErrorCode::kConfiguration,
                       path + " is not DuckDB " + std::string(kDuckDbVersion) + ": it lacks " + absent,
                       "name the right file with PENSTOCK_DUCKDB=/path/libduckdb.so");
    }
    return api;
  }
  return MakeError(ErrorCode::kConfiguration, "DuckDB's library is not there; looked at: " + looked,
                   "run make build, or name it with PENSTOCK_DUCKDB=/path/libduckdb.so");
}

}  // namespace penstock::query
