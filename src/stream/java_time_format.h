// Times by a pattern of Java's DateTimeFormatter, which Firehose takes in !{timestamp:…}.
// Source: Java SE 17, java.time.format.DateTimeFormatterBuilder, appendPattern; texts and weeks are those of
// Locale.US.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"

namespace penstock::stream {

// All letters that Firehose takes, but for B (period of the day) and v (generic name of a zone). Immutable,
// thread-safe.
class JavaTimeFormat {
 public:
  // InvalidData: a letter that Firehose refuses (C I J P R T U V b f i j l o p r t), too many of one, a
  // reserved character (# { }), a quote that is not closed, a bracket without its other half.
  static Result<JavaTimeFormat> Parse(std::string_view pattern);

  // The time as it is in the zone.
  std::string Format(TimePoint time, const TimeZone& zone) const;

 private:
  struct Part {
    char letter = 0;  // 0: text as it stands
    int count = 0;
    std::string text;
  };
  std::vector<Part> parts_;
};

}  // namespace penstock::stream
