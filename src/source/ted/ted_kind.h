// `source: {kind: ted}` of pipeline.yaml.
#pragma once

#include "source/registry.h"

namespace penstock::source::ted {

inline constexpr char kSampleConfiguration[] =
    "kind: ted\n"
    "# Another server that serves packages at the same paths.\n"
    "endpoint: https://ted.europa.eu\n";

// Configuration: an unknown setting, or an endpoint that is no http or https URL.
Status CheckSettings(const SourceSettings& settings);

}  // namespace penstock::source::ted
