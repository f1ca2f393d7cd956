#include "source/replay/tar_text.h"

#include <fmt/format.h>

#include "source/inflate.h"

namespace penstock::source {
namespace {

constexpr size_t kBlock = 512;

// Source: POSIX.1-1988, section 10.1.1 (ustar). Names longer than 100 bytes are not needed here.
std::string HeaderOf(std::string_view name, size_t bytes, int64_t modified_s) {
  std::string header(kBlock, '\0');
  const auto put = [&header](size_t at, std::string_view text) { header.replace(at, text.size(), text); };
  put(0, name);
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(124, fmt::format("{:011o}", bytes));
  put(136, fmt::format("{:011o}", modified_s));
  put(148, "        ");  // the checksum, as if it were blanks
  put(156, "0");
  put(257, std::string_view("ustar\0"
                            "00",
                            8));
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(148, fmt::format("{:06o}", sum) + std::string(1, '\0'));
  return header;
}

}  // namespace

Result<std::string> MakeTarGz(const std::vector<std::pair<std::string, std::string>>& files,
                              TimePoint modified) {
  const int64_t seconds =
      std::chrono::duration_cast<std::chrono::seconds>(modified.time_since_epoch()).count();
  std::string tar;
  for (const auto& [name, bytes] : files) {
    if (name.size() > 100) return MakeError(ErrorCode::kInternal, "too long for a tar header: " + name);
    tar += HeaderOf(name, bytes.size(), seconds);
    tar += bytes;
    tar.append((kBlock - bytes.size() % kBlock) % kBlock, '\0');
  }
  tar.append(2 * kBlock, '\0');
  return Deflate(tar);
}

}  // namespace penstock::source
