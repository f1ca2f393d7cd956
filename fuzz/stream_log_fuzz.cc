// Any bytes as a segment of a log: what is read is ascending, stands in the bytes, and is the same whatever
// is asked for at once.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/temporary_folder.h"
#include "stream/log_reader.h"

namespace {

using namespace penstock::stream;
using Records = std::vector<std::pair<uint64_t, std::string>>;

constexpr SegmentName kSegment{.first = 100, .mark = 0x31474f4c};  // "LOG1": that of the corpus

Records ReadAll(const std::string& folder, size_t most_bytes) {
  Records all;
  auto reader = LogReader::Open(folder, kSegment.first);
  if (!reader.ok()) std::abort();
  for (;;) {
    const auto records = (*reader)->Next(most_bytes);
    if (!records.ok()) std::abort();
    if (records->empty()) return all;
    for (const auto& record : *records) {
      if (!all.empty() && record.sequence <= all.back().first) std::abort();
      all.emplace_back(record.sequence, record.data);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const penstock::TemporaryFolder folder;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // Written over: ext4 waits for the disk when a file is cut to nothing and written again.
  static std::ofstream file(folder / FileNameOf(kSegment), std::ios::binary);
  file.seekp(0).write(bytes.data(), static_cast<std::streamsize>(size)).flush();
  std::filesystem::resize_file(folder / FileNameOf(kSegment), size);
  const auto all = ReadAll(folder.path(), 1 << 20);
  if (all != ReadAll(folder.path(), 1)) std::abort();
  size_t at = 0;
  for (const auto& [sequence, record] : all) {
    at = bytes.find(record, at);
    if (sequence < kSegment.first || at == std::string_view::npos) std::abort();
    at += record.size();
  }
  return 0;
}
