// pipeline.yaml, typed. Its JSON Schema, for editors, is pipelines/pipeline.schema.json; a test holds the two
// together.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/environment.h"
#include "base/json.h"
#include "base/status.h"
#include "source/family.h"
#include "source/record_source.h"
#include "stream/stream_spec.h"

namespace penstock::pipeline {

struct SymbolsConfig {
  std::string file = "symbols.csv";  // in the pipeline's folder
  std::string column = "symbol";
};

struct QuotaConfig {
  int64_t requests = 0;  // 0: none
  Duration per{0};
};

// Symbols that the provider does not know are left alone after some runs, and asked for again now and then.
struct QuarantineConfig {
  int64_t after_runs = 3;
  int64_t probe_every_days = 7;
};

struct SourceConfig {
  std::string kind;  // a name of source::SourceKinds()
  source::Family family = source::Family::kMarket;
  std::map<std::string, std::string> settings;  // what that kind takes: endpoint, pagination.kind, …
  std::vector<source::RecordSeries> series;     // of http: what is asked for
  SymbolsConfig symbols;                        // kMarket
  QuotaConfig quota;
  int64_t in_flight = 8;  // requests at once
  int64_t timeout_s = 60;
  QuarantineConfig quarantine;  // kMarket
};

struct RuleConfig {
  std::string name;
  std::string kind;
  std::string severity = "reject";  // or warn
  json::object parameters;          // what the kind takes
  std::string where;                // file:line, for messages
};

// How the rows of a table are put into files.
enum class TableFiles {
  kByDay,     // one a session, with all symbols: dt=YYYY-MM-DD/
  kBySymbol,  // one a symbol, with all its sessions
};

struct TableConfig {
  std::string name;
  TableFiles files = TableFiles::kByDay;  // of `bars` only
  std::vector<RuleConfig> rules;
};

struct RetentionConfig {
  std::optional<int64_t> raw_remove_after_days;
  std::optional<int64_t> clean_archive_after_days;
  std::optional<int64_t> clean_remove_after_days;
};

// How a workflow that takes a market file by file goes about it: steps fetch_file_name and process_file.
struct BatchConfig {
  int64_t files = 300;               // a round
  int64_t wait_s = 60;               // between two rounds; 0 where the quota alone is to set the pace
  std::optional<Date> history_from;  // a symbol without rows is asked for from here on; absent: as the others
};

// What a collector of bars puts on the pipeline's stream. kStream.
struct CollectConfig {
  std::string function = "data-collector";  // GET /functions/NAME of `penstock serve` starts it
  std::vector<std::string> tickers;         // where a call names none
  std::string renamed;  // a file of the pipeline's folder (pipeline/stream/renamed_tickers.h); empty: none
};

// What `run --demo` does with the replay server. kMarket: which recorded days.
struct DemoConfig {
  Date from, to;
  int64_t daily = 5;                 // the last sessions, run one by one as the schedule would
  std::vector<std::string> symbols;  // beside those of the symbol file: others that are recorded
  json::object input;                // laid over the execution's
};

// When `penstock serve` runs the pipeline. `serve` reads the expression (serve/schedule.h).
struct ScheduleConfig {
  std::string name;
  std::string
      expression;        // cron(…), rate(…) or at(…) of EventBridge Scheduler; or of `when`: market-open XNYS
  std::string key;       // under which it stands: cron, rate, at or when
  std::string timezone;  // IANA name; empty: UTC, and of `when` the exchange's
  std::optional<Date> from, to;  // days in that zone, both included
  json::object input;            // laid over the execution's input
  bool enabled = true;
  bool queue_overlap = true;  // an occurrence during a run: once afterwards; false: skipped
  std::string where;          // file:line, for messages
};

struct PipelineConfig {
  std::string name;
  std::string description;
  std::string prefix;    // in the bucket, ends with '/' (or is empty); NAME/ unless given
  std::string exchange;  // MIC of the calendar; kMarket and kStream
  std::string currency;  // kMarket
  int64_t rule_version = 1;
  SourceConfig source;
  std::vector<TableConfig> tables;           // kMarket
  BatchConfig batch;                         // kMarket
  CollectConfig collect;                     // kStream
  std::optional<stream::StreamSpec> stream;  // kStream: always there
  RetentionConfig retention;
  std::vector<ScheduleConfig> schedules;
  std::optional<DemoConfig> demo;
  std::string file;  // where it was read

  source::Family family() const { return source.family; }
  // The name in SQL: hyphens as underscores.
  std::string database() const;
  // nullptr: nothing is said of this table.
  const TableConfig* Table(std::string_view table) const;
  TableFiles bar_files() const {
    const TableConfig* bars = Table("bars");
    return bars == nullptr ? TableFiles::kByDay : bars->files;
  }
};

// Lower-case letters, digits and hyphens, a letter first, at most 40.
bool IsPipelineName(std::string_view text);

// Configuration, with all faults of the file at once, a line each: file:line:column, the key, what was
// expected.
// ${NAME} in a value is taken from the environment; unset is a fault that names the variable.
Result<PipelineConfig> ParseConfig(std::string_view text, const std::string& file,
                                   Environment environment = ProcessEnvironment);

// Every key that ParseConfig knows, as dotted paths ("source.quota.per"), ascending; for the schema's test.
std::vector<std::string> KnownConfigKeys();

}  // namespace penstock::pipeline
