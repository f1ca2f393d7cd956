// Paths of TED's site, and inputs of a transfer: what names a package names it again by its address, and what
// it is kept as is a plain file name.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/json.h"
#include "source/ted/packages.h"

namespace {

using namespace penstock;
using namespace penstock::source::ted;

void Check(const Package& package) {
  const std::string name = package.file_name();
  if (name.find_first_not_of("0123456789-.targz") != std::string::npos || !name.ends_with(".tar.gz"))
    std::abort();
  const std::string url = package.Url("https://h.example");
  const auto again = PackageOfPath(url.substr(std::string_view("https://h.example").size()));
  if (!again || again->year != package.year || again->issue != package.issue) std::abort();
  if (package.issue == 0 && again->month != package.month) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto package = PackageOfPath(text)) Check(*package);
  const auto input = ParseJson(text);
  if (!input.ok()) return 0;
  const auto packages = ParsePackages(*input);
  if (!packages.ok()) return 0;
  for (const auto& package : *packages) Check(package);
  return 0;
}
