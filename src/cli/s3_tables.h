// Tables of a bucket in S3, as the SQL engine reads them.
#pragma once

#include "base/status.h"
#include "cli/aws_session.h"
#include "query/s3_access.h"
#include "store/object_store.h"

namespace penstock::cli {

// With the session's credentials, and the store's listing. Both outlive the engine that gets it.
Result<query::S3Access> AccessToTables(AwsSession& aws, store::ObjectStore& store);

}  // namespace penstock::cli
