#include "pipeline/publish.h"

#include <fmt/format.h>

#include "lake/catalog.h"
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
  }
  std::vector<std::string> names;
  for (const auto& entry : entries) {
    names.push_back(fmt::format("{}.{}", entry.database, entry.table));
    const auto known = runtime.catalog->GetTable(entry.database, entry.table);
    if (known.ok() && *known == entry) continue;
    RETURN_IF_ERROR(runtime.catalog->RegisterTable(entry));
  }
  return names;
}

Result<json::value> RunPublishStep(const StepContext& context, const json::value& input) {
  ASSIGN_OR_RETURN(const auto names, PublishTables(context.pipeline, context.runtime));
  json::array tables;
  for (const auto& name : names) tables.emplace_back(name);
  json::object out{{"tables", tables}};
  if (const auto* transform = input.get_object().if_contains("transform")) out["transform"] = *transform;
  return out;
}

}  // namespace penstock::pipeline
