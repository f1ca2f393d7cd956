// The works over tender notices.
#pragma once

#include <string>

#include "base/status.h"

namespace penstock {

// The raw object ted/raw/bench.tar.gz of BUCKET to clean files by day, by the field map of the pipeline
// folder PIPELINE.
Status ExtractTenders(const std::string& bucket, const std::string& pipeline, int threads);

// The clean files of a year of BUCKET to merged ones.
Status MergeTenders(const std::string& bucket, const std::string& pipeline, int year);

}  // namespace penstock
