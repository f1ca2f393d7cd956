// Reads a YAML mapping key by key, and keeps every fault with its place instead of stopping at the first.
#pragma once

#include <yaml-cpp/yaml.h>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/json.h"
#include "pipeline/config.h"

namespace penstock::pipeline {

// Shared by the readers of one file.
struct YamlFaults {
  std::string file;
  Environment environment;
  std::vector<std::string> messages;  // file:line:column: key: what was expected, what is there
  std::set<std::string> known;        // every key asked for

  void Add(const YAML::Mark& mark, std::string_view key, std::string_view text);
};

// One mapping of the file. Ask for every key it may have, then Finish(), which reports the others.
class YamlReader {
 public:
  YamlReader(YAML::Node node, std::string path, YamlFaults& faults);

  std::string String(std::string_view key);  // required
  std::string String(std::string_view key, std::string fallback);
  std::optional<std::string> MaybeString(std::string_view key);
  std::string Choice(std::string_view key, const std::vector<std::string>& choices,
                     std::optional<std::string> fallback);
  std::optional<int64_t> MaybeInt(std::string_view key, int64_t low, int64_t high);
  int64_t Int(std::string_view key, int64_t fallback, int64_t low, int64_t high);
  Date Day(std::string_view key);       // required, YYYY-MM-DD
  Duration Span(std::string_view key);  // required, 30s, 5m, 1h, 1d

  // A nested mapping; with `required`, its absence is a fault. nullopt when absent.
  std::optional<YamlReader> Mapping(std::string_view key, bool required = false);
  // The entries of a mapping of texts, in the order of the file; their ${NAME} stays as it is.
  std::vector<std::pair<std::string, std::string>> Texts(std::string_view key);
  // Whatever stands there, as JSON: what another part reads. Nothing when absent.
  std::optional<json::value> Value(std::string_view key);
  // The entries of a list of texts.
  std::vector<std::string> Strings(std::string_view key);
  // The entries of a list of mappings.
  std::vector<YamlReader> List(std::string_view key);
  // The entries of a mapping of mappings, in the order of the file.
  std::vector<std::pair<std::string, YamlReader>> Named(std::string_view key);

  // What is left that nobody asked for, as JSON: parameters that another part checks.
  json::object Rest();
  // Reports keys that nobody asked for, with the nearest known one.
  void Finish();

  // file:line of this mapping.
  std::string where() const;
  YamlFaults& faults() { return *faults_; }
  // `key` may lead into nested mappings ("pagination.size"); an empty one is this mapping itself.
  void Fault(std::string_view key, std::string_view text);

 private:
  std::optional<YAML::Node> Find(std::string_view key);
  std::optional<std::string> Scalar(std::string_view key, std::string_view expected);
  std::string PathOf(std::string_view key) const;

  YAML::Node node_;
  std::string path_;
  YamlFaults* faults_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace penstock::pipeline
