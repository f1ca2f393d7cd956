// IEX Cloud, or any server that speaks its API: /stock/{symbol}/chart/{range} and /stock/market/batch, as
// definitions.json names them (definitions.h). The endpoint is IEX_ENDPOINT unless the settings name one, the
// token is IEX_TOKEN; it goes out as the query parameter `token` and nowhere else.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "source/record_source.h"
#include "source/registry.h"

namespace penstock::source::iex {

extern const std::string_view kSampleConfiguration;

// Configuration, "source.endpoint: expected …": an unknown setting or an impossible value.
Status CheckIexSettings(const SourceSettings& settings);

// Without a client it reads only, and needs no environment. With one: Configuration names IEX_ENDPOINT and
// IEX_TOKEN where they are missing or malformed, both at once. On loopback no token is needed.
//
// Read: a chart is an array, a row a bar; an object of objects is a batch, with the columns symbol and type
// before what each type has; any other object is one row.
Result<std::unique_ptr<RecordSource>> MakeIexSource(const SourceSettings& settings, const SourceParts& parts);

}  // namespace penstock::source::iex
