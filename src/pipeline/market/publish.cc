#include "pipeline/market/publish.h"

#include <fmt/format.h>

#include <iterator>
#include <map>

#include "lake/catalog.h"
#include "lake/marker.h"
#include "pipeline/layout.h"
#include "pipeline/market/steps.h"
#include "pipeline/market/transform.h"
#include "pipeline/market/work_list.h"
#include "pipeline/step.h"

namespace penstock::pipeline {
namespace {

lake::TableEntry RejectedEntryOf(const lake::TableSpec& spec, const std::string& database,
                                 const lake::TableLayout& layout) {
  lake::TableSpec rejected = spec;
  rejected.name = spec.name + "_rejected";
  rejected.schema = lake::RejectedSchema(spec);
  lake::TableEntry entry =
      lake::EntryOf(rejected, database, layout, fmt::format("Rows that {} refused, and why", spec.name));
  entry.prefix = layout.RejectedPrefix();
  entry.rejected_prefix.clear();
  return entry;
}

// Writes nothing when the catalog has it so.
Status Register(const Runtime& runtime, const lake::TableEntry& entry) {
  const auto known = runtime.catalog->GetTable(entry.database, entry.table);
  if (known.ok() && *known == entry) return Status::OK();
  return runtime.catalog->RegisterTable(entry);
}

}  // namespace

Result<std::vector<std::string>> PublishTables(const Pipeline& pipeline, const Runtime& runtime) {
  const std::string database = lake::DatabaseOfPipeline(pipeline.name());
  std::vector<lake::TableEntry> entries;
  for (const lake::TableSpec* spec : {&pipeline.bars, &pipeline.actions}) {
    const lake::TableLayout layout{spec->name, pipeline.config.prefix};
    entries.push_back(
        lake::EntryOf(*spec, database, layout,
                      spec == &pipeline.bars ? pipeline.config.description : "Dividends and splits"));
    entries.push_back(RejectedEntryOf(*spec, database, layout));
    if (spec == &pipeline.bars && pipeline.config.bar_files() == TableFiles::kBySymbol) {
      // A file a symbol: no day in the key.
      for (auto& entry : entries) entry.partition_columns.clear();
    }
  }
  std::vector<std::string> names;
  for (const auto& entry : entries) {
    names.push_back(fmt::format("{}.{}", entry.database, entry.table));
    RETURN_IF_ERROR(Register(runtime, entry));
  }
  return names;
}

Status RegisterFileTable(const Pipeline& pipeline, const Runtime& runtime, const lake::TableSpec& spec,
                         const std::string& description) {
  lake::TableEntry entry = lake::EntryOf(spec, lake::DatabaseOfPipeline(pipeline.name()),
                                         lake::TableLayout{spec.name, pipeline.config.prefix}, description);
  entry.partition_columns.clear();
  entry.rejected_prefix.clear();
  return Register(runtime, entry);
}

namespace {

// Of an execution that took the market file by file: its batches' markers become those of their days, and
// what they say of its files is what it did.
Result<json::object> CloseWork(const StepContext& context, const std::string& execution) {
  const Pipeline& pipeline = context.pipeline;
  const std::string& prefix = pipeline.config.prefix;
  ASSIGN_OR_RETURN(const auto work, ReadWorkList(pipeline, context.runtime, execution));
  TransformSummary summary;
  int64_t not_fetched = 0;
  std::map<Date, std::vector<const FileWork*>> days;
  for (const auto& file : work) days[file.days.to].push_back(&file);
  for (const auto& [day, files] : days) {
    RETURN_IF_ERROR(lake::FoldMarkerShards(*context.runtime.store, prefix, pipeline.name(), day));
    ASSIGN_OR_RETURN(const auto marker,
                     lake::ReadMarker(*context.runtime.store, prefix, pipeline.name(), day));
    // By symbol: the answers up to this day, which may begin before what was missing (an adjusted history).
    std::map<std::string, std::map<Date, const lake::MarkerInput*>> answers;
    if (marker) {
      for (const auto& [name, input] : marker->inputs) {
        if (const auto key = RawKey::Parse(prefix, name)) answers[key->symbol][key->from] = &input;
      }
    }
    summary.date = day;
    for (const FileWork* file : files) {
      const auto& own = answers[file->symbol];
      const std::string stem = RawKey{file->symbol, file->days.from, file->days.to, ""}.ToStem(prefix);
      if (const auto after = own.upper_bound(file->days.from); after != own.begin()) {
        ++summary.files;
        summary.AddRows(*std::prev(after)->second);
      } else if (!(file->probe && marker && marker->unknown.contains(stem))) {
        ++not_fetched;
      }
    }
  }
  json::object out = summary.ToJson();
  out["not_fetched"] = not_fetched;
  return out;
}

}  // namespace

Result<json::value> RunPublishStep(const StepContext& context, const json::value& input) {
  ASSIGN_OR_RETURN(const std::string execution, GetStringOr(input, "execution", ""));
  ASSIGN_OR_RETURN(const auto names, PublishTables(context.pipeline, context.runtime));
  json::array tables;
  for (const auto& name : names) tables.emplace_back(name);
  json::object out{{"tables", tables}};
  if (!execution.empty()) {
    ASSIGN_OR_RETURN(out["transform"], CloseWork(context, execution));
  } else if (const auto* transform = input.get_object().if_contains("transform"))
    out["transform"] = *transform;
  return out;
}

}  // namespace penstock::pipeline
