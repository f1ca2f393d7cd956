#include <fmt/format.h>

#include <algorithm>

#include "source/opened_body.h"
#include "source/yahoo/body.h"
#include "source/yahoo/chart_body.h"
#include "source/yahoo/yahoo_minutes.h"

namespace penstock::source::yahoo {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// Bars by their beginning; of a minute that stands there twice, the one behind.
void SortByMinute(MinuteAnswer& answer) {
  auto& bars = answer.bars;
  std::stable_sort(bars.begin(), bars.end(),
                   [](const MinuteBar& a, const MinuteBar& b) { return a.start < b.start; });
  size_t kept = 0;
  for (size_t i = 0; i < bars.size(); ++i) {
    const bool again = i + 1 < bars.size() && bars[i + 1].start == bars[i].start;
    if (!again) bars[kept++] = bars[i];
  }
  answer.repeated = static_cast<int64_t>(bars.size() - kept);
  bars.resize(kept);
}

}  // namespace

Result<MinuteAnswer> ReadMinuteChart(std::string_view bytes, const MinuteSpec& spec, TimePoint fetched_at,
                                     std::string_view raw_key) {
  ParseContext context;
  context.symbol = spec.symbol;
  context.raw_key = raw_key;
  std::string inflated;
  ASSIGN_OR_RETURN(bytes, OpenBody(bytes, raw_key, &inflated));
  thread_local Series series;
  thread_local ChartBody body;
  series.Clear();
  RETURN_IF_ERROR(ReadChartBody(bytes, context, "1m", &body, &series));

  MinuteAnswer answer;
  answer.generated = series.generated;
  for (size_t i = 0; i < body.stamps.size(); ++i) {
    const TimePoint start{seconds(body.stamps[i])};
    if (start < spec.session.open || start >= spec.session.close) {
      ++answer.outside;
    } else if (start + minutes(1) > fetched_at || body.stamps[i] % 60 != 0) {
      ++answer.unfinished;
    } else if (series.high.valid[i] == 0 || series.low.valid[i] == 0) {
      ++answer.empty;
    } else {
      answer.bars.push_back({start, series.high.values[i], series.low.values[i]});
    }
  }
  SortByMinute(answer);
  return answer;
}

}  // namespace penstock::source::yahoo
