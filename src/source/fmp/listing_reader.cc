#include "source/fmp/listing_reader.h"

#include <fmt/format.h>

#include "source/json_reader_internal.h"
#include "source/opened_body.h"

namespace penstock::source::fmp {
namespace {

class SymbolListReader : private JsonReader {
 public:
  Status Read(std::string_view bytes, std::string_view raw_key, std::unordered_set<std::string>* symbols) {
    Document document;
    simdjson::ondemand::array rows;
    const bool good = Open(bytes, &document) && Json(document.get_array().get(rows)) &&
                      EachElement(rows,
                                  [&](Value row) {
                                    std::string symbol;
                                    const bool read = EachMember(row, [&](std::string_view key, Value value) {
                                      return key != "symbol" || ReadText(value, &symbol);
                                    });
                                    if (read && !symbol.empty()) symbols->insert(std::move(symbol));
                                    return read;
                                  }) &&
                      Close(document);
    if (good) return Status::OK();
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("broken list of symbols: {} in {}", what(), raw_key));
  }
};

}  // namespace

Result<std::unordered_set<std::string>> ReadSymbolList(std::string_view bytes, std::string_view raw_key) {
  std::string inflated;
  ASSIGN_OR_RETURN(bytes, OpenBody(bytes, raw_key, &inflated));
  std::unordered_set<std::string> symbols;
  RETURN_IF_ERROR(SymbolListReader().Read(bytes, raw_key, &symbols));
  return symbols;
}

}  // namespace penstock::source::fmp
