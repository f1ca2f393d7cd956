// Makes of the tree as parsed the one that is evaluated: paths become lists of steps with their stages, and
// each parent operator knows the step that binds it.
#pragma once

#include "base/status.h"
#include "jsonata/syntax.h"

namespace penstock::jsonata {

// S0201, S0207, S0209, S0210, S0213, S0215, S0216, S0217.
Result<Node*> Structure(Node* parsed, Syntax& syntax);

}  // namespace penstock::jsonata
