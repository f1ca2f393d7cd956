// For tests only. An AwsEnvironment of variables and files that the test gives.
#pragma once

#include <fstream>
#include <map>
#include <string>

#include "aws/environment.h"
#include "base/temporary_folder.h"

namespace penstock::aws {

using Variables = std::map<std::string, std::string, std::less<>>;

inline Environment EnvironmentOf(Variables variables) {
  return [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

// Variables, and a home folder with ~/.aws/config and ~/.aws/credentials.
class TestHome {
 public:
  explicit TestHome(std::string_view config = "", std::string_view credentials = "") {
    std::filesystem::create_directories(folder_ / ".aws");
    Write(".aws/config", config);
    Write(".aws/credentials", credentials);
  }

  // Answers the path.
  std::string Write(const std::string& name, std::string_view text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }

  Result<AwsEnvironment> Load(Variables variables = {}) const {
    variables.emplace("HOME", folder_.path());
    return AwsEnvironment::Load(EnvironmentOf(std::move(variables)));
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace penstock::aws
