// Times in texts by a pattern of Joda-Time's DateTimeFormat, as Firehose's HiveJsonSerDe takes them in
// TimestampFormats. Source: Joda-Time 2, org.joda.time.format.DateTimeFormat (pattern letters, how many
// digits are read); Apache Hive, org.apache.hive.common.util.TimestampParser ("millis").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace penstock::stream {

// Immutable, thread-safe. Names are English; what a pattern leaves out is that of 1970-01-01T00:00:00Z.
class JodaTimePattern {
 public:
  // "millis": milliseconds since the epoch, with or without a fraction. InvalidData: a letter that is not
  // read here (those of eras, centuries and weeks, and ZZZ), a quote that is not closed, nothing.
  static Result<JodaTimePattern> Parse(std::string_view pattern);

  // Microseconds since the epoch; nothing: the text, as a whole, is no such time.
  std::optional<int64_t> Read(std::string_view text) const;

 private:
  struct Part {
    char letter = 0;  // 0: `text` as it stands
    size_t count = 0;
    bool before_digits = false;  // a number follows at once: no more digits than `count`
    std::string text;
  };
  std::vector<Part> parts_;
  bool millis_ = false;
};

}  // namespace penstock::stream
