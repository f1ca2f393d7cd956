#include "pipeline/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/json_text.h"
#include "base/spelling.h"
#include "calendar/exchange_calendar.h"
#include "lake/daily_bars.h"
#include "lake/rules.h"
#include "pipeline/records/iex_environment.h"
#include "pipeline/records/series_list.h"
#include "pipeline/step.h"
#include "source/symbols.h"
#include "workflow/definition.h"

namespace penstock::pipeline {
namespace {

namespace fs = std::filesystem;

// Where pipelines lie: below the current folder, and beside an installed binary.
std::vector<fs::path> LocalRoots() { return {fs::path("."), fs::path("pipelines")}; }
std::vector<fs::path> Roots() {
  std::vector<fs::path> roots = LocalRoots();
  std::error_code error;
  const fs::path binary = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    roots.push_back(binary.parent_path().parent_path() / "share/penstock/pipelines");
    // build/release/penstock of a checkout.
    roots.push_back(binary.parent_path().parent_path().parent_path() / "pipelines");
  }
  return roots;
}

bool IsPipelineFolder(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path / "pipeline.yaml", error);
}

// Their names, ascending.
std::vector<std::string> PipelinesBelow(const std::vector<fs::path>& roots) {
  std::vector<std::string> names;
  for (const auto& root : roots) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(root, error)) {
      if (IsPipelineFolder(entry.path())) names.push_back(entry.path().filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Result<std::string> ReadText(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return MakeError(
        ErrorCode::kConfiguration, fmt::format("cannot read {}", path.string()),
        "every pipeline folder has pipeline.yaml and workflow.asl.json; `penstock init` makes one");
  }
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void ReplaceAll(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

// What the deployment fills in on AWS: ${DeadLetterQueueUrl}, ${Bucket}, ${Prefix}, ${Database}, and
// ${Query.NAME}, the text of queries/NAME.sql.
Status FillPlaceholders(Pipeline& pipeline) {
  std::string& text = pipeline.workflow;
  ReplaceAll(text, "${DeadLetterQueueUrl}", pipeline.dead_letter_queue());
  ReplaceAll(text, "${Bucket}", kEmbeddedBucket);
  ReplaceAll(text, "${Prefix}", pipeline.config.prefix);
  ReplaceAll(text, "${Database}", pipeline.config.database());
  constexpr std::string_view kQuery = "${Query.";
  for (size_t at = 0; (at = text.find(kQuery, at)) != std::string::npos;) {
    const size_t end = text.find('}', at);
    if (end == std::string::npos) break;
    const std::string name = text.substr(at + kQuery.size(), end - at - kQuery.size());
    ASSIGN_OR_RETURN(const std::string sql, ReadText(fs::path(pipeline.queries_folder()) / (name + ".sql")));
    // Inside a JSON string already.
    std::string quoted = JsonText(json::value(sql));
    quoted = quoted.substr(1, quoted.size() - 2);
    text.replace(at, end + 1 - at, quoted);
    at += quoted.size();
  }
  return Status::OK();
}

Result<std::vector<lake::RuleSpec>> ToRules(const PipelineConfig& config, const std::string& table) {
  std::vector<lake::RuleSpec> rules;
  const TableConfig* found = config.Table(table);
  if (found == nullptr) return rules;
  for (const auto& rule : found->rules) {
    rules.push_back({rule.name, rule.kind, rule.parameters,
                     rule.severity == "warn" ? lake::Severity::kWarn : lake::Severity::kReject});
  }
  return rules;
}

// Each rule by itself, so that the fault names its line.
Status CheckRules(const PipelineConfig& config, const lake::TableSpec& spec) {
  const TableConfig* found = config.Table(spec.name);
  for (size_t i = 0; found != nullptr && i < found->rules.size(); ++i) {
    lake::TableSpec one = spec;
    one.rules = {spec.rules[i]};
    const Status made = lake::Validator::Make(one).status();
    if (!made.ok()) {
      return MakeError(CodeOf(made), fmt::format("{}: {}", found->rules[i].where, made.message()),
                       "correct the rule; docs/rules.md says what each kind takes");
    }
  }
  return Status::OK();
}

// The steps that the Tasks name are known, before anything is fetched.
Status CheckSteps(const json::value& node) {
  if (const auto* list = node.if_array()) {
    for (const auto& item : *list) RETURN_IF_ERROR(CheckSteps(item));
  }
  const auto* object = node.if_object();
  if (object == nullptr) return Status::OK();
  for (const auto& member : *object) {
    if (member.key() == "FunctionName" && member.value().is_string()) {
      RETURN_IF_ERROR(FindStep(std::string_view(member.value().get_string())).status());
    }
    RETURN_IF_ERROR(CheckSteps(member.value()));
  }
  return Status::OK();
}

Status CheckWorkflow(const std::string& definition) {
  RETURN_IF_ERROR(workflow::ParseDefinition(definition).status());
  ASSIGN_OR_RETURN(const json::value document, ParseJson(definition));
  return CheckSteps(document);
}

Status LoadCalendar(Pipeline& pipeline) {
  const auto calendar = calendar::ExchangeCalendar::Find(pipeline.config.exchange);
  if (!calendar.ok()) {
    return MakeError(ErrorCode::kConfiguration,
                     fmt::format("{}: exchange: {}", pipeline.config.file, calendar.status().message()),
                     fmt::format("known: {}", fmt::join(calendar::ExchangeCalendar::Known(), ", ")));
  }
  pipeline.calendar = *calendar;
  return Status::OK();
}

Status LoadStream(Pipeline& pipeline) {
  RETURN_IF_ERROR(LoadCalendar(pipeline));
  pipeline.config.stream->folder = pipeline.folder;
  const std::string& renamed = pipeline.config.collect.renamed;
  if (renamed.empty()) return Status::OK();
  ASSIGN_OR_RETURN(pipeline.renamed, RenamedTickers::Read((fs::path(pipeline.folder) / renamed).string()));
  return Status::OK();
}

// The calendar, the symbols, the tables of bars.
Status LoadMarket(Pipeline& pipeline) {
  RETURN_IF_ERROR(LoadCalendar(pipeline));
  const SymbolsConfig& symbols = pipeline.config.source.symbols;
  ASSIGN_OR_RETURN(
      const auto entries,
      source::ReadSymbolEntries((fs::path(pipeline.folder) / symbols.file).string(), symbols.column));
  for (const auto& entry : entries) {
    pipeline.symbols.push_back(entry.symbol);
    if (entry.delisted) pipeline.delisted[entry.symbol] = *entry.delisted;
  }

  pipeline.bars = lake::DailyBarsTable();
  pipeline.actions = lake::ActionsTable();
  ASSIGN_OR_RETURN(pipeline.bars.rules, ToRules(pipeline.config, "bars"));
  ASSIGN_OR_RETURN(pipeline.actions.rules, ToRules(pipeline.config, "actions"));
  for (const auto& table : pipeline.config.tables) {
    if (table.name != "bars" && table.name != "actions") {
      return MakeError(ErrorCode::kConfiguration,
                       fmt::format("{}: tables: no such table: {}", pipeline.config.file, table.name),
                       "known: bars, actions");
    }
  }
  for (lake::TableSpec* spec : {&pipeline.bars, &pipeline.actions}) {
    spec->rule_version = static_cast<int>(pipeline.config.rule_version);
    RETURN_IF_ERROR(lake::CheckSpec(*spec));
    RETURN_IF_ERROR(CheckRules(pipeline.config, *spec));
  }
  return Status::OK();
}

}  // namespace

std::vector<std::string> KnownPipelines() { return PipelinesBelow(Roots()); }

std::vector<std::string> LocalPipelines() { return PipelinesBelow(LocalRoots()); }

Result<std::string> FindPipelineFolder(std::string_view name) {
  const fs::path given{std::string(name)};
  if (given.filename() == "pipeline.yaml")
    return fs::absolute(given).parent_path().lexically_normal().string();
  std::string tried;
  for (const auto& root : Roots()) {
    const fs::path candidate = given.is_absolute() ? given : root / given;
    if (IsPipelineFolder(candidate)) {
      std::string folder = fs::absolute(candidate).lexically_normal().string();
      while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
      return folder;
    }
    tried += fmt::format("{}{}", tried.empty() ? "" : ", ",
                         (candidate / "pipeline.yaml").lexically_normal().string());
    if (given.is_absolute()) break;
  }
  const auto known = KnownPipelines();
  return MakeError(ErrorCode::kConfiguration,
                   fmt::format("no pipeline {}{}; looked for {}", name, DidYouMean(name, known), tried),
                   known.empty() ? "make one with `penstock init NAME --template ftse100`"
                                 : fmt::format("there are: {}", fmt::join(known, ", ")));
}

Result<Pipeline> LoadPipeline(std::string_view name) {
  Pipeline pipeline;
  ASSIGN_OR_RETURN(pipeline.folder, FindPipelineFolder(name));
  const fs::path folder(pipeline.folder);
  const std::string file = (folder / "pipeline.yaml").string();
  ASSIGN_OR_RETURN(const std::string yaml, ReadText(file));
  ASSIGN_OR_RETURN(pipeline.config, ParseConfig(yaml, file));
  if (HasDefinitions(pipeline)) {
    ASSIGN_OR_RETURN(const auto environment, ReadIexEnvironment());
    pipeline.config.prefix = environment.prefix.value_or(pipeline.config.prefix);
  }
  ASSIGN_OR_RETURN(pipeline.workflow, ReadText(folder / "workflow.asl.json"));
  RETURN_IF_ERROR(WithContext(FillPlaceholders(pipeline), (folder / "workflow.asl.json").string()));
  if (const Status sound = CheckWorkflow(pipeline.workflow); !sound.ok()) {
    return WithContext(sound, (folder / "workflow.asl.json").string());
  }

  if (pipeline.family() == source::Family::kMarket) RETURN_IF_ERROR(LoadMarket(pipeline));
  if (pipeline.family() == source::Family::kStream) RETURN_IF_ERROR(LoadStream(pipeline));
  return pipeline;
}

}  // namespace penstock::pipeline
