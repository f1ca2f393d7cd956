// The sections `collect` and `stream` of a pipeline.yaml.
#pragma once

#include "pipeline/config.h"

namespace penstock::pipeline {

class YamlReader;

// `reader` is at the mapping of the section; every fault is named with its place. `config` has what stands
// before it: name, prefix.
CollectConfig ReadCollect(YamlReader& reader);
// Names and defaults of what is not said: docs/minute-bars.md.
stream::StreamSpec ReadStream(YamlReader& reader, const PipelineConfig& config);

}  // namespace penstock::pipeline
