// The tables of a pipeline in the catalog: what SQL, and other engines, see.
#pragma once

#include <string>
#include <vector>

#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"

namespace penstock::pipeline {

// Registers bars, actions and what was rejected of them (NAME_rejected), or brings them up to date. Their
// names.
Result<std::vector<std::string>> PublishTables(const Pipeline& pipeline, const Runtime& runtime);

// The same for a table that is one file, written whole: {prefix}clean/NAME/NAME.parquet.
Status RegisterFileTable(const Pipeline& pipeline, const Runtime& runtime, const lake::TableSpec& spec,
                         const std::string& description);

}  // namespace penstock::pipeline
