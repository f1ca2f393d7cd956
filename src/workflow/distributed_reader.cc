// The fields of a distributed Map.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "workflow/definition_reader.h"
#include "workflow/distributed_map.h"

namespace penstock::workflow {

void DeleteDistributedMap(DistributedMap* map) { delete map; }

void DefinitionReader::ReadAmount(const json::object& object, const std::string& pointer,
                                  std::string_view key, double high, Amount& out) {
  const std::string path_key = std::string(key) + "Path";
  Exclusive(object, pointer, key, path_key);
  Path(object, pointer, path_key, false, out.path);
  const auto* value = object.if_contains(key);
  if (value == nullptr) return;
  const bool computed = value->is_string() && std::string_view(value->get_string()).substr(0, 2) == "{%";
  if (computed) return Payload(object, pointer, key, out.computed);
  const bool whole = high != 100;  // a percentage may have a fraction
  if (!value->is_number() || (whole && !value->is_int64()) || value->to_number<double>() < 0 ||
      value->to_number<double>() > high) {
    return Fault(fmt::format("{}/{}", pointer, key),
                 fmt::format("{} must be a number from 0 to {}", key, high));
  }
  out.fixed = value->to_number<double>();
}

void DefinitionReader::ReadArguments(const json::object& object, const std::string& pointer,
                                     std::unique_ptr<Template>& out) {
  Exclusive(object, pointer, "Parameters", "Arguments");
  const std::string_view key = object.contains("Arguments") ? "Arguments" : "Parameters";
  if (!object.contains(key)) return Fault(pointer, "These fields are required: [Parameters or Arguments]");
  if (!object.at(key).is_object() && key == "Parameters")
    return Fault(pointer + "/Parameters", "Parameters must be an object");
  Payload(object, pointer, key, out);
}

void DefinitionReader::ReadDistributed(const json::object& object, const json::object& config,
                                       const std::string& config_pointer, State& out) {
  out.distributed.reset(new DistributedMap);
  DistributedMap& map = *out.distributed;
  Unknown(config, config_pointer, {"Mode", "ExecutionType"});
  std::optional<std::string> type, label;
  Text(config, config_pointer, "ExecutionType", type);
  if (!type || (*type != "STANDARD" && *type != "EXPRESS")) {
    Fault(config_pointer, "The Mode DISTRIBUTED needs an ExecutionType: STANDARD or EXPRESS");
  }
  map.express = type == "EXPRESS";
  Text(object, out.pointer, "Label", label);
  // Developer guide, "Label": not these, and no control characters; at most 40.
  const std::string_view refused = "?*<>{}[]:;,\\|^~$#%&`\"'/ ";
  if (label && (label->empty() || label->size() > 40)) {
    Fault(out.pointer + "/Label", "Label cannot exceed 40 characters, nor be empty");
  } else if (label && label->find_first_of(refused) != std::string::npos) {
    Fault(out.pointer + "/Label", "Label has a character that is not allowed");
  }
  map.label = label.value_or(out.name);
  if (!label) {
    for (char& c : map.label) {
      if (refused.find(c) != std::string_view::npos) c = '-';
    }
    map.label.resize(std::min<size_t>(map.label.size(), 40));
  }
  ReadAmount(object, out.pointer, "ToleratedFailureCount", 1e9, map.tolerated_count);
  ReadAmount(object, out.pointer, "ToleratedFailurePercentage", 100, map.tolerated_percentage);
  if (const auto* reader = object.if_contains("ItemReader"))
    ReadItemReader(*reader, out.pointer + "/ItemReader", map);
  if (const auto* writer = object.if_contains("ResultWriter")) {
    ReadResultWriter(*writer, out.pointer + "/ResultWriter", map);
  }
  const auto* value = object.if_contains("ItemBatcher");
  if (value == nullptr) return;
  const std::string place = out.pointer + "/ItemBatcher";
  const auto* batcher = value->if_object();
  if (batcher == nullptr) return Fault(place, "ItemBatcher must be an object");
  Unknown(*batcher, place,
          {"MaxItemsPerBatch", "MaxItemsPerBatchPath", "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath",
           "BatchInput"});
  DistributedMap::Batcher& batches = map.batcher.emplace();
  ReadAmount(*batcher, place, "MaxItemsPerBatch", 1e8, batches.max_items);
  ReadAmount(*batcher, place, "MaxInputBytesPerBatch", 262'144, batches.max_bytes);
  if (!batches.max_items.given() && !batches.max_bytes.given()) {
    Fault(place, "ItemBatcher needs MaxItemsPerBatch or MaxInputBytesPerBatch");
  }
  Payload(*batcher, place, "BatchInput", batches.input);
}

void DefinitionReader::ReadItemReader(const json::value& value, const std::string& place,
                                      DistributedMap& map) {
  const auto* object = value.if_object();
  if (object == nullptr) return Fault(place, "ItemReader must be an object");
  Unknown(*object, place, {"Resource", "ReaderConfig", "Parameters", "Arguments"});
  DistributedMap::Reader& reader = map.reader.emplace();
  std::optional<std::string> resource;
  Text(*object, place, "Resource", resource);
  if (resource == "arn:aws:states:::s3:getObject") {
    reader.format.source = ItemFormat::Source::kObject;
  } else if (resource != "arn:aws:states:::s3:listObjectsV2") {
    Fault(place,
          "ItemReader needs a Resource: arn:aws:states:::s3:listObjectsV2 or arn:aws:states:::s3:getObject");
  }
  ReadArguments(*object, place, reader.arguments);
  const bool object_source = reader.format.source == ItemFormat::Source::kObject;
  const auto* given = object->if_contains("ReaderConfig");
  if (given == nullptr) {
    if (object_source) Fault(place, "These fields are required: [ReaderConfig]");
    return;
  }
  const std::string pointer = place + "/ReaderConfig";
  const auto* config = given->if_object();
  if (config == nullptr) return Fault(pointer, "ReaderConfig must be an object");
  Unknown(*config, pointer,
          {"InputType", "CSVHeaderLocation", "CSVHeaders", "CSVDelimiter", "MaxItems", "MaxItemsPath",
           "ItemsPointer", "ManifestType", "Transformation"});
  ReadAmount(*config, pointer, "MaxItems", static_cast<double>(kMaxItems), reader.max_items);
  if (!object_source) return;
  std::optional<std::string> type, location, delimiter, items_pointer;
  Text(*config, pointer, "InputType", type);
  Text(*config, pointer, "CSVHeaderLocation", location);
  Text(*config, pointer, "CSVDelimiter", delimiter);
  Text(*config, pointer, "ItemsPointer", items_pointer);
  using Type = ItemFormat::Type;
  static const std::map<std::string, Type> kTypes{{"CSV", Type::kCsv},
                                                  {"JSON", Type::kJson},
                                                  {"JSONL", Type::kJsonl},
                                                  {"PARQUET", Type::kParquet},
                                                  {"MANIFEST", Type::kManifest}};
  const auto found = kTypes.find(type.value_or(""));
  if (found == kTypes.end()) return Fault(pointer, "InputType must be CSV, JSON, JSONL, PARQUET or MANIFEST");
  reader.format.type = found->second;
  reader.format.pointer = items_pointer.value_or("");
  if (items_pointer && (found->second != Type::kJson || items_pointer->substr(0, 1) != "/")) {
    Fault(pointer + "/ItemsPointer", "ItemsPointer is a JSON pointer, for the InputType JSON only");
  }
  if (found->second != Type::kCsv) return;
  static const std::map<std::string, char> kDelimiters{
      {"COMMA", ','}, {"PIPE", '|'}, {"SEMICOLON", ';'}, {"SPACE", ' '}, {"TAB", '\t'}};
  if (const auto known = kDelimiters.find(delimiter.value_or("COMMA")); known != kDelimiters.end()) {
    reader.format.delimiter = known->second;
  } else {
    Fault(pointer + "/CSVDelimiter", "CSVDelimiter must be COMMA, PIPE, SEMICOLON, SPACE or TAB");
  }
  reader.format.header_in_first_row = location == "FIRST_ROW";
  if (!location || (*location != "FIRST_ROW" && *location != "GIVEN")) {
    Fault(pointer, "CSVHeaderLocation must be FIRST_ROW or GIVEN");
  }
  const auto* headers = config->if_contains("CSVHeaders");
  if ((location == "GIVEN") != (headers != nullptr)) {
    return Fault(pointer, "CSVHeaders stand there when CSVHeaderLocation is GIVEN, and only then");
  }
  if (headers == nullptr) return;
  const auto* list = headers->if_array();
  if (list == nullptr || list->empty())
    return Fault(pointer + "/CSVHeaders", "CSVHeaders must be an array of names");
  for (const auto& header : *list) {
    if (!header.is_string()) return Fault(pointer + "/CSVHeaders", "CSVHeaders must be an array of names");
    reader.format.headers.emplace_back(header.get_string());
  }
}

void DefinitionReader::ReadResultWriter(const json::value& value, const std::string& place,
                                        DistributedMap& map) {
  const auto* object = value.if_object();
  if (object == nullptr || object->empty())
    return Fault(place, "ResultWriter must be an object, and not empty");
  Unknown(*object, place, {"Resource", "Parameters", "Arguments", "WriterConfig"});
  DistributedMap::Writer& writer = map.writer.emplace();
  if (object->contains("Resource") || !object->contains("WriterConfig")) {
    std::optional<std::string> resource;
    Text(*object, place, "Resource", resource);
    if (resource != "arn:aws:states:::s3:putObject") {
      Fault(place, "ResultWriter needs the Resource arn:aws:states:::s3:putObject");
    }
    ReadArguments(*object, place, writer.arguments);
  }
  const auto* given = object->if_contains("WriterConfig");
  if (given == nullptr) return;
  const std::string pointer = place + "/WriterConfig";
  const auto* config = given->if_object();
  if (config == nullptr) return Fault(pointer, "WriterConfig must be an object");
  Unknown(*config, pointer, {"Transformation", "OutputType"});
  std::optional<std::string> transformation, type;
  Text(*config, pointer, "Transformation", transformation);
  Text(*config, pointer, "OutputType", type);
  using Transformation = ResultFormat::Transformation;
  if (!transformation || transformation == "NONE") {
    writer.format.transformation = Transformation::kNone;
  } else if (transformation == "COMPACT") {
    writer.format.transformation = Transformation::kCompact;
  } else if (transformation == "FLATTEN") {
    writer.format.transformation = Transformation::kFlatten;
  } else {
    Fault(pointer + "/Transformation", "Transformation must be NONE, COMPACT or FLATTEN");
  }
  if (type && *type != "JSON" && *type != "JSONL")
    Fault(pointer + "/OutputType", "OutputType must be JSON or JSONL");
  writer.format.jsonl = type == "JSONL";
}

}  // namespace penstock::workflow
