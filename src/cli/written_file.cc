#include "cli/written_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "cli/session.h"

namespace penstock::cli {

Result<int> WriteTextFile(const Session& session, std::string_view text, const std::string& path) {
  errno = 0;
  std::ofstream out(path, std::ios::binary);
  out << text;
  if (!out.flush())
    return MakeError(ErrorCode::kIo, fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  session.Remark(fmt::format("{} written\n", path));
  return 0;
}

}  // namespace penstock::cli
