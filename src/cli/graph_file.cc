#include "cli/graph_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace penstock::cli {

Result<int> WriteGraphFile(const Session& session, const workflow::GraphBlock& graph,
                           const std::string& title, const std::string& path) {
  errno = 0;
  std::ofstream out(path, std::ios::binary);
  out << workflow::GraphAsSvg(graph, title);
  if (!out.flush())
    return MakeError(ErrorCode::kIo, fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  session.Remark(fmt::format("{} written\n", path));
  return 0;
}

}  // namespace penstock::cli
