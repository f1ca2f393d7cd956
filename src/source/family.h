// What a source's answers are about: it decides how a pipeline over it is made, and what its verbs do.
#pragma once

namespace penstock::source {

enum class Family {
  kMarket,   // bars of symbols, a session at a time: source/source.h
  kRecords,  // records of an API, a series at a time
  kTenders,  // archives of tender notices, a month at a time
  kStream,   // bars of a session's minutes, put on a delivery stream: source/minute_source.h
};

}  // namespace penstock::source
