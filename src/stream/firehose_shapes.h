// Destinations of delivery streams in Firehose's JSON, and a StreamSpec: both ways.
// Source: Amazon Data Firehose API reference, ExtendedS3DestinationConfiguration,
// ExtendedS3DestinationUpdate, ExtendedS3DestinationDescription and what they contain; bounds and patterns of
// botocore's service model.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/status.h"
#include "lake/catalog.h"
#include "stream/stream_spec.h"

namespace penstock::stream {

// Lays what `destination` says (an ExtendedS3DestinationConfiguration, an S3DestinationConfiguration or an
// …Update: members that are absent stay as they are) over the specification. A schema is looked up in
// `catalog`. What has no meaning here is kept and described again (RoleARN, BucketARN,
// CloudWatchLoggingOptions, encryption at rest): there is one bucket, the lake. What would be asked for in
// vain is refused, never passed over: a backup of source records, ORC, processors of another kind.
// FirehoseErrors.
Status ApplyDestination(const json::object& destination, lake::Catalog& catalog, StreamSpec* spec);

// The Destinations of DescribeDeliveryStream: one, in both of its forms.
json::array DescribeDestinations(const StreamSpec& spec);

// [{"Key", "Value"}] over what is there; 50 at most together. FirehoseErrors.
Status ApplyTags(const json::array& tags, StreamSpec* spec);

}  // namespace penstock::stream
