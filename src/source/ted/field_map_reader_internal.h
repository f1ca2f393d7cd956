// The YAML of a field map, read key by key; every fault is kept with its place.
#pragma once

#include <yaml-cpp/yaml.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "source/ted/field_map.h"

namespace penstock::source::ted {

class FieldMapReader {
 public:
  explicit FieldMapReader(std::string file) : file_(std::move(file)) {}

  Result<FieldMap> Read(const std::string& text);

 private:
  using Handler = std::function<void(const YAML::Node&)>;
  struct Key {
    std::string_view name;
    bool required;
    Handler read;
  };
  // `definitions` of a family: the texts that $name stands for.
  using Definitions = std::vector<std::pair<std::string, std::vector<std::string>>>;

  void Fault(const YAML::Node& node, std::string_view what);
  // Calls the key's handler for each entry; other keys, keys given twice and missing ones are faults.
  void Keys(const YAML::Node& node, std::string_view of, const std::vector<Key>& keys);
  // Each entry of a mapping, in order.
  void Entries(const YAML::Node& node, std::string_view of,
               const std::function<void(const std::string& name, const YAML::Node& value)>& read);
  std::string Text(const YAML::Node& node, std::string_view of);
  std::vector<std::string> Texts(const YAML::Node& node, std::string_view of);  // one text or a list
  template <typename T>
  T Choice(const YAML::Node& node, const std::vector<std::pair<std::string, T>>& choices);

  void Family(const std::string& name, const YAML::Node& node);
  void References(const YAML::Node& node, FieldFamily& family);
  void Rows(const YAML::Node& node, FieldRows& rows);
  void Codes(const YAML::Node& node);
  void Table(const std::string& name, const YAML::Node& node);
  void Column(const YAML::Node& node, FieldTable& table);
  void Source(const YAML::Node& node, size_t family, FieldSource& source);
  void CheckUse();

  // With the definitions put in: one path of the file may be several, in order.
  std::vector<FieldPath> Paths(const YAML::Node& node);
  FieldPath Path(const YAML::Node& node, std::string_view text);
  FieldPath PathWithoutEach(const YAML::Node& node);
  void CheckElements(const YAML::Node& node, const std::vector<FieldPath>& paths);
  FieldNames Names() const;

  std::string file_;
  std::vector<std::string> faults_;
  FieldMap map_;
  std::vector<Definitions> definitions_;  // by family
  size_t family_ = 0;                     // whose paths are read now
};

}  // namespace penstock::source::ted
