#include "source/ted/xml_document.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "base/utf8.h"

namespace penstock::source::ted {
namespace {

// Text of elements stands in the element's own node: half the nodes, most of the speed.
constexpr unsigned kParse = pugi::parse_escapes | pugi::parse_cdata | pugi::parse_embed_pcdata;

constexpr int64_t kNodeBytes = 64, kAttributeBytes = 40;  // pugixml on 64 bits

// The declared encoding in lower case; empty: none, or not to be read as ASCII.
std::string DeclaredEncoding(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  if (!bytes.starts_with("<?xml")) return "";
  const std::string_view declaration = bytes.substr(0, std::min(bytes.find("?>"), size_t{256}));
  const size_t at = declaration.find("encoding");
  if (at == declaration.npos) return "";
  const size_t open = declaration.find_first_of("'\"", at);
  if (open == declaration.npos) return "";
  const size_t close = declaration.find(declaration[open], open + 1);
  if (close == declaration.npos) return "";
  std::string name(declaration.substr(open + 1, close - open - 1));
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return name;
}

bool IsWide(std::string_view bytes) {  // UTF-16 or UTF-32, by its mark or by the zeros of '<'
  return bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF") ||
         (bytes.size() > 3 && (bytes[0] == 0 || bytes[1] == 0));
}

// Whether there is more than elements and text: a comment, CDATA, a processing instruction.
bool HasMarkup(std::string_view bytes) {
  if (bytes.starts_with("<?xml ")) bytes.remove_prefix(std::min(bytes.find("?>"), bytes.size()));
  for (const char mark : {'!', '?'}) {
    for (size_t at = bytes.find(mark); at != bytes.npos; at = bytes.find(mark, at + 1)) {
      if (at > 0 && bytes[at - 1] == '<') return true;
    }
  }
  return false;
}

// "xmlns" in the text, wherever it stands: at least as often as it declares something.
int64_t CountDeclarations(std::string_view bytes) {
  int64_t count = 0;
  for (size_t at = bytes.find("xmlns"); at != bytes.npos; at = bytes.find("xmlns", at + 5)) ++count;
  return count;
}

int64_t CountDeclarations(pugi::xml_node element) {
  int64_t count = 0;
  for (const pugi::xml_attribute attribute : element.attributes()) {
    count += std::string_view(attribute.name()).starts_with("xmlns") ? 1 : 0;
  }
  return count;
}

Status Malformed(std::string_view bytes, size_t at, std::string_view what) {
  const std::string_view before = bytes.substr(0, at);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  return MakeError(ErrorCode::kInvalidData, fmt::format("no well-formed XML at byte {} of {}, line {}: {}",
                                                        at, bytes.size(), line, what));
}

}  // namespace

Status XmlDocument::Parse(std::string_view bytes, const XmlLimits& limits) {
  root_ = {};
  document_.reset();
  if (bytes.empty()) return MakeError(ErrorCode::kInvalidData, "no well-formed XML: 0 bytes");
  if (static_cast<int64_t>(bytes.size()) > limits.max_bytes) {
    return MakeError(ErrorCode::kTooLarge,
                     fmt::format("the notice has {} bytes, more than {}", bytes.size(), limits.max_bytes));
  }
  const bool wide = IsWide(bytes);
  const std::string declared = wide ? "" : DeclaredEncoding(bytes);
  const bool latin1 = declared == "iso-8859-1" || declared == "latin1";
  if (!wide && !latin1 && !simdjson::validate_utf8(bytes.data(), bytes.size())) {
    size_t at = 0;
    while (at < bytes.size()) {
      const size_t length = Utf8Length(bytes.substr(at));
      if (length == 0) break;
      at += length;
    }
    const bool other =
        !declared.empty() && declared != "utf-8" && declared != "utf8" && declared != "us-ascii";
    return Malformed(
        bytes, at,
        other ? fmt::format("the encoding {} is not read (UTF-8, ISO-8859-1 and UTF-16 are)", declared)
              : "the bytes are no UTF-8");
  }
  // At worst an element in 4 bytes (<a/>, and text behind it) or an attribute in 5 ( a=""); counted only when
  // that would be too much.
  int64_t tree = static_cast<int64_t>(bytes.size()) * (2 * kNodeBytes / 4);
  if (tree > limits.max_tree_bytes) {
    tree = 2 * kNodeBytes * std::count(bytes.begin(), bytes.end(), '<') +
           kAttributeBytes * std::count(bytes.begin(), bytes.end(), '=');
  }
  if (tree > limits.max_tree_bytes) {
    return MakeError(ErrorCode::kTooLarge, fmt::format("the notice's tree may need {} bytes, more than {}",
                                                       tree, limits.max_tree_bytes));
  }
  if (!wide) {  // the parser stops at the root element's end
    const size_t behind = bytes.find_first_not_of(std::string_view(" \t\r\n\0", 5), bytes.rfind('>') + 1);
    if (behind != bytes.npos) return Malformed(bytes, behind, "there is something behind the root element");
  }
  buffer_.assign(bytes);
  const pugi::xml_encoding encoding = wide     ? pugi::encoding_auto
                                      : latin1 ? pugi::encoding_latin1
                                               : pugi::encoding_utf8;
  // Notices are indented: without nodes for that, half as many. Where something else may stand between two
  // tags, or bytes are converted, they are kept.
  const bool only_tags = !wide && !latin1 && !HasMarkup(bytes);
  const pugi::xml_parse_result result = document_.load_buffer_inplace(
      buffer_.data(), buffer_.size(), only_tags ? kParse : kParse | pugi::parse_ws_pcdata, encoding);
  if (!result) {
    return Malformed(
        bytes, std::min(bytes.size(), static_cast<size_t>(std::max<ptrdiff_t>(result.offset, 0))),
        result.status == pugi::status_no_document_element ? "there is no element" : result.description());
  }
  for (const pugi::xml_node child : document_.children()) {
    const bool element = child.type() == pugi::node_element;
    if (element && root_.empty()) {
      root_ = child;
      namespaces_at_root_ = !wide && CountDeclarations(bytes) == CountDeclarations(child);
    } else if (element || child.type() == pugi::node_pcdata) {
      if (!element && std::string_view(child.value()).find_first_not_of(" \t\r\n") == std::string_view::npos)
        continue;
      root_ = {};
      return MakeError(ErrorCode::kInvalidData,
                       "no well-formed XML: there is something behind the root element");
    }
  }
  return Status::OK();
}

}  // namespace penstock::source::ted
