// A field of a record that is a JSON object, by a path: name, address.city, .lines[0]["unit price"].
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/status.h"
#include "stream/jq_path.h"

namespace penstock::stream {

class RecordField {
 public:
  // The paths of partitioning keys (jq_path.h), the first dot left out if one likes. InvalidData: none.
  static Result<RecordField> Parse(std::string_view text);

  // Null where the record has no such field.
  const json::value* Find(const json::value& record) const;
  json::value* Find(json::value& record) const;
  // False where the record had no such field. A place in a list is not removed, but set to null.
  bool Remove(json::value& record) const;

  const std::string& text() const { return text_; }
  // Of the field itself, without where it stands; empty for a place in a list.
  std::string name() const;

 private:
  std::string text_;
  JqPath path_;
};

}  // namespace penstock::stream
