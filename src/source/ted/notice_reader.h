// XML notices into rows of three tables, by a field map.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "source/ted/field_map.h"

namespace penstock::source::ted {

// Where a notice came from: the object, and the file in it. For columns and messages.
struct NoticeOrigin {
  std::string_view archive, entry;
};

struct NoticeTables {
  std::shared_ptr<arrow::Table> notices, lots, awards;  // columns of FieldMap::Schema, one chunk each
};

struct NoticeReaderOptions {
  int64_t max_notice_bytes = 32 << 20;
  int64_t max_tree_bytes = 160 << 20;  // of a notice's tree in memory, estimated before it is built
};

// For one thread. What it holds of a notice beyond its rows is bounded by the options.
class NoticeReader {
 public:
  // Configuration: the map has more paths than can be run.
  static Result<std::unique_ptr<NoticeReader>> Make(FieldMap map, NoticeReaderOptions options = {});
  virtual ~NoticeReader() = default;

  // Appends the rows of one notice: of XML in UTF-8, ISO-8859-1, UTF-16, without any look outside the bytes.
  // A notice that cannot be read leaves the tables as they were; the Status says what and where:
  // InvalidData (no well-formed XML, no family of the map, a required column is missing), TooLarge (a limit).
  // A value that stands there but is not of its column's type is null, and named by the column that the map
  // gives `unread`.
  virtual Status Add(std::string_view xml, const NoticeOrigin& origin) = 0;

  // What was added since the last Finish, which it takes.
  virtual Result<NoticeTables> Finish() = 0;

  // Of what Finish would give.
  virtual int64_t notices() const = 0;
  virtual int64_t lots() const = 0;
  virtual int64_t awards() const = 0;
  // About how much memory it takes.
  virtual int64_t bytes() const = 0;

  virtual const FieldMap& map() const = 0;
};

}  // namespace penstock::source::ted
