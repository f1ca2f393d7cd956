// The command line: parses, runs the verb, prints a failure, gives the exit code.
#pragma once

#include <stop_token>

namespace penstock::cli {

// 0 done, 1 some work failed, 2 usage or configuration, 130 stopped by Ctrl-C.
int RunApp(int argc, char** argv, std::stop_token stop);

}  // namespace penstock::cli
