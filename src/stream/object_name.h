// Names of delivered objects, as Firehose forms them: PREFIX STREAM-VERSION-YYYY-MM-DD-HH-MM-SS-UUID
// EXTENSION. Source: Amazon Data Firehose developer guide, "Configure Amazon S3 object name format".
//
// The time is the arrival of the object's oldest record, in the stream's time zone. The UUID is of version 8
// (RFC 9562, section 5.8) and says which sequence that record had, so that every object can be traced to the
// log, and a reader of both knows what is in which: see stream/delivery_state.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/date.h"
#include "stream/stream_spec.h"

namespace penstock::stream {

// 8 hexadecimal digits of a hash of the stream (its name and when it was made), "-", 4 digits, "-8" and 3 of
// a hash of the partition and the sequence, then "-" and 16 digits with a "-" in them: the variant's two bits
// and the sequence in 62.
std::string ObjectUuid(const StreamSpec& spec, std::string_view partition, uint64_t first_sequence);

// The first 8 digits: which stream it is, of all that ever had its name.
std::string StreamIdOf(const StreamSpec& spec);

// Without prefix and extension. `partition`: what tells objects of the same first record apart, such as their
// prefix.
std::string ObjectName(const StreamSpec& spec, const TimeZone& zone, TimePoint oldest,
                       uint64_t first_sequence, std::string_view partition);

// ".json", or what Firehose appends: .gz, .zip, .snappy, .hsnappy, .parquet (and .zst).
std::string ObjectExtension(const StreamSpec& spec);

// What a key says; views of it. The first three are empty where a name of another form stands before the
// UUID.
struct ParsedName {
  std::string_view stream;     // its name, behind what of the prefix follows the last '/'
  std::string_view version;    // of the stream: digits
  std::string_view time;       // 2020-05-14-13-30-00
  std::string_view stream_id;  // StreamIdOf
  std::string_view extension;  // behind the UUID
  uint64_t first_sequence = 0;
};
// Nothing: no object of a delivery.
std::optional<ParsedName> ParseObjectName(std::string_view key);

// The sequence of the oldest record of an object of any stream, by its key alone. Nothing: as above.
std::optional<uint64_t> FirstSequenceOf(std::string_view key);

}  // namespace penstock::stream
