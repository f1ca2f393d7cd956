#include "pipeline/stream/stream_section.h"

#include <fmt/format.h>

#include <algorithm>

#include "lake/hive_type.h"
#include "pipeline/yaml_reader_internal.h"
#include "stream/delivery_table.h"
#include "stream/prefix_expression.h"
#include "stream/transform.h"

namespace penstock::pipeline {
namespace {

void ReadTable(YamlReader& reader, stream::StreamSpec& spec) {
  spec.table = reader.String("name");
  stream::ParquetConversion parquet;
  for (const auto& [name, type] : reader.Texts("columns")) {
    if (const auto read = lake::ParseHiveType(type); !read.ok()) {
      reader.Fault("columns." + name, read.status().message());
    }
    parquet.columns.push_back({name, type, true, ""});
  }
  if (parquet.columns.empty()) reader.Fault("columns", "is required: a mapping, name: type");
  spec.unique = reader.Strings("unique");
  for (const std::string& column : spec.unique) {
    const bool known = std::any_of(parquet.columns.begin(), parquet.columns.end(),
                                   [&](const auto& one) { return one.name == column; });
    if (!known) reader.Fault("unique", fmt::format("no such column: {}", column));
  }
  parquet.compression = reader.Choice("compression", {"zstd", "snappy", "gzip", "none"}, "zstd");
  spec.parquet = std::move(parquet);
  reader.Finish();
}

Status CheckWhole(const stream::StreamSpec& spec) {
  RETURN_IF_ERROR(stream::CheckStreamSpec(spec));
  ASSIGN_OR_RETURN(const auto prefixes, stream::PrefixesOf(spec));
  return spec.table.empty() ? Status::OK() : stream::TableOf(spec, prefixes).status();
}

}  // namespace

CollectConfig ReadCollect(YamlReader& reader) {
  CollectConfig collect;
  collect.function = reader.String("function", collect.function);
  if (!IsPipelineName(collect.function)) {
    reader.Fault("function",
                 fmt::format("expected lower-case letters, digits and hyphens, a letter first, at "
                             "most 40, got {}",
                             collect.function));
  }
  collect.tickers = reader.Strings("tickers");
  collect.renamed = reader.String("renamed", "");
  reader.Finish();
  return collect;
}

stream::StreamSpec ReadStream(YamlReader& reader, const PipelineConfig& config) {
  stream::StreamSpec spec;
  spec.name = reader.String("name", config.name);
  spec.description = config.description;
  if (auto buffering = reader.Mapping("buffering")) {
    spec.buffering.size_mib = buffering->Int("size_mib", spec.buffering.size_mib, 1, 128);
    spec.buffering.interval_s = buffering->Int("interval_s", spec.buffering.interval_s, 0, 900);
    buffering->Finish();
  }
  if (auto table = reader.Mapping("table")) {
    spec.database = config.database();
    ReadTable(*table, spec);
  }
  const std::string& name = spec.table.empty() ? spec.name : spec.table;
  const std::string below = spec.table.empty() ? "delivered" : "clean";
  // Below the pipeline's own, as all that it keeps.
  spec.prefix = config.prefix +
                reader.String("prefix", fmt::format("{}/{}/dt=!{{timestamp:yyyy-MM-dd}}/", below, name));
  spec.error_prefix =
      config.prefix +
      reader.String(
          "error_prefix",
          fmt::format("errors/{}/!{{firehose:error-output-type}}/dt=!{{timestamp:yyyy-MM-dd}}/", name));
  spec.file_extension = reader.String("file_extension", "");
  spec.timezone = reader.String("timezone", spec.timezone);
  std::vector<std::string> compressions;
  for (const auto one :
       {stream::Compression::kNone, stream::Compression::kGzip, stream::Compression::kZip,
        stream::Compression::kSnappy, stream::Compression::kHadoopSnappy, stream::Compression::kZstd}) {
    compressions.emplace_back(stream::NameOf(one));
  }
  const auto compression =
      stream::CompressionFromName(reader.Choice("compression", compressions, compressions.front()));
  if (compression.ok()) spec.compression = *compression;
  for (auto& [key, path] : reader.Texts("partition_keys")) spec.partition_keys.push_back({key, path});
  spec.most_partitions = reader.Int("most_partitions", spec.most_partitions, 1, 10'000);
  if (const auto transform = reader.Value("transform")) {
    auto read = stream::ReadTransformSpec(*transform);
    if (read.ok()) spec.transform = *std::move(read);
    if (!read.ok()) reader.Fault("transform", Describe(read.status()));
  }
  // A handler gives the keys that the prefix names.
  const auto prefix = stream::PrefixExpression::Parse(spec.prefix, stream::PrefixExpression::Use::kPrefix);
  spec.partition_by_transform = spec.transform.handler && prefix.ok() && !prefix->lambda_keys().empty();
  for (auto& [key, value] : reader.Texts("tags")) spec.tags[key] = value;
  // What others find, once all that stands here by itself is good.
  if (reader.faults().messages.empty()) {
    const Status sound = CheckWhole(spec);
    if (!sound.ok()) reader.Fault("", Describe(sound));
  }
  reader.Finish();
  return spec;
}

}  // namespace penstock::pipeline
