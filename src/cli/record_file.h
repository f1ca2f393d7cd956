// Records of a file or a pipe, in groups that a request can take.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "base/status.h"
#include "store/folder_paths.h"
#include "stream/record_lines.h"

namespace penstock::cli {

class RecordFile {
 public:
  // "-": standard input. Usage: it cannot be opened, or is a folder.
  static Result<RecordFile> Open(const std::string& path, stream::LineFormat format);

  // The records of whole lines, of some 4 MiB and 20,000 at most; less where a pipe has no more for now, so
  // that what is piped arrives as it comes. Of CSV, which is read whole, the next rows. Empty: the end.
  // InvalidData names the line in the file. TooLarge. Io. Cancelled.
  Result<stream::RecordGroup> Next(std::stop_token stop);

  // Where the records of the last group, or of the one that failed, begin: "line 20001".
  const std::string& place() const { return place_; }

 private:
  RecordFile(store::FileHandle file, std::string path, stream::LineFormat format)
      : file_(std::move(file)), path_(std::move(path)), format_(format) {}
  // Waits until there is more, and appends it to text_; at_end_ instead.
  Status Read(std::stop_token stop);
  Status ReadAll(std::stop_token stop);
  bool IsMoreThere() const;
  Result<stream::RecordGroup> NextLines(std::stop_token stop);

  store::FileHandle file_;
  std::string path_;
  stream::LineFormat format_;
  std::string place_;
  std::string text_;  // read, and not given yet
  bool at_end_ = false;
  size_t lines_ = 0;         // given
  stream::RecordGroup all_;  // of CSV
  size_t at_ = 0, offset_ = 0;
};

}  // namespace penstock::cli
