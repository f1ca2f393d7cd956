// What a collector is asked for: the minute bars of tickers on one trading day.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "calendar/exchange_calendar.h"
#include "pipeline/pipeline.h"

namespace penstock::pipeline {

struct Collection {
  calendar::Session session;
  std::vector<std::string> tickers;  // as they were asked for, in upper case, each once
};

// Of {"date": "2020-05-14", "tickers": "FB,SHOP"}, or a list of tickers; without `date` the last session that
// is over, without `tickers` those of pipeline.yaml. `now` is ours, not the provider's. Usage, in words that
// a caller can act on: no such day, a day without a session (the text says why, and which days beside it have
// one), one that has not begun, a ticker that is none, more than 200, an unknown key.
Result<Collection> PlanCollection(const Pipeline& pipeline, const json::value& input, TimePoint now);

}  // namespace penstock::pipeline
