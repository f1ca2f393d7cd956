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
  std::string uuid;      // of eForms: the notice-id
  bool is_call = false;  // a contract notice, which others may refer to
  std::string previous;  // of TED_EXPORT: the notice that it refers to, "2018/S 106-241021"; may be empty
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

// As TED_EXPORT writes a reference: "2019/S 043-903601".
std::string OjsReference(const OjsIssue& issue, std::string_view number);
// The number of the `index`-th notice of an issue.
std::string GeneratedNumber(const OjsIssue& issue, int index, bool eforms);

// `notice` as the `index`-th of an issue, referring to `previous` instead of its own, unless that is empty.
// Dates keep their distance to the day of publication. Numbers begin at 900000 (eForms: 90000000), where
// TED's own do not come.
struct GeneratedNotice {
  std::string file_name;  // 903601_2019.xml
  std::string xml;
};
GeneratedNotice GenerateNotice(const RecordedNotice& notice, const OjsIssue& issue, int index,
                               std::string_view previous = {});

}  // namespace penstock::source
