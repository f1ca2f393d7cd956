#include "pipeline/tenders/tender_tables.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <cctype>

#include "base/sha256.h"

namespace penstock::pipeline {
namespace {

std::string FileOf(std::string_view archive_name, int part) {
  return part == 1 ? fmt::format("{}.parquet", archive_name)
                   : fmt::format("{}.{}.parquet", archive_name, part);
}

}  // namespace

std::string TenderLayout::ArchiveName(std::string_view key) {
  std::string_view name = key.substr(key.rfind('/') + 1);
  for (const std::string_view extension : {".gz", ".tgz", ".tar", ".zip", ".7z", ".xml"}) {
    if (name.size() > extension.size() && name.ends_with(extension)) name.remove_suffix(extension.size());
  }
  std::string plain;
  for (const char c : name) {
    const bool stays = std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
    plain += stays ? c : '_';
  }
  return fmt::format("{}-{}", plain.substr(0, 100), Sha256Hex(key).substr(0, 8));
}

std::string TenderLayout::CleanKey(std::string_view table, Date day, std::string_view archive_name,
                                   int part) const {
  return fmt::format("{}dt={}/{}", CleanPrefix(table), FormatDate(day), FileOf(archive_name, part));
}

std::string TenderLayout::RejectedKey(std::string_view archive_name, int part) const {
  return fmt::format("{}rejected/notices/{}", prefix, FileOf(archive_name, part));
}

std::string TenderLayout::ExtractMarkerKey(std::string_view archive_name) const {
  return fmt::format("{}markers/extract/{}.json", prefix, archive_name);
}

std::string TenderLayout::MergedKey(std::string_view table, int year) const {
  return fmt::format("{}year={}/{}.parquet", MergedPrefix(table), year, table);
}

std::string TenderLayout::MergeMarkerKey(int year) const {
  return fmt::format("{}markers/merge/year={}.json", prefix, year);
}

Status CheckTenderSchemas(const TenderSchemas& schemas) {
  for (size_t which = 0; which < schemas.size(); ++which) {
    for (const char* column : {kNoticeIdColumn, kVersionColumn, kPublishedColumn, kPlaceColumns[which]}) {
      if (column == nullptr) continue;
      const auto field = schemas[which]->GetFieldByName(column);
      std::string_view fault;
      if (field == nullptr) {
        fault = "is missing";
      } else if (column == kNoticeIdColumn && field->type()->id() != arrow::Type::STRING) {
        fault = "is not of type string";
      } else if (column == kPublishedColumn && field->type()->id() != arrow::Type::DATE32) {
        fault = "is not of type date";
      } else if (column == kPlaceColumns[which] && field->type()->id() != arrow::Type::INT64) {
        fault = "is not of type int64";
      } else if (which == 0 && column == kNoticeIdColumn && field->nullable()) {
        fault = "is not required";
      }
      if (fault.empty()) continue;
      return MakeError(
          ErrorCode::kConfiguration,
          fmt::format("the field map: in the table {} the column {} {}", kTenderTables[which], column, fault),
          "fields.yaml: the tables are sorted, merged and kept apart by these columns");
    }
  }
  return Status::OK();
}

}  // namespace penstock::pipeline
