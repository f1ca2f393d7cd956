// From an archive of notices to the rows of three tables (TED-2).
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"
#include "pipeline/tenders/extract_marker.h"
#include "pipeline/tenders/notice_readers.h"
#include "source/archive/archive_reader.h"

namespace penstock::pipeline {

// The step that a dead letter of a refused entry names; its input has "archives" and "entry", or "refused":
// true.
inline constexpr std::string_view kExtractStep = "start_extract_job";

struct ExtractOptions {
  std::string
      sha256;  // of the archive, where it is known: bytes that were extracted before are known again by it
  bool again = false;  // also what the marker says is done
  std::string execution;
  source::ArchiveLimits limits;
  std::stop_token stop;
};

struct Extraction {
  ExtractMarker marker;
  bool already_done = false;  // nothing was done: the marker says so of these bytes and this reader
};

// Streams the raw object `archive` to clean files by day, and its marker last. Each file of the archive that
// holds XML is a notice; what is no notice or was refused by the archive reader is kept whole in rejected/
// and told to the dead-letter queue by its full name (a hundred of them; one letter more speaks of the rest).
// Doing it again gives the same objects, and removes those that came of other bytes or by another field map.
// Progress counts notices. Memory: below 200 MiB, whatever the archive's size. NotFound: no such archive.
// InvalidData: there is no notice in it at all, and nothing that was refused either. As the store, the queue,
// the readers. Fault points: tenders.extract.before_marker, tenders.extract.after_marker.
Result<Extraction> ExtractArchive(const Pipeline& pipeline, const Runtime& runtime,
                                  const NoticeReaders& readers, const std::string& archive,
                                  const ExtractOptions& options);

// Why this entry was refused, as rejected/ says; nothing: it was not. Corrupt.
Result<std::optional<std::string>> ReasonOfRefusal(store::ObjectStore& store, const ExtractMarker& marker,
                                                   std::string_view entry);

}  // namespace penstock::pipeline
