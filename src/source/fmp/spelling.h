// How Financial Modeling Prep spells symbols.
#pragma once

#include <string>
#include <string_view>

namespace penstock::source::fmp {

// US symbol files follow the exchanges, FMP follows none of them: share classes stand behind a hyphen (BRK.B
// and RDS/A are BRK-B and RDS-A; BF-B stays), preferred shares behind -P (ABR$D is ABR-PD), warrants, units
// and rights behind -WT, -UN and -RI (ACHR.W, GIG.U, AAC.R). An exchange in front goes (NYSE:LMT is LMT); one
// behind stays (OCDO.L), as do indices (^GSPC).
std::string FmpSpelling(std::string_view symbol);

// Whether both name the same share: without case, in FMP's spelling.
bool SameSymbol(std::string_view a, std::string_view b);

}  // namespace penstock::source::fmp
