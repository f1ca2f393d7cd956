// libarchive over a ByteSource. For archive_reader.cc only.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "source/archive/byte_source.h"

namespace penstock::source {

enum class ArchiveFormat { kNone, kGzip, kTar, kZip, kSevenZip };

// How many bytes of a file FormatOf has to see.
inline constexpr size_t kFormatBytes = 512;
// By its first bytes; kNone: a plain file.
ArchiveFormat FormatOf(std::string_view head);

// One archive that is being read.
class LibarchiveHandle {
 public:
  // kTar, kZip or kSevenZip. `bytes` outlives it. InvalidData: not this format.
  static Result<std::unique_ptr<LibarchiveHandle>> Open(ByteSource& bytes, ArchiveFormat format);
  ~LibarchiveHandle();

  // nullptr at the end. InvalidData: damaged. As the source. Behind a failure nothing more can be read.
  Result<archive_entry*> Next();
  // The next bytes of the entry, where they lie; valid until the next call, empty at the end. Holes of a
  // sparse file are zeros. InvalidData; as the source.
  Result<std::string_view> Read();
  // Whether nothing more can be read, also no other entry.
  bool is_lost() const { return lost_; }

  // Whether the entry is one of a zip that is packed by what keeps as much of what came out as the archive
  // says (LZMA, xz, PPMd, zstd): of one file that is bounded by the file's size.
  bool has_dictionary() const;

  // What was taken from the source so far, without what was read twice.
  int64_t bytes_in() const;

 private:
  // libarchive turns names into the locale's text: UTF-8, whatever the process has, while it is at work.
  class Locale;
  explicit LibarchiveHandle(ByteSource& bytes) : bytes_(bytes) {}
  Status Failure(std::string_view otherwise) const;
  static la_ssize_t OnRead(archive*, void* self, const void** piece);
  static la_int64_t OnSeek(archive*, void* self, la_int64_t offset, int whence);

  ByteSource& bytes_;
  archive* archive_ = nullptr;
  Status source_failure_;
  bool lost_ = false;
  std::string_view block_;  // of the entry, not given out yet
  int64_t block_at_ = 0;    // where in the entry it stands: behind a hole, when that is more than
  int64_t given_ = 0;       // what was given out
  int64_t at_ = 0;          // of the source
  int64_t taken_ = 0;
};

}  // namespace penstock::source
