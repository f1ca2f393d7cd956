// Tender notices made of recorded ones: another number, another day, the rest as recorded. Each says of
// itself that it is made up, in a comment behind its XML declaration.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/status.h"

namespace penstock::source {

struct RecordedNotice {
  std::string xml;
  bool eforms = false;  // UBL; else TED_EXPORT
  std::string number;   // "033602", "00032045": as published, with its zeros
  int year = 0;
  Date published;
  std::string uuid;  // of eForms: the notice-id
};

// InvalidData: no published notice of either schema.
Result<RecordedNotice> ReadRecordedNotice(std::string xml);
// Of every archive in `folder`, ascending by archive and entry. NotFound: no archive there.
Result<std::vector<RecordedNotice>> ReadRecordedNotices(const std::string& folder);

// An issue of the Official Journal's supplement S. Here there is one every weekday, counted through the year;
// the real one leaves out holidays.
struct OjsIssue {
  Date day;
  int year = 0, number = 0;
};
std::vector<OjsIssue> OjsIssuesOf(int year, int month);

// `notice` as the `index`-th of an issue. Dates keep their distance to the day of publication. Numbers begin
// at 900000 (eForms: 90000000), where TED's own do not come.
struct GeneratedNotice {
  std::string file_name;  // 903601_2019.xml
  std::string xml;
};
GeneratedNotice GenerateNotice(const RecordedNotice& notice, const OjsIssue& issue, int index);

}  // namespace penstock::source
