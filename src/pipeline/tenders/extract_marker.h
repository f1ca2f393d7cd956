// That an archive was extracted, and what came of it: one object an archive (tender_tables.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "pipeline/tenders/tender_tables.h"
#include "store/object_store.h"

namespace penstock::pipeline {

struct ExtractMarker {
  std::string archive;  // key
  std::string etag;     // of these bytes, as the store has it
  std::string sha256;   // of them; empty: not known
  int64_t bytes = 0;
  std::string reader;  // NoticeReaders::version
  int64_t notices = 0, lots = 0, awards = 0;
  int64_t refused = 0;               // entries and notices
  int64_t passed_over = 0;           // files that are no XML
  std::vector<std::string> outputs;  // keys of the clean and rejected files, ascending

  // Of the days of the clean files, ascending.
  std::vector<int> Years() const;

  friend bool operator==(const ExtractMarker&, const ExtractMarker&) = default;
};

std::string WriteExtractMarker(const ExtractMarker& marker);
// InvalidData: not a marker.
Result<ExtractMarker> ParseExtractMarker(std::string_view text);
// Nothing when there is none. Corrupt names it.
Result<std::optional<ExtractMarker>> ReadExtractMarker(store::ObjectStore& store, const std::string& key);

}  // namespace penstock::pipeline
