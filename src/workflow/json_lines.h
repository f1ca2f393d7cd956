// Where the values of a JSON text stand.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace penstock::workflow {

struct JsonPlace {
  int line = 1;
  int column = 1;  // in bytes
};

struct JsonLines {
  // JSON pointer → place of the member's key or the array's element. Of a valid JSON text.
  std::unordered_map<std::string, JsonPlace> place_of;
  // Members whose key stood in their object before, each at its own place.
  std::vector<std::pair<std::string, JsonPlace>> duplicates;

  // The place of the value at `pointer`, or of the nearest value around it.
  JsonPlace Find(std::string pointer) const;
};

JsonLines ScanJsonLines(std::string_view text);

}  // namespace penstock::workflow
