// Whether libcurl could be loaded; its functions are called by their own names (curl_on_demand.cc).
#pragma once

#include <string>

namespace penstock::net {

// Why curl_global_init failed to load the library; empty when it was loaded.
const std::string& CurlLibraryError();

}  // namespace penstock::net
