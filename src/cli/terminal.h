// What a file descriptor can show.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::cli {

struct Terminal {
  bool interactive = false;  // a terminal that can redraw a line
  bool color = false;        // and colours are wanted (NO_COLOR is unset: https://no-color.org)
  int width = 100;           // columns
};

Terminal DescribeTerminal(int fd);

// ANSI SGR around `text` where the terminal shows it.
std::string Bold(const Terminal& terminal, std::string_view text);
std::string Red(const Terminal& terminal, std::string_view text);
std::string Green(const Terminal& terminal, std::string_view text);

// 1234567 as "1,234,567".
std::string Grouped(int64_t number);

}  // namespace penstock::cli
