// What is read of a tender notice, as data: pipelines/ted/fields.yaml, described in docs/ted-fields.md.
#pragma once

#include <arrow/type_fwd.h>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "source/ted/field_path.h"

namespace penstock::source::ted {

enum class FieldType { kString, kInt64, kDouble, kBool, kDate, kTime };  // kTime: text, HH:MM[:SS][zone]
enum class FieldTake { kFirst, kLast, kAll, kDistinct, kCount, kSum, kAny };
// What no path reaches: of the origin, the family's name, the row's place in its notice (from 1), how many
// rows the notice has in the other tables, and what stands in the notice but could not be read as its type.
enum class FieldGiven { kNone, kArchive, kEntry, kFamily, kRow, kLots, kAwards, kUnread };

// How a family fills a column.
struct FieldSource {
  std::vector<FieldPath> paths;  // the first that reaches something counts
  std::optional<std::string> constant;
  std::string codes;   // instead of the column's
  std::string prefix;  // in front of the value
  char trim = 0;       // this character is removed from the value's front
};

struct FieldColumn {
  std::string name, about;
  FieldType type = FieldType::kString;
  FieldTake take = FieldTake::kFirst;
  FieldGiven given = FieldGiven::kNone;
  bool required = false;        // a notice without it is refused
  std::string separator;        // of kAll and kDistinct
  std::string codes;            // a list of `codes`: what each value becomes; others stay
  bool notice_number = false;   // 2018/S 106-241021 becomes 241021-2018
  std::vector<FieldSource> of;  // by family
  int line = 0;                 // of the file
};

struct FieldTable {
  std::string name;
  std::vector<FieldColumn> columns;
  std::vector<int> copied;  // columns of `notices` that stand in front of these
};

// Elements that others name by a key.
struct FieldReference {
  std::string name;
  std::vector<FieldPath> elements;  // from the root element; the first that reaches something counts
  FieldPath key;                    // from such an element; each value is a key
  std::map<std::string, std::vector<FieldPath>, std::less<>> fields;
};

// Which elements are rows of a table.
struct FieldRows {
  std::vector<FieldPath> elements;  // from the root element; the first that reaches something counts
  // A row for each element of a reference that this reaches from the row's element; none reached: one row.
  std::optional<FieldPath> each;
  std::optional<FieldPath> each_with;  // those from which this reaches something, when there are any
};

struct FieldFamily {
  struct Space {
    std::string prefix;
    std::vector<std::string> uris;  // '*' stands for any text
  };
  struct Variable {
    std::string name;
    FieldPath path;  // child steps from the root element; the first value
  };
  std::string name;
  std::vector<XmlName> roots;
  std::vector<Space> spaces;
  std::vector<Variable> variables;
  std::vector<std::string> paragraphs;  // local names of elements after whose text a space belongs
  std::vector<FieldReference> references;
  FieldRows lots, awards;
};

inline constexpr int kNotices = 0, kLots = 1, kAwards = 2;

struct FieldMap {
  std::array<FieldTable, 3> tables;  // notices, lots, awards
  std::vector<FieldFamily> families;
  std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>> codes;
  std::string sha256;  // of the text it was read from: another map, other rows

  // utf8, int64, double, boolean, date32; a time is utf8. What is not `required` may be null.
  std::shared_ptr<arrow::Schema> Schema(int table) const;
};

// Configuration names every fault as file:line:column.
Result<FieldMap> ParseFieldMap(std::string_view text, std::string_view file);
// The same of a file. Configuration: it cannot be read.
Result<FieldMap> ReadFieldMap(const std::string& file);

}  // namespace penstock::source::ted
