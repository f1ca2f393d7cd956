// The wording of JSONata's errors. Source: the error list of jsonata-js 2.0 (MIT).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace penstock::jsonata {

// What a text has places for; `value` and `value2` as JSON.
struct FaultParts {
  std::string token;
  int64_t position = 0;
  std::string value;
  std::string value2;
  std::string type;
  int64_t index = 0;
};

// The token may still come from the call that fails: its place is filled by FinishFault.
Status Failure(std::string_view code, FaultParts parts = {});

// The same failure with the token written into its text. What Expression answers.
Status FinishFault(const Status& status);

}  // namespace penstock::jsonata
