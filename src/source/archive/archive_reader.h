// The files within an archive, one after the other, without unpacking anything to disk: tar, zip, 7z, gzip,
// plain files, and each of these in each other. Source of the formats: RFC 1952; POSIX.1-2017, pax; PKWARE's
// APPNOTE; 7-Zip's 7zFormat.txt, as libarchive reads them.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/status.h"
#include "source/archive/byte_source.h"

namespace penstock::source {

// What an archive may be at the most. One that is more is refused, with what it holds beyond that.
struct ArchiveLimits {
  int64_t max_entry_bytes = 64 << 20;   // of one file that is handed out; also what is held of it
  int64_t max_entries = 1'000'000;      // files, folders and archives of all layers together
  int64_t max_total_bytes = 1LL << 40;  // uncompressed, of all layers together
  int max_layers = 8;                   // a tar.gz within a tar.gz is four
  int64_t max_ratio = 500;              // uncompressed to compressed, of any one layer,
  int64_t ratio_from_bytes = 64 << 20;  // once so much came out of it
  // zip and 7z have their directory at the end. One that is an object of the store is read by seeking; one
  // within another archive is held in memory up to this size. Above it a zip is read by the headers before
  // its files, which most have, and a 7z is refused.
  int64_t max_held_bytes = 48 << 20;
};

// What was not handed out.
struct RefusedEntry {
  std::string name;    // in full: "2018-03.tar.gz!03/20180301_2018042.tar.gz!20180301_042/091935_2018.xml"
  std::string reason;  // for a person; says so where what follows it in its archive is lost as well
};

struct ArchiveCounts {
  int64_t files = 0;    // handed out
  int64_t refused = 0;  // calls of on_refused
  int64_t bytes = 0;    // of the files handed out
};

struct ArchiveVisitor {
  // One file, whole; `bytes` are valid during the call. A failure ends the reading and is its answer.
  std::function<Status(const std::string& name, std::string_view bytes)> on_file;
  // The same with what was refused: an empty file, a name that leads out or is there twice, a link, a device,
  // an encrypted or damaged file, an archive cut short, too much of anything. The rest goes on, where the
  // format allows.
  std::function<Status(const RefusedEntry& entry)> on_refused;
};

// Reads `bytes`, called `name` in messages, by its contents: names say nothing about formats. Memory: three
// pieces of the source, 0.5 MiB a layer, one file, 40 bytes a name; 7z as much as its dictionary besides (32
// MiB at the most: SevenZipLimits). Fails with what the source and the visitor fail with, and Cancelled;
// everything wrong with the archive itself is told to on_refused.
Result<ArchiveCounts> ReadArchive(ByteSource& bytes, const std::string& name, const ArchiveLimits& limits,
                                  const ArchiveVisitor& visitor, std::stop_token stop = {});

}  // namespace penstock::source
