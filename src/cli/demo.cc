#include "cli/demo.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/log.h"
#include "calendar/exchange_calendar.h"
#include "pipeline/pipeline.h"
#include "source/replay/replay_server.h"

namespace penstock::cli {

namespace fs = std::filesystem;

Result<std::string> FindDataFolder() {
  std::vector<fs::path> candidates;
  if (const char* folder = std::getenv("PENSTOCK_DATA"); folder != nullptr && *folder != '\0') {
    candidates.emplace_back(folder);
  } else {
    candidates.emplace_back("data");
    std::error_code error;
    const fs::path binary = fs::read_symlink("/proc/self/exe", error);
    if (!error) {
      candidates.push_back(binary.parent_path().parent_path() / "share/penstock/data");
      candidates.push_back(binary.parent_path().parent_path().parent_path() / "data");
    }
  }
  std::string tried;
  for (const auto& candidate : candidates) {
    std::error_code error;
    if (fs::is_regular_file(candidate / "MANIFEST.tsv", error)) return candidate.string();
    tried += fmt::format("{}{}", tried.empty() ? "" : ", ", candidate.string());
  }
  return MakeError(ErrorCode::kConfiguration,
                   fmt::format("no recorded data; looked for MANIFEST.tsv in {}", tried),
                   "run from a checkout or a package of Penstock, or set PENSTOCK_DATA");
}

Result<std::unique_ptr<source::ReplayServer>> StartDemoServer(const pipeline::Pipeline& pipeline,
                                                              const Clock& clock) {
  source::ReplayOptions options;
  ASSIGN_OR_RETURN(options.data_dir, FindDataFolder());
  if (!pipeline.config.exchange.empty()) options.calendar = pipeline.config.exchange;
  options.generate_any = true;
  return source::ReplayServer::Start(options, clock);
}

void PrepareDemo(pipeline::Pipeline& pipeline) {
  if (!pipeline.config.demo) return;
  if (auto& history = pipeline.config.batch.history_from; history) {
    history = std::max(*history, pipeline.config.demo->from);
  }
  for (const auto& symbol : pipeline.config.demo->symbols) {
    auto& symbols = pipeline.symbols;
    if (std::find(symbols.begin(), symbols.end(), symbol) == symbols.end()) symbols.push_back(symbol);
  }
}

Result<std::vector<DateRange>> DemoDays(const pipeline::Pipeline& pipeline) {
  if (!pipeline.config.demo) {
    return MakeError(ErrorCode::kConfiguration,
                     fmt::format("{}: no demo: in this pipeline", pipeline.config.file),
                     "say the days by --date or --from and --to");
  }
  const auto& demo = *pipeline.config.demo;
  const auto sessions = pipeline.calendar->Sessions(demo.from, demo.to);
  const size_t daily = std::min(static_cast<size_t>(demo.daily), sessions.size());
  std::vector<DateRange> days;
  if (sessions.size() > daily) days.push_back({sessions.front(), sessions[sessions.size() - daily - 1]});
  for (size_t i = sessions.size() - daily; i < sessions.size(); ++i)
    days.push_back({sessions[i], sessions[i]});
  return days;
}

}  // namespace penstock::cli
