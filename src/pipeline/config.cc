#include "pipeline/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "calendar/exchange_calendar.h"
#include "pipeline/prefix.h"
#include "pipeline/stream/stream_section.h"
#include "pipeline/yaml_reader_internal.h"
#include "source/registry.h"

namespace penstock::pipeline {
namespace {

// What the steps fill.
constexpr std::string_view kTables[] = {"bars", "actions"};

// The settings that a kind of source takes are the keys of its sample.
void ReadSettings(YamlReader& reader, const YAML::Node& sample, const source::SourceKind& kind,
                  const std::string& path, std::map<std::string, std::string>& settings) {
  for (const auto& item : sample) {
    const std::string key = item.first.Scalar();
    if (path.empty() && key == "kind") continue;
    if (std::find(kind.open.begin(), kind.open.end(), path + key) != kind.open.end()) {
      for (auto& [name, text] : reader.Texts(key)) settings[path + key + "." + name] = std::move(text);
    } else if (item.second.IsMap()) {
      auto inner = reader.Mapping(key);
      if (!inner) continue;
      ReadSettings(*inner, item.second, kind, path + key + ".", settings);
      inner->Finish();
    } else if (auto value = reader.MaybeString(key)) {
      settings[path + key] = *value;
    }
  }
}

// Those of kind http stand in pipeline.yaml, by key; without any, one that has the pipeline's name.
void ReadSeries(YamlReader& reader, const std::string& pipeline, SourceConfig& source) {
  std::map<std::string, std::string> tables;
  for (auto& [key, values] : reader.Named("series")) {
    const Status good = source::CheckSeriesKey(key);
    if (!good.ok()) values.Fault("", good.message());
    const auto [other, added] = tables.try_emplace(source::TableNameOf(key), key);
    if (!added)
      values.Fault("", fmt::format("its table {} is that of {} already", other->first, other->second));
    source.series.push_back({key, values.Rest()});
  }
  if (source.series.empty()) source.series.push_back({pipeline, {}});
}

void CheckSeries(YamlReader& reader, const SourceConfig& source) {
  const SystemClock clock;
  const auto made = source::MakeRecordSource(source.kind, source.settings, {nullptr, &clock});
  for (const auto& series : source.series) {
    const Status possible = made.ok() ? (*made)->Check(series) : made.status();
    if (!possible.ok()) reader.Fault("series." + series.key, possible.message());
  }
}

// The faults that a kind of source finds: "source.pagination.size: is required: …", a line each.
void PlaceFaults(YamlReader& reader, std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    constexpr std::string_view kHead = "source.";
    const size_t colon = line.find(": ");
    if (line.starts_with(kHead) && colon != std::string_view::npos) {
      reader.Fault(line.substr(kHead.size(), colon - kHead.size()), line.substr(colon + 2));
    } else {
      reader.Fault("kind", line);
    }
  }
}

// What only a source of symbols has.
void ReadSymbols(YamlReader& reader, SourceConfig& source) {
  if (auto symbols = reader.Mapping("symbols")) {
    source.symbols.file = symbols->String("file", source.symbols.file);
    source.symbols.column = symbols->String("column", source.symbols.column);
    symbols->Finish();
  }
  if (auto quarantine = reader.Mapping("quarantine")) {
    auto& out = source.quarantine;
    out.after_runs = quarantine->Int("after_runs", out.after_runs, 1, 1000);
    out.probe_every_days = quarantine->Int("probe_every_days", out.probe_every_days, 1, 3650);
    quarantine->Finish();
  }
}

SourceConfig ReadSource(YamlReader& reader, const std::string& pipeline) {
  SourceConfig source;
  std::vector<std::string> kinds;
  for (const auto& kind : source::SourceKinds()) kinds.emplace_back(kind.name);
  source.kind = reader.Choice("kind", kinds, std::nullopt);
  for (const auto& kind : source::SourceKinds()) {
    if (kind.name != source.kind) continue;
    ReadSettings(reader, YAML::Load(std::string(kind.sample)), kind, "", source.settings);
    source.family = kind.family;
    const Status possible = kind.Check(source.settings);
    if (!possible.ok()) PlaceFaults(reader, possible.message());
    if (kind.name == "http") {
      ReadSeries(reader, pipeline, source);
      if (possible.ok()) CheckSeries(reader, source);
    }
  }
  if (auto quota = reader.Mapping("quota")) {
    const size_t before = quota->faults().messages.size();
    source.quota.requests = quota->Int("requests", 0, 1, 1'000'000);
    if (source.quota.requests == 0 && quota->faults().messages.size() == before) {
      quota->Fault("requests", "is required: a whole number from 1");
    }
    source.quota.per = quota->Span("per");
    quota->Finish();
  }
  if (source.family == source::Family::kMarket) ReadSymbols(reader, source);
  source.in_flight = reader.Int("in_flight", source.in_flight, 1, 256);
  source.timeout_s = reader.Int("timeout_s", source.timeout_s, 1, 3600);
  reader.Finish();
  return source;
}

TableConfig ReadTable(const std::string& name, YamlReader& reader) {
  TableConfig table;
  table.name = name;
  if (name == "bars" && reader.Choice("files", {"by_day", "by_symbol"}, "by_day") == "by_symbol") {
    table.files = TableFiles::kBySymbol;
  }
  for (auto& entry : reader.List("rules")) {
    RuleConfig rule;
    rule.name = entry.String("name");
    rule.kind = entry.String("kind", rule.name);
    rule.severity = entry.Choice("severity", {"reject", "warn"}, "reject");
    rule.where = entry.where();
    rule.parameters = entry.Rest();
    for (const auto& other : table.rules) {
      if (other.name == rule.name) entry.Fault("name", fmt::format("two rules have the name {}", rule.name));
    }
    table.rules.push_back(std::move(rule));
  }
  reader.Finish();
  return table;
}

ScheduleConfig ReadSchedule(YamlReader& reader) {
  ScheduleConfig schedule;
  schedule.where = reader.where();
  schedule.name = reader.String("name");
  if (!schedule.name.empty() && !IsPipelineName(schedule.name)) {
    reader.Fault("name", fmt::format("expected lower-case letters, digits and hyphens, a letter first, at "
                                     "most 40, got {}",
                                     schedule.name));
  }
  for (const std::string key : {"cron", "rate", "at", "when"}) {
    const auto text = reader.MaybeString(key);
    if (!text) continue;
    if (!schedule.key.empty()) reader.Fault(key, fmt::format("goes without {}", schedule.key));
    schedule.key = key;
    // Either as EventBridge writes it, or what stands between its parentheses.
    const bool whole = key == "when" || text->starts_with(key + "(");
    schedule.expression = whole ? *text : fmt::format("{}({})", key, *text);
  }
  if (schedule.key.empty()) reader.Fault("name", "one of cron, rate, at and when is required beside it");
  schedule.timezone = reader.String("timezone", "");
  if (schedule.key == "when" && !schedule.timezone.empty()) {
    reader.Fault("timezone", "goes without when: the exchange has its own");
  }
  if (reader.MaybeString("from")) schedule.from = reader.Day("from");
  if (reader.MaybeString("to")) schedule.to = reader.Day("to");
  if (schedule.from && schedule.to && *schedule.from > *schedule.to) {
    reader.Fault("to", "expected a day that is not before `from`");
  }
  if (auto input = reader.Mapping("input")) schedule.input = input->Rest();
  schedule.enabled = reader.Choice("enabled", {"true", "false"}, "true") == "true";
  schedule.queue_overlap = reader.Choice("overlap", {"queue", "skip"}, "queue") == "queue";
  reader.Finish();
  return schedule;
}

// What only a pipeline of bars has.
void ReadMarket(YamlReader& reader, PipelineConfig& config) {
  config.exchange = reader.Choice("exchange", calendar::ExchangeCalendar::Known(), std::nullopt);
  config.currency = reader.String("currency");
  for (auto& [name, table] : reader.Named("tables")) {
    if (std::find(std::begin(kTables), std::end(kTables), name) == std::end(kTables)) {
      reader.Fault("tables", fmt::format("no such table: {}; known: {}", name, fmt::join(kTables, ", ")));
    }
    config.tables.push_back(ReadTable(name, table));
  }
  if (auto batch = reader.Mapping("batch")) {
    config.batch.files = batch->Int("files", config.batch.files, 1, 10'000);
    config.batch.wait_s = batch->Int("wait_s", config.batch.wait_s, 0, 86'400);
    if (batch->MaybeString("history_from")) config.batch.history_from = batch->Day("history_from");
    batch->Finish();
  }
}

// What only a pipeline of a stream has.
void ReadStreamPipeline(YamlReader& reader, PipelineConfig& config) {
  config.exchange = reader.Choice("exchange", calendar::ExchangeCalendar::Known(), std::nullopt);
  if (auto collect = reader.Mapping("collect")) config.collect = ReadCollect(*collect);
  if (auto stream = reader.Mapping("stream", true)) config.stream = ReadStream(*stream, config);
}

DemoConfig ReadDemo(YamlReader& reader, source::Family family) {
  DemoConfig demo;
  if (family == source::Family::kMarket) {
    demo.from = reader.Day("from");
    demo.to = reader.Day("to");
    demo.daily = reader.Int("daily", demo.daily, 0, 60);
    demo.symbols = reader.Strings("symbols");
    if (demo.from > demo.to) reader.Fault("to", "expected a day that is not before `from`");
  }
  if (auto input = reader.Mapping("input")) demo.input = input->Rest();
  reader.Finish();
  return demo;
}

PipelineConfig ReadPipeline(YamlReader& reader) {
  PipelineConfig config;
  config.name = reader.String("name");
  if (!config.name.empty() && !IsPipelineName(config.name)) {
    reader.Fault("name",
                 fmt::format("expected lower-case letters, digits and hyphens, a letter first, at most 40, "
                             "got {}",
                             config.name));
  }
  config.description = reader.String("description", "");
  config.prefix = reader.String("prefix", config.name + "/");
  if (!IsPrefix(config.prefix)) {
    reader.Fault("prefix",
                 fmt::format("expected names that each end with '/', none of them empty, . or .., got {}",
                             config.prefix));
  }
  if (auto source = reader.Mapping("source", true)) config.source = ReadSource(*source, config.name);
  config.rule_version = reader.Int("rule_version", 1, 1, 1'000'000);
  if (config.family() == source::Family::kMarket) ReadMarket(reader, config);
  if (config.family() == source::Family::kStream) ReadStreamPipeline(reader, config);
  if (auto retention = reader.Mapping("retention")) {
    if (auto raw = retention->Mapping("raw")) {
      config.retention.raw_remove_after_days = raw->MaybeInt("remove_after_days", 1, 36'500);
      raw->Finish();
    }
    if (auto clean = retention->Mapping("clean")) {
      config.retention.clean_archive_after_days = clean->MaybeInt("archive_after_days", 1, 36'500);
      config.retention.clean_remove_after_days = clean->MaybeInt("remove_after_days", 1, 36'500);
      clean->Finish();
    }
    const auto& r = config.retention;
    if (r.clean_archive_after_days && r.clean_remove_after_days &&
        *r.clean_archive_after_days >= *r.clean_remove_after_days) {
      retention->Fault("clean", "expected archive_after_days to be less than remove_after_days");
    }
    retention->Finish();
  }
  for (auto& entry : reader.List("schedules")) {
    ScheduleConfig schedule = ReadSchedule(entry);
    for (const auto& other : config.schedules) {
      if (other.name == schedule.name)
        entry.Fault("name", fmt::format("two schedules have the name {}", other.name));
    }
    config.schedules.push_back(std::move(schedule));
  }
  if (auto demo = reader.Mapping("demo")) {
    config.demo = ReadDemo(*demo, config.family());
  }
  reader.Finish();
  return config;
}

}  // namespace

bool IsPipelineName(std::string_view text) {
  if (text.empty() || text.size() > 40 || text.front() < 'a' || text.front() > 'z') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

std::string PipelineConfig::database() const {
  std::string database = name;
  std::replace(database.begin(), database.end(), '-', '_');
  return database;
}

const TableConfig* PipelineConfig::Table(std::string_view table) const {
  for (const auto& candidate : tables) {
    if (candidate.name == table) return &candidate;
  }
  return nullptr;
}

Result<PipelineConfig> ParseConfig(std::string_view text, const std::string& file, Environment environment) {
  YamlFaults faults{file, environment, {}, {}};
  PipelineConfig config;
  try {
    YAML::Node root = YAML::Load(std::string(text));
    YamlReader reader(root, "", faults);
    if (faults.messages.empty()) config = ReadPipeline(reader);
  } catch (const YAML::Exception& e) {
    faults.Add(e.mark, "YAML", e.msg);
  }
  if (!faults.messages.empty()) {
    return MakeError(ErrorCode::kConfiguration, fmt::format("{}", fmt::join(faults.messages, "\n")),
                     "correct the lines above; every key is described in pipelines/pipeline.schema.json");
  }
  config.file = file;
  return config;
}

std::vector<std::string> KnownConfigKeys() {
  YamlFaults faults{"", ProcessEnvironment, {}, {}};
  // Asks for every key of every family, so that the set cannot differ from what is read.
  for (const auto& kind : source::SourceKinds()) {
    YAML::Node root = YAML::Load(
        fmt::format("{{source: {{kind: {}, symbols: {{}}, quota: {{}}, quarantine: {{}}}}, tables: {{bars: "
                    "{{rules: [{{}}]}}}}, "
                    "batch: {{history_from: 2000-01-03}}, retention: {{raw: {{}}, clean: {{}}}}, "
                    "schedules: [{{from: 2000-01-03, to: 2000-01-03, input: {{}}}}], demo: {{input: {{}}}}, "
                    "collect: {{}}, stream: {{buffering: {{}}, table: {{}}}}}}",
                    kind.name));
    for (const auto& item : YAML::Load(std::string(kind.sample))) {
      if (item.second.IsMap()) root["source"][item.first.Scalar()] = YAML::Node(YAML::NodeType::Map);
    }
    YamlReader reader(root, "", faults);
    ReadPipeline(reader);
  }
  return {faults.known.begin(), faults.known.end()};
}

}  // namespace penstock::pipeline
