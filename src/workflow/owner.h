// Which process runs an execution, and whether it still lives.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/random.h"

namespace penstock::workflow {

struct Owner {
  std::string id;  // random: one for each run of an execution
  int64_t pid = 0;
  int64_t start_ticks = 0;    // field 22 of /proc/PID/stat: tells a reused pid
  std::string boot_id;        // /proc/sys/kernel/random/boot_id
  std::string pid_namespace;  // of containers; a pid of another one says nothing here
  TimePoint heartbeat{};      // last sign of life
};

// This process, with a new id.
Owner MakeOwner(Random& random, TimePoint now);

// False when the process surely is gone: another boot, no such pid, or the pid is another process's. In
// another pid namespace only the heartbeat counts: it lives while that is younger than a minute.
bool IsAlive(const Owner& owner, TimePoint now);

}  // namespace penstock::workflow
