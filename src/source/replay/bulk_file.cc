#include "source/replay/bulk_file.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace penstock::source {
namespace {

constexpr size_t kMaxBytes = 1 << 30;
constexpr std::string_view kHeader = "Date,Open,High,Low,Close,Volume,Name";

Result<std::string> Decompress(const std::string& bytes, const std::string& file) {
  const auto size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN) {
    return MakeError(ErrorCode::kInvalidData, "not a Zstandard file of known size: " + file);
  }
  if (size > kMaxBytes) return MakeError(ErrorCode::kTooLarge, fmt::format("{} bytes in {}", size, file));
  std::string text(size, '\0');
  const size_t written = ZSTD_decompress(text.data(), text.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(written) || written != text.size()) {
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("damaged ({}): {}", ZSTD_getErrorName(written), file),
                     "take the file from the project again");
  }
  return text;
}

}  // namespace

Result<std::map<std::string, BarText, std::less<>>> ReadBulkFile(const std::string& file) {
  std::string compressed;
  {
    std::ifstream in(file, std::ios::binary | std::ios::ate);
    if (!in.is_open()) return MakeError(ErrorCode::kNotFound, "no recorded bars: " + file);
    compressed.resize(static_cast<size_t>(in.tellg()));
    in.seekg(0);
    in.read(compressed.data(), static_cast<std::streamsize>(compressed.size()));
    if (!in) return MakeError(ErrorCode::kIo, "cannot be read: " + file);
  }
  ASSIGN_OR_RETURN(std::string content, Decompress(compressed, file));
  const auto text = std::make_shared<const std::string>(std::move(content));
  const auto rows = std::make_shared<std::vector<BarText::Row>>();
  rows->reserve(text->size() / 45);

  struct Group {
    std::string name;
    size_t first = 0, count = 0;
  };
  std::vector<Group> groups;
  size_t at = 0;
  for (int64_t line = 1; at < text->size(); ++line) {
    const size_t end = std::min(text->find('\n', at), text->size());
    const std::string_view content_of_line(text->data() + at, end - at);
    if (line == 1) {
      if (content_of_line != kHeader) return MakeError(ErrorCode::kInvalidData, "another header in " + file);
    } else if (!content_of_line.empty()) {
      std::string_view name;
      const auto row = ReadBarRow(*text, at, end, &name);
      if (!row.ok()) return WithContext(row.status(), fmt::format("{}:{}", file, line));
      if (groups.empty() || groups.back().name != name) {
        groups.push_back({std::string(name), rows->size(), 0});
      } else if (rows->back().day >= row->day) {
        return MakeError(ErrorCode::kInvalidData, fmt::format("{}:{}: rows do not ascend", file, line));
      }
      rows->push_back(*row);
      ++groups.back().count;
    }
    at = end + 1;
  }
  std::map<std::string, BarText, std::less<>> symbols;
  for (const Group& group : groups) {
    if (!symbols.emplace(group.name, BarText(text, rows, group.first, group.count)).second) {
      return MakeError(ErrorCode::kInvalidData,
                       fmt::format("rows of {} stand apart in {}", group.name, file));
    }
  }
  return symbols;
}

}  // namespace penstock::source
