#include "workflow/state_fields.h"

#include <array>

namespace penstock::workflow {
namespace {

using Names = std::set<std::string_view>;

struct Row {
  StateType type;
  std::string_view both, json_path, jsonata;  // names, separated by spaces
};

// Type and QueryLanguage are everybody's.
constexpr std::array kRows{
    Row{StateType::kTask, "Next End Assign Retry Catch Resource TimeoutSeconds HeartbeatSeconds Credentials",
        "InputPath OutputPath Parameters ResultSelector ResultPath TimeoutSecondsPath HeartbeatSecondsPath",
        "Arguments Output"},
    Row{StateType::kPass, "Next End Assign", "InputPath OutputPath Parameters ResultPath Result", "Output"},
    Row{StateType::kChoice, "Choices Default Assign", "InputPath OutputPath", "Output"},
    Row{StateType::kWait, "Next End Assign Seconds Timestamp",
        "InputPath OutputPath SecondsPath TimestampPath", "Output"},
    Row{StateType::kMap,
        "Next End Assign Retry Catch ItemProcessor Iterator ItemSelector ItemReader ItemBatcher ResultWriter "
        "MaxConcurrency ToleratedFailureCount ToleratedFailurePercentage Label",
        "InputPath OutputPath Parameters ResultSelector ResultPath ItemsPath MaxConcurrencyPath "
        "ToleratedFailureCountPath ToleratedFailurePercentagePath",
        "Items Output"},
    Row{StateType::kParallel, "Next End Assign Retry Catch Branches",
        "InputPath OutputPath Parameters ResultSelector ResultPath", "Arguments Output"},
    Row{StateType::kSucceed, "", "InputPath OutputPath", "Output"},
    Row{StateType::kFail, "Error Cause", "ErrorPath CausePath", ""},
};

void Split(std::string_view names, Names& out) {
  while (!names.empty()) {
    const size_t end = names.find(' ');
    out.insert(names.substr(0, end));
    names = end == std::string_view::npos ? std::string_view() : names.substr(end + 1);
  }
}

}  // namespace

const std::set<std::string_view>& FieldsOf(StateType type, QueryLanguage language) {
  static const auto kTables = [] {
    std::array<std::array<Names, kRows.size()>, 2> tables;
    for (const auto& row : kRows) {
      for (const auto one : {QueryLanguage::kJsonPath, QueryLanguage::kJsonata}) {
        Names& names = tables[static_cast<size_t>(one)][static_cast<size_t>(row.type)];
        names = {"Type", "QueryLanguage"};
        Split(row.both, names);
        Split(one == QueryLanguage::kJsonata ? row.jsonata : row.json_path, names);
      }
    }
    return tables;
  }();
  return kTables[static_cast<size_t>(language)][static_cast<size_t>(type)];
}

}  // namespace penstock::workflow
