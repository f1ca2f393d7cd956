// Names of the entries of archives. Nothing is ever written to disk by such a name; what is odd about one is
// refused all the same, for a name is kept beside each notice and ends up in messages, tables and other
// people's tools.
#pragma once

#include <string>
#include <string_view>

namespace penstock::source {

// "03/20180301_2018042.tar.gz" within "2018-03.tar.gz" is "2018-03.tar.gz!03/20180301_2018042.tar.gz".
inline constexpr char kArchiveSeparator = '!';

// Why an entry of this name is refused; empty: it is not. A name is relative ("./" in front is fine), UTF-8
// without control characters, at most 1024 bytes, and no segment of it is ".." ('\' separates as well as
// '/').
std::string_view FaultOfEntryName(std::string_view name);

// The name without "./" in front.
std::string_view PlainEntryName(std::string_view name);

// Fit for a message, whatever the bytes: control characters and what is not UTF-8 replaced, at most 300
// bytes.
std::string ShownEntryName(std::string_view name);

}  // namespace penstock::source
