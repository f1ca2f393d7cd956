// Families of functions that are still to come.
#include "jsonata/builtins.h"

namespace penstock::jsonata {
#define PENDING(name) \
  std::span<const BuiltinRow> name() { return {}; }
PENDING(StringFunctions)
PENDING(MatchFunctions)
PENDING(EncodingFunctions)
PENDING(NumberFunctions)
PENDING(ArrayFunctions)
PENDING(ObjectFunctions)
PENDING(HigherOrderFunctions)
PENDING(ControlFunctions)
PENDING(TimeFunctions)
PENDING(StepFunctions)
}  // namespace penstock::jsonata
