// Where the values of a JSON text stand.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace penstock::workflow {

struct JsonLines {
  // JSON pointer → line, from 1, of the member's key or the array's element. Of a valid JSON text.
  std::unordered_map<std::string, int> line_of;
  // Pointers of members whose key stands twice in their object.
  std::vector<std::string> duplicates;

  // The line of the value at `pointer`, or of the nearest value around it.
  int Find(std::string pointer) const;
};

JsonLines ScanJsonLines(std::string_view text);

}  // namespace penstock::workflow
