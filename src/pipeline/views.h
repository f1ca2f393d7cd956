// The catalog's tables as a SQL engine sees them.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "query/query_engine.h"

namespace penstock::lake {
class Catalog;
struct TableEntry;
}  // namespace penstock::lake

namespace penstock::pipeline {

// One table, its files below `bucket_uri` (store::ObjectStore::uri()). Types of the catalog are Hive's; those
// of the views are SQL's. InvalidData: a type that has none.
Result<query::ViewSpec> ViewOf(const lake::TableEntry& table, const std::string& bucket_uri);
// All tables of the catalog.
Result<std::vector<query::ViewSpec>> ViewsOf(lake::Catalog& catalog, const std::string& bucket_uri);

// Where two databases have a table that is found without its database's name, neither is meant from now on.
void NameAmbiguous(std::vector<query::ViewSpec>* views);

}  // namespace penstock::pipeline
