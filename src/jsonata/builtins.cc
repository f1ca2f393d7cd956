#include "jsonata/builtins.h"

#include <map>

namespace penstock::jsonata {
namespace {

using Table = std::map<std::string_view, Builtin>;

void AddAll(Table& table, std::span<const BuiltinRow> rows) {
  for (const BuiltinRow& row : rows) {
    Signature signature = Signature::Parse(row.signature).ValueOrDie();  // ours: a test parses them all
    const size_t arity = row.arity < 0 ? signature.parameters() : static_cast<size_t>(row.arity);
    table.insert_or_assign(row.name, Builtin{row, std::move(signature), arity});
  }
}

Table MakeTable(Dialect dialect) {
  Table table;
  for (const auto rows :
       {StringFunctions(), MatchFunctions(), EncodingFunctions(), NumberFunctions(), ArrayFunctions(),
        ObjectFunctions(), HigherOrderFunctions(), ControlFunctions(), TimeFunctions()}) {
    AddAll(table, rows);
  }
  if (dialect == Dialect::kStepFunctions) {
    AddAll(table, StepFunctions());
    table.erase("eval");
  }
  return table;
}

}  // namespace

const Builtin* FindBuiltin(std::string_view name, Dialect dialect) {
  static const Table standard = MakeTable(Dialect::kStandard);
  static const Table step_functions = MakeTable(Dialect::kStepFunctions);
  const Table& table = dialect == Dialect::kStandard ? standard : step_functions;
  const auto found = table.find(name);
  return found == table.end() ? nullptr : &found->second;
}

}  // namespace penstock::jsonata
