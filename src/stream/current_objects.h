// Which objects of a table count, where small ones were compacted into larger ones (stream/compaction.h): by
// their names alone, so that one listing says it.
//
// A compacted object is named as the first of those that it is made of, with ".to-" and the last one's
// sequence (16 hexadecimal digits) behind the UUID; it takes the place of all objects of its folder and
// stream from the one to the other. Before the others are deleted it is there as well under the same name
// with a '_' before it: our SQL reads that one from then on, and Athena, Hive and Spark, which pass over
// names that begin with '_', still read the small ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::stream {

// "….to-00000000000004d2.parquet": the sequence of the last object that it is made of. Nothing: not
// compacted.
std::optional<uint64_t> CompactedThrough(std::string_view key);

// The keys of a listing without those that another one of them takes the place of; foreign keys stay. In the
// same order.
std::vector<std::string> CurrentObjects(std::vector<std::string> keys);

}  // namespace penstock::stream
