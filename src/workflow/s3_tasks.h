// arn:aws:states:::aws-sdk:s3:getObject, putObject, listObjectsV2, headObject, deleteObject (and
// s3:getObject, s3:putObject) over the buckets of the engine, with the names and shapes that the service
// gives them. Source: AWS Step Functions developer guide, "Learning to use AWS service SDK integrations";
// Amazon S3 API reference; recordings of the service.
#pragma once

#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "workflow/item_reader.h"

namespace penstock::workflow {

bool IsS3Resource(std::string_view resource);
// The actions that run here: "getObject", …
std::vector<std::string_view> S3Actions();
// A TaskError S3.NoSuchKeyException, S3.NoSuchBucketException, S3.S3Exception, or States.Runtime for
// parameters that are missing. A body is a text; one that is not UTF-8 is refused.
Result<json::value> RunS3Task(std::string_view resource, const json::value& input,
                              const ItemSources& sources);

}  // namespace penstock::workflow
