// A definitions.json of any bytes: each key is either taken, and can then be asked for, or wrong with a
// reason.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/url.h"
#include "source/iex/definitions.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock::source;
  const auto definitions = iex::ParseDefinitions({reinterpret_cast<const char*>(data), size});
  if (!definitions.ok()) return 0;
  for (const auto& wrong : definitions->wrong) {
    if (wrong.why.empty() || wrong.line < 1) std::abort();
  }
  for (const RecordSeries& series : definitions->series) {
    if (!CheckSeriesKey(series.key).ok() || !iex::FaultsOf(series.query).empty()) std::abort();
    const auto request = iex::RequestOf(series.query);
    const auto url =
        penstock::net::ParseUrl(penstock::net::WithQuery("https://h.example" + request.path, request.query));
    if (!url.ok() || url->path != request.path || request.path.find("/../") != std::string::npos)
      std::abort();
  }
  return 0;
}
