// Reads a definition's JSON into a Machine, collecting every fault. Internal to definition.cc.
#pragma once

#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "workflow/definition.h"

namespace penstock::workflow {

struct Amount;

class DefinitionReader {
 public:
  explicit DefinitionReader(std::vector<Diagnostic>& faults) : faults_(faults) {}

  // The whole document.
  void ReadDocument(const json::value& document, Definition& out);
  // A document, a branch or an item processor. `extra` are the fields beside StartAt, States, Comment,
  // QueryLanguage.
  void ReadMachine(const json::value& value, const std::string& pointer,
                   std::initializer_list<std::string_view> extra, Machine& out);

 private:
  using Names = std::unordered_map<std::string_view, int>;

  void Fault(const std::string& pointer, std::string message,
             std::string_view code = "SCHEMA_VALIDATION_FAILED");
  void Unknown(const json::object& object, const std::string& pointer,
               const std::set<std::string_view>& known);
  // The same for a state, whose fields of the other query language have a message of their own.
  void UnknownOfState(const json::object& object, const State& state);

  void ReadState(const json::object& object, const Names& names, State& out, Machine& machine);
  QueryLanguage Language(const json::object& object, const std::string& pointer);
  void CheckAssignedNames(const json::value& state, const std::string& pointer, size_t known);
  void ReadTransition(const json::object& object, const Names& names, State& out);
  void ReadTask(const json::object& object, State& out);
  void ReadWait(const json::object& object, State& out);
  void ReadFail(const json::object& object, State& out);
  void ReadChoice(const json::object& object, const Names& names, State& out);
  void ReadMap(const json::object& object, State& out);
  // distributed_reader.cc
  void ReadDistributed(const json::object& object, const json::object& config,
                       const std::string& config_pointer, State& out);
  void ReadItemReader(const json::value& value, const std::string& place, DistributedMap& map);
  void ReadResultWriter(const json::value& value, const std::string& place, DistributedMap& map);
  void ReadArguments(const json::object& object, const std::string& pointer, std::unique_ptr<Template>& out);
  void ReadAmount(const json::object& object, const std::string& pointer, std::string_view key, double high,
                  Amount& out);
  void ReadParallel(const json::object& object, State& out);
  void ReadRetry(const json::object& object, State& out);
  void ReadCatch(const json::object& object, const Names& names, State& out);
  bool ReadErrorEquals(const json::object& object, const std::string& pointer, bool last,
                       std::vector<std::string>& out);

  // Single fields; absent ones are left alone.
  int Target(const json::object& object, const std::string& pointer, std::string_view key,
             const Names& names);
  void Text(const json::object& object, const std::string& pointer, std::string_view key,
            std::optional<std::string>& out);
  void Whole(const json::object& object, const std::string& pointer, std::string_view key, int64_t low,
             int64_t high, std::optional<int64_t>& out);
  void Number(const json::object& object, const std::string& pointer, std::string_view key, double low,
              std::optional<double>& out);
  void Path(const json::object& object, const std::string& pointer, std::string_view key, bool reference,
            std::optional<JsonPath>& out);
  void NullablePath(const json::object& object, const std::string& pointer, std::string_view key,
                    bool reference, PathField& out);
  // A template in the language of the state; `field` is how its failures name it.
  void Payload(const json::object& object, const std::string& pointer, std::string_view key,
               std::unique_ptr<Template>& out);
  void Payload(const json::value& value, const std::string& pointer, std::string_view key,
               const std::string& field, std::unique_ptr<Template>& out);
  void Assign(const json::object& object, const std::string& pointer, const std::string& field,
              std::unique_ptr<Template>& out);
  // Whether the field holds an expression of a JSONata state.
  bool Query(const json::object& object, const std::string& pointer, std::string_view key,
             std::optional<JsonataField>& out);
  void Computed(const json::object& object, const std::string& pointer, std::string_view key,
                std::optional<Expression>& out);
  void Exclusive(const json::object& object, const std::string& pointer, std::string_view a,
                 std::string_view b);

  std::vector<Diagnostic>& faults_;
  QueryLanguage query_language_ = QueryLanguage::kJsonPath;  // of the document
  QueryLanguage state_language_ = QueryLanguage::kJsonPath;  // of the state that is being read
  std::vector<std::string> outer_variables_;  // names that the states around the machine assign
};

}  // namespace penstock::workflow
