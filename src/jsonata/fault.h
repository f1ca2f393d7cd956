// What failed, in the terms of JSONata's own error list, and how it travels in a Status.
// Source: docs.jsonata.org; the codes are those of JSONata's test suite.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/status.h"

namespace penstock::jsonata {

struct Fault {
  std::string code;      // "T2001"; of $error: "D3137"
  std::string message;   // as JSONata words it, with its values filled in
  std::string token;     // what the message is about; may be empty
  int64_t position = 0;  // in the expression's text, behind the token, from 1 (in characters); 0: none
};

// InvalidData that carries the fault. A fault without a position gets that of the call that it came from.
Status MakeFault(Fault fault);
Status MakeFault(std::string code, std::string message, std::string token = "", int64_t position = 0);

// The fault behind a failed Status of this module; nothing for another.
std::optional<Fault> FaultOf(const Status& status);

// The same failure with what it lacks: a token, a position.
Status AtToken(const Status& status, const std::string& token, int64_t position);

}  // namespace penstock::jsonata
