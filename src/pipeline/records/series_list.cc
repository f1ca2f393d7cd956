#include "pipeline/records/series_list.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "pipeline/records/record_layout.h"
#include "source/iex/definitions.h"
#include "source/registry.h"
#include "store/object_store.h"

namespace penstock::pipeline {
namespace {

// The text of the definitions, and where it was read.
struct Definitions {
  std::string text, where;
};

Result<Definitions> ReadDefinitions(const Pipeline& pipeline, store::ObjectStore& store) {
  const std::string key = RecordLayout(pipeline).DefinitionsKey();
  const std::string where = fmt::format("{}/{}", store.uri(), key);
  auto object = store.Get(key);
  if (CodeOf(object.status()) == ErrorCode::kNotFound) {
    const auto sample = std::filesystem::path(pipeline.folder) / "definitions.json";
    std::ifstream file(sample, std::ios::binary);
    if (!file) {
      return MakeError(ErrorCode::kConfiguration,
                       fmt::format("there is no {}, and no {} to begin with", where, sample.string()),
                       "put one there that lists what to ask for: {\"series\": {…}}; docs/iex.md shows it");
    }
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto put = store.Put(key, text, {.if_absent = true});
    if (put.ok()) return Definitions{text, where};
    if (CodeOf(put.status()) != ErrorCode::kAlreadyExists) return put.status();
    object = store.Get(key);  // another process was first
  }
  RETURN_IF_ERROR(object.status());
  return Definitions{std::move(object->bytes), where};
}

}  // namespace

bool HasDefinitions(const Pipeline& pipeline) { return pipeline.config.source.kind == "iex"; }

Result<SeriesList> ReadSeriesList(const Pipeline& pipeline, const Runtime& runtime,
                                  const source::RecordSource& source) {
  SeriesList list;
  std::vector<source::RecordSeries> candidates = pipeline.config.source.series;
  if (HasDefinitions(pipeline)) {
    ASSIGN_OR_RETURN(const Definitions definitions, ReadDefinitions(pipeline, *runtime.store));
    auto parsed = source::iex::ParseDefinitions(definitions.text);
    if (!parsed.ok()) return WithContext(parsed.status(), definitions.where);
    candidates = std::move(parsed->series);
    for (auto& wrong : parsed->wrong) list.wrong.push_back({std::move(wrong.key), std::move(wrong.why)});
  }
  std::map<std::string, std::string> tables;  // which series has it
  for (auto& series : candidates) {
    const Status possible = source.Check(series);
    const auto& owner = tables.try_emplace(source::TableNameOf(series.key), series.key).first->second;
    if (!possible.ok()) {
      list.wrong.push_back({series.key, Describe(possible)});
    } else if (owner != series.key) {
      list.wrong.push_back({series.key, fmt::format("its table would be that of {}", owner)});
    } else {
      list.series.push_back(std::move(series));
    }
  }
  return list;
}

json::object ToJson(const source::RecordSeries& series) {
  return {{"key", series.key}, {"query", series.query}};
}

Result<source::RecordSeries> ParseSeries(const json::value& value) {
  source::RecordSeries series;
  ASSIGN_OR_RETURN(series.key, GetString(value, "key"));
  const auto* query = value.get_object().if_contains("query");
  if (query == nullptr || !query->is_object()) {
    return MakeError(ErrorCode::kInvalidData, fmt::format("{}: \"query\": expected an object", series.key));
  }
  series.query = query->get_object();
  return series;
}

Result<std::unique_ptr<source::RecordSource>> OpenRecordSource(const Pipeline& pipeline,
                                                               const Runtime& runtime, SourceUse use) {
  return source::MakeRecordSource(pipeline.config.source.kind, runtime.source_settings,
                                  {use == SourceUse::kAsk ? runtime.provider : nullptr, runtime.clock});
}

}  // namespace penstock::pipeline
