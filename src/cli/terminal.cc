#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace penstock::cli {
namespace {

std::string Styled(const Terminal& terminal, std::string_view code, std::string_view text) {
  if (!terminal.color) return std::string(text);
  return "\033[" + std::string(code) + "m" + std::string(text) + "\033[0m";
}

}  // namespace

Terminal DescribeTerminal(int fd) {
  Terminal terminal;
  const char* kind = std::getenv("TERM");
  terminal.interactive = ::isatty(fd) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
  const char* no_color = std::getenv("NO_COLOR");
  terminal.color = terminal.interactive && (no_color == nullptr || *no_color == '\0');
  winsize size{};
  if (terminal.interactive && ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    terminal.width = size.ws_col;
  return terminal;
}

std::string Bold(const Terminal& terminal, std::string_view text) { return Styled(terminal, "1", text); }
std::string Red(const Terminal& terminal, std::string_view text) { return Styled(terminal, "31", text); }
std::string Green(const Terminal& terminal, std::string_view text) { return Styled(terminal, "32", text); }

std::string Grouped(int64_t number) {
  std::string digits = std::to_string(number);
  const size_t first = digits.front() == '-' ? 1 : 0;
  for (size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

}  // namespace penstock::cli
