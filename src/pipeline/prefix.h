// Where a pipeline lies in its bucket, as text.
#pragma once

#include <string_view>

namespace penstock::pipeline {

// Names that each end with '/', none of them empty, . or ..; or nothing.
bool IsPrefix(std::string_view text);

}  // namespace penstock::pipeline
