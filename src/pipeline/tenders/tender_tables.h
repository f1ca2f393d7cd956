// The three tables of tender notices, and where their files lie in the bucket.
//
//   {prefix}clean/TABLE/dt=YYYY-MM-DD/ARCHIVE.parquet   what was extracted from one archive, by day of
//   publication; where a
//                                                       day is too large for one file: ARCHIVE.2.parquet, and
//                                                       so forth
//   {prefix}rejected/notices/ARCHIVE.parquet            what could not be read of it, whole: archive, entry,
//   reason, xml;
//                                                       where that is much, also ARCHIVE.2.parquet, and so
//                                                       forth
//   {prefix}markers/extract/ARCHIVE.json                that it was extracted, and what came of it
//   {prefix}merged/TABLE/year=YYYY/TABLE.parquet        all clean files of a year
//   {prefix}markers/merge/year=YYYY.json                what these were merged from
//
// ARCHIVE is the archive's name without extensions and eight digits of its key's SHA-256: 2019-03-5f3a9c01.
#pragma once

#include <arrow/type_fwd.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "base/date.h"
#include "base/status.h"

namespace penstock::pipeline {

inline constexpr std::array<std::string_view, 3> kTenderTables{"notices", "lots", "awards"};

// Columns that all three have; the field map (docs/ted-fields.md) has the others.
inline constexpr const char* kNoticeIdColumn = "notice_id";
inline constexpr const char* kVersionColumn = "version";             // of two, the greater one is the newer
inline constexpr const char* kPublishedColumn = "publication_date";  // date32
// Of lots and awards: the row's place in its notice, from 1; in the order of kTenderTables.
inline constexpr std::array<const char*, 3> kPlaceColumns{nullptr, "lot", "award"};
// Of rejected/.
inline constexpr const char* kArchiveColumn = "archive";  // key of the raw object
inline constexpr const char* kEntryColumn = "entry";  // within it: 03/20180301_042.tar.gz!042/091935_2018.xml

// In the order of kTenderTables.
using TenderTables = std::array<std::shared_ptr<arrow::Table>, 3>;
using TenderSchemas = std::array<std::shared_ptr<arrow::Schema>, 3>;

// Configuration: a table lacks one of these columns, or has it in another type.
Status CheckTenderSchemas(const TenderSchemas& schemas);

struct TenderLayout {
  std::string prefix;  // of the pipeline

  // ARCHIVE of the raw object `key`.
  static std::string ArchiveName(std::string_view key);

  std::string CleanPrefix(std::string_view table) const {
    return prefix + "clean/" + std::string(table) + "/";
  }
  // `part`: from 1.
  std::string CleanKey(std::string_view table, Date day, std::string_view archive_name, int part) const;
  std::string RejectedKey(std::string_view archive_name, int part) const;
  std::string ExtractMarkerKey(std::string_view archive_name) const;
  std::string MergedPrefix(std::string_view table) const {
    return prefix + "merged/" + std::string(table) + "/";
  }
  std::string MergedKey(std::string_view table, int year) const;
  std::string MergeMarkerKey(int year) const;
};

}  // namespace penstock::pipeline
