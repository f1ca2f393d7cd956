// What a run did, as Prometheus text (exposition format 0.0.4) for node_exporter's textfile collector.
#pragma once

#include <string>

#include "base/status.h"

namespace penstock::pipeline {

struct Pipeline;
struct Runtime;
struct RunReport;

std::string RenderMetrics(const Pipeline& pipeline, const RunReport& report, int64_t unix_seconds);

// Writes {prefix}markers/PIPELINE/metrics.prom, whole or not at all.
Status WriteMetrics(const Pipeline& pipeline, const Runtime& runtime, const RunReport& report);

}  // namespace penstock::pipeline
