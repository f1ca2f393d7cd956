#include "pipeline/prefix.h"

#include <string>

namespace penstock::pipeline {

bool IsPrefix(std::string_view text) {
  const std::string segments = "/" + std::string(text);
  return text.empty() ||
         (text.ends_with('/') && segments.find("//") == std::string::npos &&
          segments.find("/./") == std::string::npos && segments.find("/../") == std::string::npos);
}

}  // namespace penstock::pipeline
