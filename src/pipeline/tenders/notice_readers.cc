#include "pipeline/tenders/notice_readers.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::pipeline {
namespace {

// Raised when the same map and the same XML give other rows, so that what was extracted is extracted again.
constexpr int kReaderVersion = 1;

}  // namespace

Result<NoticeReaders> ReadersOf(const Pipeline& pipeline) {
  ASSIGN_OR_RETURN(source::ted::FieldMap read, source::ted::ReadFieldMap(pipeline.folder + "/fields.yaml"));
  const auto map = std::make_shared<const source::ted::FieldMap>(std::move(read));
  NoticeReaders readers;
  readers.make = [map] { return source::ted::NoticeReader::Make(*map); };
  for (size_t which = 0; which < readers.schemas.size(); ++which)
    readers.schemas[which] = map->Schema(static_cast<int>(which));
  readers.version = fmt::format("{} {}", kReaderVersion, map->sha256);
  RETURN_IF_ERROR(CheckTenderSchemas(readers.schemas));
  return readers;
}

}  // namespace penstock::pipeline
