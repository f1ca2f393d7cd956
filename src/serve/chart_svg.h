// A chart as SVG, for a page that needs no script: bars beside their labels, or a line over them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "query/saved_query.h"

namespace penstock::serve {

struct ChartPoint {
  std::string label;
  std::optional<double> value;  // nothing: a gap
};

// The classes that its style sheet, kChartStyle, colours; light and dark. Empty text when no point has a
// finite value.
std::string RenderChart(query::ChartSpec::Kind kind, const std::vector<ChartPoint>& points,
                        std::string_view value_name);

extern const std::string_view kChartStyle;

// At most `most` steps of 1, 2 or 5 times a power of ten that cover [low, high], from the first mark at or
// below `low` to the last at or above `high`.
std::vector<double> AxisMarks(double low, double high, int most);

}  // namespace penstock::serve
