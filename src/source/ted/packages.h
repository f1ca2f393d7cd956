// The archives in which TED (Tenders Electronic Daily, the supplement S of the EU's Official Journal)
// publishes its notices as XML. Source: ted.europa.eu, "XML bulk download" and "Data reuse"; read 2026-11.
//
//   monthly  /packages/monthly/2019-3      all issues of a month; there on the fifth working day of the next
//   daily    /packages/daily/201900043     issue 43 of 2019; there by 9:30 of its day. Issues are numbered
//                                          through the year, one a working day: no function of the date
//
// Both are tar.gz. A monthly one holds 03/20190301_2019043.tar.gz for each issue, and such a one, like a
// daily package, 20190301_043/NNNNNN_YYYY.xml for each notice (eight digits since eForms). Before 2011 they
// hold text. An address that is none answers 400, or 202 without a body.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"

namespace penstock::source::ted {

inline constexpr std::string_view kEndpoint = "https://ted.europa.eu";

struct Package {
  int year = 0, month = 0;
  int issue = 0;  // of a daily one; 0: the month's

  // As the site counts: "2019-3", "201900043".
  std::string id() const;
  // What it is kept as: "2019-03.tar.gz", "201900043.tar.gz".
  std::string file_name() const;
  // "2019/03/2019-03.tar.gz": below raw/.
  std::string key() const;
  // `endpoint` without a '/' at its end.
  std::string Url(std::string_view endpoint) const;

  bool operator==(const Package&) const = default;
};

// What a transfer is asked for: {"year":2019,"month":3} is the month's package; with "issues":[43,44] those
// daily ones, of that month. Usage names what is wrong: an impossible or unknown member.
Result<std::vector<Package>> ParsePackages(const json::value& input);

// The package that a path of the site means, for who plays the site; the month of a daily one is 0.
std::optional<Package> PackageOfPath(std::string_view path);

}  // namespace penstock::source::ted
