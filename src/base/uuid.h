// Identifiers made by chance.
#pragma once

#include <string>

#include "base/random.h"

namespace penstock {

// RFC 9562, version 4: "550e8400-e29b-41d4-a716-446655440000".
std::string RandomUuid(Random& random);

}  // namespace penstock
