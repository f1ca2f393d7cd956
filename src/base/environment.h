// The variables of the environment as a parameter: tests pass their own.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

// The value of a variable; nothing when it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

// Of this process.
std::optional<std::string> ProcessEnvironment(std::string_view name);

}  // namespace penstock
