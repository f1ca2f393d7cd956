// Tables that streams deliver to, as queries see them: with what is acknowledged and not yet delivered.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "query/query_engine.h"
#include "store/object_store.h"

namespace penstock::cli {

class Session;

// Gives the views of such tables a snapshot (stream/live_table.h), and adds those that no delivery has
// registered yet. `folder`: of the streams. With `waiting` false, queries see only what is delivered.
Status AddLiveTables(Session& session, const std::string& folder, store::ObjectStore& store, bool waiting,
                     std::vector<query::ViewSpec>* views);

}  // namespace penstock::cli
