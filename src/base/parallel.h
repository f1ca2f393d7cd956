// The same work over many items on a bounded number of threads.
#pragma once

#include <cstddef>
#include <functional>
#include <stop_token>

#include "base/status.h"

namespace penstock {

// Calls work(i) for each i in [0, count), on at most `threads` threads (the caller's is one of them; below 1
// counts as 1). The first failure stops what has not begun and is returned; Cancelled when `stop` was
// requested first.
Status ParallelFor(size_t count, int threads, const std::function<Status(size_t)>& work,
                   std::stop_token stop = {});

// The number of threads that this machine runs at once, at least 1.
int HardwareThreads();

}  // namespace penstock
