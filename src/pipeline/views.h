// The catalog's tables as a SQL engine sees them.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "query/query_engine.h"

namespace penstock::lake {
class Catalog;
}

namespace penstock::pipeline {

// All tables of the catalog, their files below `bucket_uri` (store::ObjectStore::uri()). Types of the catalog
// are Hive's; those of the views are SQL's. InvalidData: a type that has none.
Result<std::vector<query::ViewSpec>> ViewsOf(lake::Catalog& catalog, const std::string& bucket_uri);

}  // namespace penstock::pipeline
