// Numbers as JSONata's $string and its operator & write them.
// Source: ECMA-262, Number::toString; docs.jsonata.org, $string (at most 15 significant digits).
#pragma once

#include <string>

namespace penstock::jsonata {

// 3, 0.000001, 1e-7, 1e+21. An integer is written exactly, any other number to 15 significant digits.
// Of what is no number of JSON: "NaN", "Infinity", "-Infinity".
std::string NumberText(double value);

}  // namespace penstock::jsonata
