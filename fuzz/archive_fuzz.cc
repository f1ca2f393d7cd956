// Any bytes, in pieces of any size: an answer, never more than the limits, and the same files however they
// flow.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "source/archive/archive_reader.h"
#include "source/archive/entry_name.h"

namespace {

using namespace penstock;
using namespace penstock::source;

std::vector<std::string> FilesOf(std::string_view bytes, size_t piece) {
  ArchiveLimits limits;
  limits.max_entry_bytes = 256 << 10;
  limits.max_entries = 200;
  limits.max_total_bytes = 1 << 20;
  limits.max_held_bytes = 64 << 10;
  std::vector<std::string> files;
  MemorySource source(bytes, piece);
  const ArchiveVisitor visitor{
      [&](const std::string& name, std::string_view file) {
        if (file.empty() || static_cast<int64_t>(file.size()) > limits.max_entry_bytes) std::abort();
        if (const size_t at = name.rfind(kArchiveSeparator);
            at != std::string::npos && !FaultOfEntryName(name.substr(at + 1)).empty()) {
          std::abort();
        }
        files.push_back(name + "=" + std::string(file));
        return Status::OK();
      },
      [](const RefusedEntry& entry) {
        if (entry.reason.empty()) std::abort();
        return Status::OK();
      }};
  const auto counts = ReadArchive(source, "outer", limits, visitor);
  if (!counts.ok() || counts->files != static_cast<int64_t>(files.size())) std::abort();
  return files;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (FilesOf(bytes, 1 << 20) != FilesOf(bytes, 997)) std::abort();
  return 0;
}
