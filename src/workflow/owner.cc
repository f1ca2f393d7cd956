#include "workflow/owner.h"

#include <fmt/format.h>
#include <limits.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace penstock::workflow {
namespace {

constexpr std::chrono::seconds kHeartbeatLimit{60};

std::string ReadLine(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

// 0: no such process. Source: proc(5), /proc/[pid]/stat; the second field may hold spaces and parentheses.
int64_t StartTicks(int64_t pid) {
  const std::string line = ReadLine(fmt::format("/proc/{}/stat", pid));
  const size_t close = line.rfind(')');
  if (close == std::string::npos) return 0;
  std::istringstream fields(line.substr(close + 1));
  std::string field;
  char state = ' ';
  fields >> state;
  if (state == 'Z' || state == 'X') return 0;  // dead, not yet collected by its parent
  for (int i = 4; i <= 22; ++i) fields >> field;
  return fields ? std::strtoll(field.c_str(), nullptr, 10) : 0;
}

std::string BootId() { return ReadLine("/proc/sys/kernel/random/boot_id"); }

std::string PidNamespace() {
  char target[PATH_MAX];
  const ssize_t length = readlink("/proc/self/ns/pid", target, sizeof(target));
  return length > 0 ? std::string(target, static_cast<size_t>(length)) : std::string();
}

}  // namespace

Owner MakeOwner(Random& random, TimePoint now) {
  Owner owner;
  owner.pid = getpid();
  owner.start_ticks = StartTicks(owner.pid);
  owner.boot_id = BootId();
  owner.pid_namespace = PidNamespace();
  owner.heartbeat = now;
  owner.id = fmt::format("{}-{:x}-{:016x}", owner.pid, owner.start_ticks, random.Next());
  return owner;
}

bool IsAlive(const Owner& owner, TimePoint now) {
  if (owner.boot_id != BootId()) return false;
  if (owner.pid_namespace != PidNamespace()) return now - owner.heartbeat < kHeartbeatLimit;
  const int64_t ticks = StartTicks(owner.pid);
  return ticks != 0 && ticks == owner.start_ticks;
}

}  // namespace penstock::workflow
