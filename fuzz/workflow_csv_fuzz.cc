// CSV as the items of a distributed Map. The first byte is the delimiter, or chooses one.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "base/json_text.h"
#include "workflow/item_reader.h"
#include "workflow/task.h"

namespace json = penstock::json;
namespace workflow = penstock::workflow;

namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

// Every cell quoted, as RFC 4180 has it.
std::string Written(const json::array& items) {
  std::string out;
  const auto cell = [&](std::string_view text, bool first) {
    if (!first) out += ',';
    out += '"';
    for (const char c : text) out.append(c == '"' ? 2 : 1, c);
    out += '"';
  };
  bool first = true;
  for (const auto& member : items.at(0).get_object()) cell(member.key(), std::exchange(first, false));
  for (const auto& item : items) {
    out += "\r\n";
    first = true;
    for (const auto& member : item.get_object()) {
      cell(std::string_view(member.value().get_string()), std::exchange(first, false));
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  constexpr std::string_view kDelimiters = ",;\t| ";
  const char first = static_cast<char>(data[0]);
  const char delimiter = kDelimiters.find(first) != std::string_view::npos ? first : kDelimiters[data[0] % 5];
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto items = workflow::ReadCsvItems(text, {}, delimiter, 1'000);
  if (!items.ok()) {
    Check(workflow::IsTaskError(items.status()));
    return 0;
  }
  // Every row has the same keys, and every value is a text.
  for (const auto& item : *items) {
    Check(item.get_object().size() == items->at(0).get_object().size());
    for (const auto& member : item.get_object()) Check(member.value().is_string());
  }
  // A limit takes the first ones.
  const auto some = workflow::ReadCsvItems(text, {}, delimiter, 1);
  Check(some.ok() && some->size() == std::min<size_t>(items->size(), 1));
  if (!items->empty()) {
    // What was read is read again from what it is written as.
    const auto again = workflow::ReadCsvItems(Written(*items), {}, ',', 1'000);
    Check(again.ok() && penstock::JsonEquals(*again, *items));
    // With headers given, the header row is a row.
    const auto given = workflow::ReadCsvItems(text, {"a"}, delimiter, 1'001);
    Check(given.ok() && given->size() >= items->size());
  }
  return 0;
}
