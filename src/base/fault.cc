#include "base/fault.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <map>
#include <mutex>

namespace penstock {
namespace fault_internal {

std::atomic<bool> armed{false};

namespace {
struct Fault {
  bool kill = false;
  int passage = 1;
  int seen = 0;
};
std::mutex mutex;
std::map<std::string, Fault, std::less<>> faults;
}  // namespace

Status Pass(std::string_view point) {
  std::lock_guard lock(mutex);
  const auto it = faults.find(point);
  if (it == faults.end() || ++it->second.seen != it->second.passage) return Status::OK();
  if (it->second.kill) ::kill(::getpid(), SIGKILL);
  return MakeError(ErrorCode::kIo, fmt::format("injected fault at {}", point));
}

}  // namespace fault_internal

Status ArmFaults(std::string_view text) {
  std::lock_guard lock(fault_internal::mutex);
  auto& faults = fault_internal::faults;
  faults.clear();
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto item = text.substr(0, comma);
    text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
    const auto equals = item.find('=');
    auto action = equals == std::string_view::npos ? std::string_view() : item.substr(equals + 1);
    fault_internal::Fault fault;
    if (const auto at = action.find('@'); at != std::string_view::npos) {
      const auto number = action.substr(at + 1);
      const auto read = std::from_chars(number.data(), number.data() + number.size(), fault.passage);
      const bool valid =
          read.ec == std::errc() && read.ptr == number.data() + number.size() && fault.passage >= 1;
      action = valid ? action.substr(0, at) : "";
    }
    fault.kill = action == "kill";
    if ((!fault.kill && action != "error") || equals == 0) {
      faults.clear();
      fault_internal::armed = false;
      return MakeError(ErrorCode::kUsage,
                       fmt::format("PENSTOCK_FAULT: expected POINT=kill|error[@N], got {}", item));
    }
    faults[std::string(item.substr(0, equals))] = fault;
  }
  fault_internal::armed = !faults.empty();
  return Status::OK();
}

Status ArmFaultsFromEnvironment() {
  const char* text = std::getenv("PENSTOCK_FAULT");
  return text == nullptr ? Status::OK() : ArmFaults(text);
}

}  // namespace penstock
