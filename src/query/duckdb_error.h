// DuckDB's errors as ours: classified here, once.
#pragma once

#include <string_view>

#include "base/status.h"

namespace penstock::query {

// `text` is what DuckDB says ("Binder Error: …\n\nLINE 1: …"); its class is read from the prefix, because a
// failed prepare gives no other. Syntax, names, types and values: Usage. A damaged file of the lake: Corrupt.
// INTERRUPT: Cancelled (the engine knows when it was its own time limit). Memory and spill space:
// ResourceExhausted.
Status FromDuckDbError(std::string_view text);

}  // namespace penstock::query
