#include <fmt/format.h>

#include <optional>

#include "calendar/exchange_calendar.h"
#include "source/yahoo/body.h"
#include "source/yahoo/chart_body.h"
#include "source/yahoo/zone_offsets.h"

namespace penstock::source::yahoo {
namespace {

// The local dates of the bars, and which of them is half-filled.
Status FinishDays(const ParseContext& context, ChartBody& body, Series& series) {
  ChartMeta& meta = body.meta;
  const std::vector<int64_t>& stamps = body.stamps;
  const auto invalid = [&](std::string_view what) {
    return MakeError(ErrorCode::kInvalidData, fmt::format("{} in {}", what, context.raw_key),
                     "fetch this symbol and day again");
  };
  if (meta.zone.empty() && context.calendar != nullptr) meta.zone = context.calendar->zone().name();
  const ZoneOffsets* zone = nullptr;
  if (!meta.zone.empty()) {
    auto found = ZoneOffsets::Find(meta.zone);
    if (found.ok()) zone = *found;
  }
  if (zone == nullptr) {
    if (!meta.gmt_offset) return invalid(fmt::format("no known time zone ({})", meta.zone));
    series.notes.push_back(fmt::format("time zone {} is unknown: dates by the offset given", meta.zone));
  }
  size_t hint = 0;
  const auto day_of = [&](int64_t seconds) {
    if (zone != nullptr) return zone->LocalDay(seconds, &hint);
    const int64_t local = seconds + *meta.gmt_offset;
    return static_cast<int32_t>(local / 86400 - (local % 86400 < 0 ? 1 : 0));
  };
  series.days.resize(stamps.size());
  for (size_t i = 0; i < stamps.size(); ++i) series.days[i] = day_of(stamps[i]);
  series.incomplete.assign(stamps.size(), 0);
  const size_t rows = stamps.size();
  series.last_row_is_live = rows >= 2 && stamps[rows - 1] > stamps[rows - 2];
  for (size_t i = 0; i < series.actions.size(); ++i) series.actions[i].day = day_of(body.action_stamps[i]);

  // The half-filled bar of a session under way.
  if (!meta.regular_market_time) return Status::OK();
  const int32_t today = day_of(*meta.regular_market_time);
  std::optional<int64_t> end;
  if (meta.regular_end && day_of(*meta.regular_end) == today) {
    end = meta.regular_end;
  } else if (context.calendar != nullptr) {
    if (const auto session = context.calendar->SessionOf(FromDaysSinceEpoch(today))) {
      end = std::chrono::floor<std::chrono::seconds>(session->close).time_since_epoch().count();
    }
  }
  if (!end || *meta.regular_market_time >= *end) return Status::OK();
  for (size_t i = 0; i < stamps.size(); ++i) {
    if (series.days[i] == today) series.incomplete[i] = 1;
  }
  return Status::OK();
}

}  // namespace

Status ReadChart(std::string_view bytes, const ParseContext& context, Series* series) {
  thread_local ChartBody body;  // reused as the Series is
  RETURN_IF_ERROR(ReadChartBody(bytes, context, "1d", &body, series));
  return body.empty_range ? Status::OK() : FinishDays(context, body, *series);
}

}  // namespace penstock::source::yahoo
