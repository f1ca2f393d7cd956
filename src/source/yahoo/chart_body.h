// v8 chart JSON, whatever its bars are of: what stands in the body, before anybody says what a bar's time
// means.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/series.h"

namespace penstock::source::yahoo {

struct ChartMeta {
  std::string symbol, currency, zone, granularity;
  std::optional<int64_t> regular_market_time, regular_end, gmt_offset;
};

// Beside the Series that is read with it: the bars' times in Unix seconds, as they came. Reused.
struct ChartBody {
  ChartMeta meta;
  std::vector<int64_t> stamps;         // of the bars
  std::vector<int64_t> action_stamps;  // of series.actions
  bool empty_range = false;            // the provider says that there is nothing in the range asked for

  void Clear();
};

// Fills `body`, and of `series` (which is clear) the columns (each as long as stamps), actions, currency,
// notes and generated; not days and incomplete. InvalidData: broken JSON, no chart, another symbol than the
// context's, bars of another length than `granularity` ("1d", "1m"), columns of other lengths. An `error` in
// the body becomes its code (body.h).
Status ReadChartBody(std::string_view bytes, const ParseContext& context, std::string_view granularity,
                     ChartBody* body, Series* series);

}  // namespace penstock::source::yahoo
