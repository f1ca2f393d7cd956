// A pipeline's saved queries as one page: each with its chart and its first rows (TED-6). HTML that needs no
// script and no other file, so that it is as well a report to be sent.
#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "query/query_engine.h"
#include "query/saved_query.h"

namespace penstock::serve {

struct DashboardSpec {
  std::string title;  // the pipeline's name
  std::string description;
  std::vector<query::SavedQuery> queries;
  // For all queries that have a parameter of this name; the others have their defaults.
  std::map<std::string, std::string> parameters;
  bool with_form = false;  // fields for the parameters, for a page that is served
  TimePoint now{};         // when the rows were read
  int64_t shown_rows = 20;
};

// A query that fails has its error in its place, and the others stand. Usage: a parameter that no query has.
Result<std::string> RenderDashboard(const DashboardSpec& spec, query::Engine& engine,
                                    std::stop_token stop = {});

// A page that lists links: text and address.
std::string RenderLinks(std::string_view title,
                        const std::vector<std::pair<std::string, std::string>>& links);

}  // namespace penstock::serve
