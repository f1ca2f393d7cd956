#include "cli/run_target.h"

#include <CLI/CLI.hpp>

namespace penstock::cli {

void RunTarget::AddTo(CLI::App& verb) {
  auto* live_flag = verb.add_flag("--live", live, "ask the provider itself, whatever pipeline.yaml says");
  auto* demo_flag =
      verb.add_flag("--demo", demo, "recorded and generated data from the built-in replay server");
  auto* option =
      verb.add_option("--endpoint", endpoint, "ask this server instead, e.g. of `penstock replay`; no quota");
  live_flag->excludes(demo_flag)->excludes(option);
  demo_flag->excludes(option);
}

}  // namespace penstock::cli
