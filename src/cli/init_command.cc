#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <fstream>
#include <set>

#include "base/spelling.h"
#include "cli/command.h"
#include "cli/session.h"
#include "cli/templates.h"
#include "pipeline/config.h"

namespace penstock::cli {
namespace {

namespace fs = std::filesystem;

// What a folder may hold, for who sees it first.
constexpr std::pair<std::string_view, std::string_view> kPurposes[] = {
    {"pipeline.yaml", "what comes from where, under which quota, and when (edit me)"},
    {"symbols.csv", "one row a symbol"},
    {"definitions.json", "what is asked for, by key"},
    {"workflow.asl.json", "what a run does, as a state machine"},
    {"queries", "saved SQL"},
};

struct InitOptions {
  std::string name;
  std::string kind = "ftse100";
};

Status WriteNew(const fs::path& path, std::string_view text) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.flush();
  if (error || !file) {
    return MakeError(ErrorCode::kIo, fmt::format("cannot write {}", path.string()),
                     "is the folder writable, and the disk not full?");
  }
  return Status::OK();
}

Result<int> Init(const Session& session, const InitOptions& options) {
  std::set<std::string> kinds;
  for (const auto& file : TemplateFiles()) {
    if (const auto slash = file.path.find('/'); slash != std::string_view::npos) {
      kinds.insert(std::string(file.path.substr(0, slash)));
    }
  }
  const std::vector<std::string> known(kinds.begin(), kinds.end());
  if (!kinds.contains(options.kind)) {
    return MakeError(
        ErrorCode::kUsage,
        fmt::format("--template: no template {}{}", options.kind, DidYouMean(options.kind, known)),
        fmt::format("there are: {}", fmt::join(known, ", ")));
  }
  std::string given = options.name;
  while (given.size() > 1 && given.ends_with('/')) given.pop_back();
  const fs::path folder(given);
  const std::string name = folder.filename().string();
  if (!pipeline::IsPipelineName(name)) {
    return MakeError(
        ErrorCode::kUsage,
        fmt::format("a pipeline's name: expected lower-case letters, digits and hyphens, a letter first, at "
                    "most 40, got {}",
                    name),
        "it names the database in SQL and the prefix in the bucket, too");
  }
  std::error_code error;
  if (fs::exists(folder, error)) {
    return MakeError(ErrorCode::kUsage, fmt::format("{} exists already", folder.string()),
                     "choose another name, or remove it first; init never writes over anything");
  }
  for (const auto& file : TemplateFiles()) {
    if (!file.path.starts_with(options.kind + "/")) continue;
    std::string text(file.text);
    const std::string line = fmt::format("\nname: {}\n", options.kind);
    if (const auto at = text.find(line); file.path.ends_with("pipeline.yaml") && at != std::string::npos) {
      text.replace(at, line.size(), fmt::format("\nname: {}\n", name));
    }
    // The schema goes into the folder itself.
    if (const auto at = text.find("$schema=../"); at != std::string::npos) text.erase(at + 8, 3);
    RETURN_IF_ERROR(WriteNew(folder / file.path.substr(options.kind.size() + 1), text));
  }
  for (const auto& file : TemplateFiles()) {
    if (file.path == "pipeline.schema.json")
      RETURN_IF_ERROR(WriteNew(folder / "pipeline.schema.json", file.text));
  }
  std::string text = fmt::format("{}: a pipeline as {}\n\n", folder.string(), options.kind);
  for (const auto& [file, purpose] : kPurposes) {
    if (fs::exists(folder / file, error)) {
      text += fmt::format("  {:<{}} {}\n", fmt::format("{}/{}", folder.string(), file),
                          folder.string().size() + 19, purpose);
    }
  }
  session.Print(text +
                fmt::format("\nNext: penstock run {0} --demo      generated or recorded data, no network\n"
                            "      penstock run {0} --live      what is new, from the provider\n",
                            folder.string()));
  return 0;
}

}  // namespace

void AddInitCommand(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<InitOptions>();
  auto* verb = app.add_subcommand("init", "make a pipeline folder that runs as it is");
  verb->add_option("name", options->name, "the folder to make; its last part names the pipeline")->required();
  verb->add_option("--template", options->kind, "ftse100 (default), sp500, us-stocks, iex, fmp-eod …");
  verb->footer("Example: penstock init mylake --template ftse100");
  verb->callback(
      [&session, &action, options] { action = [&session, options] { return Init(session, *options); }; });
}

}  // namespace penstock::cli
