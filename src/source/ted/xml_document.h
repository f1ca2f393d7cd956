// One XML document of outside bytes as a tree, parsed in place. Nothing outside the bytes is ever looked at:
// a DOCTYPE is skipped with what it declares, an entity but XML's five and character references stays as
// written. White space that stands alone between two tags may be no node; then it still stands in the text
// before a node's name (TextOf looks there).
#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "base/status.h"

namespace penstock::source::ted {

struct XmlLimits {
  int64_t max_bytes = 32 << 20;        // of the document
  int64_t max_tree_bytes = 160 << 20;  // of its tree, estimated from above before it is built
};

class XmlDocument {
 public:
  // UTF-8 (also with a byte order mark), ISO-8859-1 as declared, UTF-16 and UTF-32. What was there before is
  // gone. InvalidData: not well-formed, cut short, bytes that are not of the declared encoding, an encoding
  // not read; each with the byte. TooLarge: a limit.
  Status Parse(std::string_view bytes, const XmlLimits& limits);

  // The one element at the top.
  pugi::xml_node root() const { return root_; }
  // No element but the root declares a namespace; false: one may.
  bool namespaces_at_root() const { return namespaces_at_root_; }

 private:
  std::string buffer_;
  pugi::xml_document document_;
  pugi::xml_node root_;
  bool namespaces_at_root_ = false;
};

}  // namespace penstock::source::ted
