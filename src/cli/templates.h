// The pipeline folders that `init` can write, carried in the binary (generated from pipelines/ by the build).
#pragma once

#include <string_view>
#include <vector>

namespace penstock::cli {

struct TemplateFile {
  std::string_view path;  // "ftse100/pipeline.yaml"
  std::string_view text;
};

const std::vector<TemplateFile>& TemplateFiles();

}  // namespace penstock::cli
